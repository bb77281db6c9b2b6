package otlp_test

import (
	"testing"

	"github.com/pfptrace/pfptrace/query/otlp"
	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
)

// The extent of a message is that of the spans that a Decoder reads from it.
func TestExtentIsThatOfTheSpans(t *testing.T) {
	decoder := otlp.NewDecoder()
	for _, message := range otlptest.Workload(5000, 1) {
		spans, err := decoder.Proto(nil, message)
		if err != nil {
			t.Fatal(err)
		}
		want := otlp.Extent{Spans: len(spans), First: spans[0].Start}
		for i := range spans {
			want.First, want.Last = min(want.First, spans[i].Start), max(want.Last, spans[i].End)
		}
		if got := otlp.ExtentOf(message); got != want {
			t.Fatalf("%+v, want %+v", got, want)
		}
	}
}

// What is cut off ends the message: no more is counted, and nothing breaks.
func TestExtentOfTornMessages(t *testing.T) {
	message := otlptest.Workload(1, 1)[0][:20_000]
	before := otlp.Extent{}
	for n := range message {
		extent := otlp.ExtentOf(message[:n])
		if extent.Spans < before.Spans || extent.Last < before.Last {
			t.Fatalf("%d bytes: %+v, of fewer %+v", n, extent, before)
		}
		before = extent
	}
}

// No two signals are called the same, and a number that is none has a name.
func TestSignalNames(t *testing.T) {
	seen := map[string]bool{}
	for signal := range otlp.Signal(otlp.NumSignals) {
		seen[signal.String()] = true
	}
	if len(seen) != otlp.NumSignals || seen[otlp.Signal(otlp.NumSignals).String()] {
		t.Errorf("%v", seen)
	}
}
