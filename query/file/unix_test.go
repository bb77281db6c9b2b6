//go:build unix

package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
)

func TestANamedPipeIsReadAndCanBeCalledOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip("no named pipes here: ", err)
	}
	go func() {
		if w, err := os.OpenFile(path, os.O_WRONLY, 0); err == nil {
			_, _ = w.WriteString(otlpJSON("a"))
			w.Close()
		}
	}()
	loaded, err := Load(context.Background(), []string{path}, nil, Options{})
	if err != nil || names(loaded) != "a" {
		t.Fatalf("%v, %+v", err, loaded)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := Load(ctx, []string{path}, nil, Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a pipe without a writer: %v", err)
	}
	if _, err := Load(context.Background(), []string{filepath.Dir(path)}, nil, Options{}); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a pipe in a folder: %v", err)
	}
}

// BenchmarkLoad reads a file of 150,000 spans, from the page cache to Traces.
// It reports spans for a second of CPU time, and how many times the CPU time
// of read() alone that is.
func BenchmarkLoad(b *testing.B) {
	messages := otlptest.Workload(150_000, 1)
	for name, write := range map[string]func(io.Writer, [][]byte) error{"protobuf": otlptest.WriteLengthDelimited, "jsonlines": otlptest.WriteJSONLines} {
		b.Run(name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), name)
			f, err := os.Create(path)
			if err != nil {
				b.Fatal(err)
			}
			if err := errors.Join(write(f, messages), f.Close()); err != nil {
				b.Fatal(err)
			}
			var load, read time.Duration
			spans := 0
			for b.Loop() {
				start := cpuTime()
				if err := readOnly(path); err != nil {
					b.Fatal(err)
				}
				middle := cpuTime()
				loaded, err := Load(context.Background(), []string{path}, nil, Options{})
				if err != nil {
					b.Fatal(err)
				}
				read += middle - start
				load += cpuTime() - middle
				spans += loaded.Report.Spans()
			}
			b.ReportMetric(float64(spans)/load.Seconds(), "spans/cpu-s")
			b.ReportMetric(load.Seconds()/read.Seconds(), "x-read")
		})
	}
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(fmt.Sprint("getrusage: ", err))
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func readOnly(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	b := make([]byte, chunk)
	for {
		if _, err := f.Read(b); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}
