package model

import (
	"slices"
	"testing"
)

func span(trace, id, parent byte, start, end int64) Span {
	return Span{Trace: TraceID{15: trace}, ID: SpanID{7: id}, Parent: SpanID{7: parent}, Start: start, End: end, Origin: &Origin{}}
}

func build(spans ...Span) *Traces {
	var b Builder
	b.Add(spans...)
	return b.Build()
}

func TestBuildSortsAndLinks(t *testing.T) {
	traces := build(span(2, 1, 0, 50, 60), span(1, 3, 2, 12, 13), span(1, 1, 0, 10, 20), span(1, 2, 1, 11, 19), span(1, 4, 9, 14, 15))
	if got := traces.List[0].ID; got != (TraceID{15: 1}) {
		t.Fatalf("first trace is %s", got)
	}
	if got, want := traces.List[0].Parents, []int32{-1, 0, 1, -1}; !slices.Equal(got, want) {
		t.Errorf("parents %v, want %v", got, want)
	}
	if traces.Odd != (Odd{Orphans: 1}) {
		t.Errorf("odd %+v", traces.Odd)
	}
	if traces.Get(TraceID{15: 2}) == nil || traces.Get(TraceID{15: 3}) != nil || traces.Spans() != 5 {
		t.Error("lookup is wrong")
	}
}

// Of differing duplicates the later end wins, then the later start, then the
// longer encoding, then the larger bytes.
func TestBuildKeepsOneOfDuplicates(t *testing.T) {
	long := span(1, 1, 0, 10, 20)
	long.Raw = []byte{1, 2}
	large := span(1, 1, 0, 10, 20)
	large.Raw = []byte{9}
	small := span(1, 1, 0, 10, 20)
	small.Raw = []byte{1}
	for _, test := range []struct{ winner, loser Span }{
		{span(1, 1, 0, 5, 21), span(1, 1, 0, 10, 20)},
		{span(1, 1, 0, 11, 20), span(1, 1, 0, 10, 20)},
		{long, large},
		{large, small},
	} {
		for _, order := range [][]Span{{test.winner, test.loser, test.winner}, {test.loser, test.winner, test.winner}} {
			traces := build(order...)
			got := traces.List[0].Spans
			if len(got) != 1 || preferred(&got[0], &test.winner) != 0 {
				t.Errorf("kept %+v, want %+v", got, test.winner)
			}
			if traces.Odd != (Odd{Duplicates: 1, Differing: 1}) {
				t.Errorf("odd %+v", traces.Odd)
			}
		}
	}
}

func TestBuildCutsCycles(t *testing.T) {
	traces := build(span(1, 1, 3, 10, 20), span(1, 2, 1, 11, 19), span(1, 3, 2, 12, 18), span(1, 4, 4, 1, 2), span(1, 5, 3, 13, 14))
	if traces.Odd.Cycles != 2 {
		t.Errorf("cycles %d, want 2", traces.Odd.Cycles)
	}
	if got, want := traces.List[0].Parents, []int32{-1, -1, 1, 2, 3}; !slices.Equal(got, want) {
		t.Errorf("parents %v, want %v", got, want)
	}
}

func TestTopDownOfADeepChainThatStandsBackwards(t *testing.T) {
	const n = 1 << 18
	spans := make([]Span, n)
	for i := range spans {
		spans[i] = Span{Trace: TraceID{1}, ID: deepID(i + 1), Parent: deepID(i), Start: int64(n - i), End: int64(n - i), Origin: &Origin{}}
	}
	traces := build(spans...)
	seen := make([]bool, n)
	count := 0
	for i := range traces.List[0].TopDown {
		if parent := traces.List[0].Parents[i]; parent >= 0 && !seen[parent] {
			t.Fatalf("span %d comes before its parent %d", i, parent)
		}
		seen[i] = true
		count++
	}
	if count != n {
		t.Errorf("%d of %d spans", count, n)
	}
}

func deepID(i int) SpanID {
	return SpanID{4: byte(i >> 24), 5: byte(i >> 16), 6: byte(i >> 8), 7: byte(i)}
}

func TestParseIDs(t *testing.T) {
	for _, text := range []string{"aB", "0xab", "000000000000000000000000000000AB"} {
		if id, err := ParseTraceID(text); err != nil || id != (TraceID{15: 0xab}) {
			t.Errorf("%q: %s, %v", text, id, err)
		}
	}
	for _, text := range []string{"", "0x", "xyz", "000000000000000000000000000000001"} {
		if id, err := ParseTraceID(text); err == nil {
			t.Errorf("%q: read as %s", text, id)
		}
	}
}
