//go:build unix

package bench

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp"
	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
)

const workloadSpans = 100_000

// BenchmarkJSONFile reads a file of JSON lines, and looks at each line in
// turn, against the Collector's reader.
func BenchmarkJSONFile(b *testing.B) { benchmarkJSONFile(b, false) }

// BenchmarkJSONFileKept keeps the spans of all lines.
func BenchmarkJSONFileKept(b *testing.B) { benchmarkJSONFile(b, true) }

func benchmarkJSONFile(b *testing.B, keep bool) {
	path := filepath.Join(b.TempDir(), "traces.jsonl")
	writeLines(b, path, workloadSpans)
	spans := decodeLines(b, path, false)
	otlptest.Compare(b, spans, func() int { return decodeLines(b, path, keep) }, func() int { return unmarshalLines(b, path, keep) })
}

// BenchmarkProtoMemory decodes protobuf messages, against the Collector's
// reader.
func BenchmarkProtoMemory(b *testing.B) {
	messages := otlptest.Workload(workloadSpans, 1)
	spans := decodeMessages(b, messages)
	otlptest.Compare(b, spans, func() int { return decodeMessages(b, messages) }, func() int { return unmarshalMessages(b, messages) })
}

// JSON stays fast: a ratio of processor times within one run, with slack for a
// busy machine.
func TestJSONIsManyTimesFasterThanTheCollectors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "traces.jsonl")
	writeLines(t, path, 20_000)
	spans := decodeLines(t, path, false)
	var ratios []float64
	for range 7 {
		ours := otlptest.Cost(t, spans, func() int { return decodeLines(t, path, false) })
		ratios = append(ratios, otlptest.Cost(t, spans, func() int { return unmarshalLines(t, path, false) })/ours)
	}
	slices.Sort(ratios)
	if ratios[3] < 3 {
		t.Errorf("only %.1f times as fast as pdata (5 is the goal): %.1f", ratios[3], ratios)
	}
}

func writeLines(tb testing.TB, path string, atLeast int) {
	var file bytes.Buffer
	if err := otlptest.WriteJSONLines(&file, otlptest.Workload(atLeast, 1)); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		tb.Fatal(err)
	}
}

func decodeLines(tb testing.TB, path string, keep bool) (count int) {
	decoder := otlp.NewDecoder()
	var spans []model.Span
	var kept [][]model.Span
	err := otlptest.Lines(path, func(line []byte) (err error) {
		spans, err = decoder.JSON(spans[:0], line)
		count += len(spans)
		if keep {
			kept = append(kept, slices.Clone(spans))
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	runtime.KeepAlive(kept)
	return count
}

func unmarshalLines(tb testing.TB, path string, keep bool) (count int) {
	var reader ptrace.JSONUnmarshaler
	var kept []ptrace.Traces
	err := otlptest.Lines(path, func(line []byte) error {
		traces, err := reader.UnmarshalTraces(line)
		if err != nil {
			return err
		}
		count += traces.SpanCount()
		if keep {
			kept = append(kept, traces)
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	runtime.KeepAlive(kept)
	return count
}

func decodeMessages(b *testing.B, messages [][]byte) (count int) {
	decoder := otlp.NewDecoder()
	var spans []model.Span
	for _, message := range messages {
		var err error
		if spans, err = decoder.Proto(spans[:0], message); err != nil {
			b.Fatal(err)
		}
		count += len(spans)
	}
	return count
}

func unmarshalMessages(b *testing.B, messages [][]byte) (count int) {
	var reader ptrace.ProtoUnmarshaler
	for _, message := range messages {
		traces, err := reader.UnmarshalTraces(message)
		if err != nil {
			b.Fatal(err)
		}
		count += traces.SpanCount()
	}
	return count
}
