//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
)

// TestScale measures the whole program on files of many spans: the median of
// five runs. It is for .ci/long, and says nothing about right or wrong.
func TestScale(t *testing.T) {
	spans, err := strconv.Atoi(os.Getenv("SCALE_SPANS"))
	if err != nil {
		t.Skip("SCALE_SPANS says how many spans; .ci/long sets it")
	}
	folder := t.TempDir()
	program := filepath.Join(folder, "pfptrace")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	messages := otlptest.Workload(spans, 1)
	for _, file := range []struct {
		name  string
		write func(io.Writer, [][]byte) error
	}{{"workload.pb", otlptest.WriteLengthDelimited}, {"workload.jsonl", otlptest.WriteJSONLines}} {
		path := filepath.Join(folder, file.name)
		var content bytes.Buffer
		if err := file.write(&content, messages); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		var cpu []time.Duration
		var peak []int64
		for range 5 {
			command := exec.Command(program, "top", "--from", path, "-o", "ndjson")
			if out, err := command.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			cpu = append(cpu, command.ProcessState.UserTime()+command.ProcessState.SystemTime())
			peak = append(peak, command.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
		}
		slices.Sort(cpu)
		slices.Sort(peak)
		t.Logf("%-15s %d spans, %4d MiB: %.2f s of CPU, peak %d MiB (Maxrss in KiB, as on Linux)",
			file.name, spans, content.Len()>>20, cpu[2].Seconds(), peak[2]>>10)
	}
}
