package otlp_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp"
	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
)

// Speeds are CPU time of the process, garbage collection included: the wall
// clock of a shared machine says little. Both sides of a ratio run in turns.

// BenchmarkProtoFile reads a file of length-delimited messages and looks at
// each message in turn.
func BenchmarkProtoFile(b *testing.B) { benchmarkProtoFile(b, false) }

// BenchmarkProtoFileKept keeps all that it read, in memory that was never used
// before, whose first touch costs more than the decoding.
func BenchmarkProtoFileKept(b *testing.B) { benchmarkProtoFile(b, true) }

func benchmarkProtoFile(b *testing.B, keep bool) {
	path := filepath.Join(b.TempDir(), "traces.pb")
	spans := writeFile(b, path, otlptest.WriteLengthDelimited)
	compare(b, spans, func() int { return decodeFile(b, path, keep) }, func() int { return unmarshalFile(b, path, keep) })
}

// BenchmarkProtoMemory decodes messages that are in memory.
func BenchmarkProtoMemory(b *testing.B) {
	messages := otlptest.Workload(workloadSpans, 1)
	var spans []model.Span
	decode := func() (count int) {
		decoder := otlp.NewDecoder()
		for _, message := range messages {
			spans, _ = decoder.Proto(spans[:0], message)
			count += len(spans)
		}
		return count
	}
	compare(b, decode(), decode, nil)
}

// BenchmarkJSONFile reads a file of JSON lines. Its baseline stands in the
// module testdata/bench.
func BenchmarkJSONFile(b *testing.B) {
	path := filepath.Join(b.TempDir(), "traces.jsonl")
	spans := writeFile(b, path, otlptest.WriteJSONLines)
	compare(b, spans, func() int { return decodeLines(b, path) }, nil)
}

const workloadSpans = 100_000

func writeFile(b *testing.B, path string, write func(io.Writer, [][]byte) error) (spans int) {
	messages := otlptest.Workload(workloadSpans, 1)
	var file bytes.Buffer
	if err := write(&file, messages); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	decoder := otlp.NewDecoder()
	for _, message := range messages {
		found, err := decoder.Proto(nil, message)
		if err != nil {
			b.Fatal(err)
		}
		spans += len(found)
	}
	return spans
}

// compare runs both readers in turns and reports the speed of the first and
// the median of the ratios.
func compare(b *testing.B, spans int, ours, baseline func() int) {
	var costs, ratios []float64
	for b.Loop() {
		cost := cpu(b, spans, ours)
		costs = append(costs, cost)
		if baseline != nil {
			ratios = append(ratios, cpu(b, spans, baseline)/cost)
		}
	}
	b.ReportMetric(float64(spans)/median(costs), "spans/cpu-s")
	b.ReportMetric(median(costs)/float64(spans)*1e9, "cpu-ns/span")
	if baseline != nil {
		b.ReportMetric(median(ratios), "x-baseline")
	}
}

// cpu returns the seconds of processor time that read takes.
func cpu(b *testing.B, spans int, read func() int) float64 {
	runtime.GC() // so that neither side cleans up behind the other
	before := processorTime(b)
	if got := read(); got != spans {
		b.Fatalf("%d spans, want %d", got, spans)
	}
	return (processorTime(b) - before).Seconds()
}

func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func decodeFile(b *testing.B, path string, keep bool) (count int) {
	decoder := otlp.NewDecoder()
	var spans []model.Span
	var kept [][]byte
	frames(b, path, keep, func(message []byte) (err error) {
		spans, err = decoder.Proto(spans[:0], message)
		count += len(spans)
		if keep {
			kept = append(kept, message)
		}
		return err
	})
	runtime.KeepAlive(kept)
	return count
}

func unmarshalFile(b *testing.B, path string, keep bool) (count int) {
	var kept []*tracepb.TracesData
	frames(b, path, false, func(message []byte) error {
		request := new(tracepb.TracesData)
		if err := proto.Unmarshal(message, request); err != nil {
			return err
		}
		for _, resource := range request.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				count += len(scope.Spans)
			}
		}
		if keep {
			kept = append(kept, request)
		}
		return nil
	})
	runtime.KeepAlive(kept)
	return count
}

// frames reads the messages of a length-delimited file: into memory that is
// not used again where they are kept, else through one buffer.
func frames(b *testing.B, path string, keep bool, each func(message []byte) error) {
	file, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	const size = 1 << 20
	buffer := make([]byte, size)
	for rest := 0; err == nil; {
		var n int
		n, err = io.ReadFull(file, buffer[rest:])
		chunk := buffer[:rest+n]
		for len(chunk) >= 4 && len(chunk)-4 >= int(binary.BigEndian.Uint32(chunk)) {
			end := 4 + int(binary.BigEndian.Uint32(chunk))
			if err := each(chunk[4:end:end]); err != nil {
				b.Fatal(err)
			}
			chunk = chunk[end:]
		}
		if keep {
			buffer = make([]byte, size)
		}
		rest = copy(buffer, chunk)
	}
}

// decodeLines reads a file of JSON lines through one buffer.
func decodeLines(b *testing.B, path string) (count int) {
	file, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 4<<20)
	decoder := otlp.NewDecoder()
	var spans []model.Span
	for {
		line, err := in.ReadSlice('\n')
		if err == io.EOF {
			return count
		}
		if err == nil {
			spans, err = decoder.JSON(spans[:0], line)
		}
		if err != nil {
			b.Fatal(err)
		}
		count += len(spans)
	}
}
