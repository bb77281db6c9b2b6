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

	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
)

// Whoever stops a recording finds in the file what came before that.
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
		if text := string(output(t, "top", "--from", to, "-o", "ndjson")); !strings.Contains(text, `"spans":10458,`) {
			t.Errorf("%v: %s", signal, text)
		}
	}
}
