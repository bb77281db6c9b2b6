//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pfptrace/pfptrace/query/capture"
	"github.com/pfptrace/pfptrace/query/otlp"
	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
)

// Whoever stops a recording finds whole in the file what had been read by then.
func TestAnInterruptedRecordingIsWhole(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		to := filepath.Join(t.TempDir(), "a.zst")
		reader, writer := io.Pipe()
		go func() {
			_ = otlptest.WriteLengthDelimited(writer, otlptest.Workload(10_000, 1))
			for _, err := os.Stat(to); err != nil; _, err = os.Stat(to) {
				time.Sleep(time.Millisecond) // until it has begun
			}
			_ = syscall.Kill(os.Getpid(), signal)
		}()
		var stdout, stderr bytes.Buffer
		if status := run([]string{"record", "--from", "-", "-o", to}, reader, &stdout, &stderr, nil); status != statusInterrupted || stderr.Len() > 0 {
			t.Errorf("%v: status %d: %s", signal, status, stderr.String())
		}
		writer.Close()
		text := string(output(t, "top", "--from", to, "-o", "ndjson"))
		if !strings.Contains(text, `"profiles":["pfptrace"]`) || strings.Contains(text, to) {
			t.Errorf("%v: the capture is damaged or empty: %s", signal, text)
		}
	}
}

// A recording can be followed while it is written; who stops following has all
// that was there, and that is no failure.
func TestAFollowedRecording(t *testing.T) {
	folder := t.TempDir()
	from, to := filepath.Join(folder, "from.zst"), filepath.Join(folder, "to.zst")
	messages := otlptest.Workload(10_000, 1)
	w, err := capture.Create(from, capture.Options{FlushEvery: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for _, message := range messages {
			_ = w.Write(otlp.Traces, message) // Close says it again
			time.Sleep(5 * time.Millisecond)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		time.Sleep(3 * time.Second) // thirty times as long as it takes to be seen
		_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
	}()
	var stdout, stderr bytes.Buffer
	if status := run([]string{"record", "--from", from, "-o", to, "--follow"}, nil, &stdout, &stderr, nil); status != 0 || stderr.Len() > 0 {
		t.Errorf("status %d: %s", status, stderr.String())
	}
	if text := string(output(t, "top", "--from", to, "-o", "ndjson")); !strings.Contains(text, `"spans":10458,`) {
		t.Errorf("%s", text)
	}
}
