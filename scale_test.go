//go:build unix

package main

import (
	"bufio"
	"errors"
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
	spans := os.Getenv("SCALE_SPANS")
	if spans == "" {
		t.Skip("SCALE_SPANS says how many spans; .ci/long sets it")
	}
	folder := t.TempDir()
	program := filepath.Join(folder, "pfptrace")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// A process of its own makes the files: the peak memory of a child counts
	// what its parent had when it was started.
	generate := exec.Command(os.Args[0], "-test.run=^TestGenerate$")
	generate.Env = append(os.Environ(), "SCALE_FOLDER="+folder)
	if out, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, file := range []string{"workload.pb", "workload.jsonl"} {
		var cpu []time.Duration
		var peak []int64
		for range 5 {
			command := exec.Command(program, "top", "--from", filepath.Join(folder, file), "-o", "ndjson")
			if out, err := command.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			cpu = append(cpu, command.ProcessState.UserTime()+command.ProcessState.SystemTime())
			peak = append(peak, command.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
		}
		slices.Sort(cpu)
		slices.Sort(peak)
		t.Logf("%-15s %s spans: %.2f s of CPU, peak %d MiB (Maxrss in KiB, as on Linux)", file, spans, cpu[2].Seconds(), peak[2]>>10)
	}
}

// TestGenerate writes the files that TestScale measures.
func TestGenerate(t *testing.T) {
	folder := os.Getenv("SCALE_FOLDER")
	if folder == "" {
		t.Skip("a part of TestScale")
	}
	spans, err := strconv.Atoi(os.Getenv("SCALE_SPANS"))
	if err != nil {
		t.Fatal(err)
	}
	messages := otlptest.Workload(spans, 1)
	for name, write := range map[string]func(io.Writer, [][]byte) error{
		"workload.pb": otlptest.WriteLengthDelimited, "workload.jsonl": otlptest.WriteJSONLines,
	} {
		file, err := os.Create(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		out := bufio.NewWriterSize(file, 1<<20)
		if err := errors.Join(write(out, messages), out.Flush(), file.Close()); err != nil {
			t.Fatal(err)
		}
	}
}
