//go:build unix

package otlp_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp"
	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
)

const workloadSpans = 100_000

// BenchmarkProtoFile reads a file of length-delimited messages and looks at
// each message in turn.
func BenchmarkProtoFile(b *testing.B) { benchmarkProtoFile(b, false) }

// BenchmarkProtoFileKept keeps all that it read, in memory that was never used
// before, whose first touch costs more than the decoding.
func BenchmarkProtoFileKept(b *testing.B) { benchmarkProtoFile(b, true) }

func benchmarkProtoFile(b *testing.B, keep bool) {
	path := filepath.Join(b.TempDir(), "traces.pb")
	spans := writeFile(b, path, workloadSpans, otlptest.WriteLengthDelimited)
	otlptest.Compare(b, spans, func() int { return decodeFile(b, path, keep) }, func() int { return unmarshalFile(b, path, keep) })
}

// BenchmarkJSONFile reads a file of JSON lines. Its baseline stands in the
// module testdata/bench.
func BenchmarkJSONFile(b *testing.B) {
	path := filepath.Join(b.TempDir(), "traces.jsonl")
	spans := writeFile(b, path, workloadSpans, otlptest.WriteJSONLines)
	otlptest.Compare(b, spans, func() int { return decodeLines(b, path) }, nil)
}

// BenchmarkProtoMemory decodes messages that are in memory.
func BenchmarkProtoMemory(b *testing.B) {
	messages := otlptest.Workload(workloadSpans, 1)
	benchmarkMemory(b, messages, (*otlp.Decoder).Proto)
}

// BenchmarkJSONMemory decodes documents that are in memory.
func BenchmarkJSONMemory(b *testing.B) {
	benchmarkMemory(b, documents(b, otlptest.Workload(workloadSpans, 1)), (*otlp.Decoder).JSON)
}

func benchmarkMemory(b *testing.B, messages [][]byte, read func(*otlp.Decoder, []model.Span, []byte) ([]model.Span, error)) {
	var spans []model.Span
	decode := func() (count int) {
		decoder := otlp.NewDecoder()
		for _, message := range messages {
			var err error
			if spans, err = read(decoder, spans[:0], message); err != nil {
				b.Fatal(err)
			}
			count += len(spans)
		}
		return count
	}
	otlptest.Compare(b, decode(), decode, nil)
}

// The fast path stays fast: a ratio of processor times within one run, with
// half of it as slack for a busy machine.
func TestProtoIsManyTimesFasterThanGoogles(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second")
	}
	path := filepath.Join(t.TempDir(), "traces.pb")
	spans := writeFile(t, path, 20_000, otlptest.WriteLengthDelimited)
	var ratios []float64
	for range 7 {
		ours := otlptest.Cost(t, spans, func() int { return decodeFile(t, path, false) })
		ratios = append(ratios, otlptest.Cost(t, spans, func() int { return unmarshalFile(t, path, false) })/ours)
	}
	slices.Sort(ratios)
	if ratios[3] < 8 {
		t.Errorf("only %.1f times as fast as proto.Unmarshal (15 is the goal): %.1f", ratios[3], ratios)
	}
}

// writeFile writes the workload and returns how many spans it has.
func writeFile(tb testing.TB, path string, atLeast int, write func(io.Writer, [][]byte) error) (spans int) {
	messages := otlptest.Workload(atLeast, 1)
	var file bytes.Buffer
	if err := write(&file, messages); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		tb.Fatal(err)
	}
	decoder := otlp.NewDecoder()
	for _, message := range messages {
		found, err := decoder.Proto(nil, message)
		if err != nil {
			tb.Fatal(err)
		}
		spans += len(found)
	}
	return spans
}

func decodeFile(tb testing.TB, path string, keep bool) (count int) {
	decoder := otlp.NewDecoder()
	var spans []model.Span
	var kept [][]byte
	err := otlptest.Messages(path, keep, func(message []byte) (err error) {
		spans, err = decoder.Proto(spans[:0], message)
		count += len(spans)
		if keep {
			kept = append(kept, message)
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	runtime.KeepAlive(kept)
	return count
}

func unmarshalFile(tb testing.TB, path string, keep bool) (count int) {
	var kept []*tracepb.TracesData
	err := otlptest.Messages(path, false, func(message []byte) error {
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
	if err != nil {
		tb.Fatal(err)
	}
	runtime.KeepAlive(kept)
	return count
}

func decodeLines(tb testing.TB, path string) (count int) {
	decoder := otlp.NewDecoder()
	var spans []model.Span
	err := otlptest.Lines(path, func(line []byte) (err error) {
		spans, err = decoder.JSON(spans[:0], line)
		count += len(spans)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return count
}
