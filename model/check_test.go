package model

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCheckAcceptsWhatBuilderMakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b Builder
		for range rapid.IntRange(1, 6).Draw(t, "spans") {
			span := anySpan(t)
			if rapid.Bool().Draw(t, "small") { // twins, cycles, orphans
				d := Draft{Trace: TraceID{1}, ID: SpanID{rapid.ByteRange(1, 4).Draw(t, "id")}, Parent: SpanID{rapid.ByteRange(0, 5).Draw(t, "parent")}, Start: span.Start, End: span.End}
				span = d.Span(span.Origin)
			}
			b.Add(span)
		}
		if err := Check(b.Build()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestCheckNamesEveryFault(t *testing.T) {
	good := "trace 1\nspan a 0s..9s\nspan b 1s..2s parent=a link=1/a\nspan c 1s..2s parent=b\ntrace 2\nspan a 5s..6s"
	for want, spoil := range map[string]func(*Traces){
		"there twice":        func(t *Traces) { t.List[0].Spans[2].ID = t.List[0].Spans[1].ID },
		"out of order":       func(t *Traces) { t.List[0].Spans[2].Start = 0 },
		"not found by its":   func(t *Traces) { slices.Reverse(t.List) },
		"names parent":       func(t *Traces) { t.List[0].Parents[2] = 0 },
		"but not joined":     func(t *Traces) { t.List[0].Parents[2] = -1 },
		"its own ancestor":   func(t *Traces) { t.List[0].Parents[1] = 2 },
		"parent 7 of 3":      func(t *Traces) { t.List[0].Parents[2] = 7 },
		"stands in trace":    func(t *Traces) { t.List[1].Spans[0].Trace = TraceID{9} },
		"negative time":      func(t *Traces) { t.List[1].Spans[0].Start = -1 },
		"no origin":          func(t *Traces) { t.List[1].Spans[0].Origin = nil },
		"malformed at byte":  func(t *Traces) { t.List[1].Spans[0].Raw = []byte{0xff} },
		"name is":            func(t *Traces) { t.List[1].Spans[0].Name = "x" },
		"kind is 3":          func(t *Traces) { t.List[1].Spans[0].Kind = KindClient },
		"status is 2":        func(t *Traces) { t.List[1].Spans[0].Status = StatusError },
		"end is":             func(t *Traces) { t.List[1].Spans[0].End++ },
		"parent is":          func(t *Traces) { t.List[1].Spans[0].Parent = SpanID{1} },
		"link count is 0":    func(t *Traces) { t.List[0].Spans[1].Links = 0 },
		"spans with 2 paren": func(t *Traces) { t.List[0].Parents = t.List[0].Parents[:2] },
	} {
		traces := parsed(t, good)
		if err := Check(traces); err != nil {
			t.Fatal(err)
		}
		spoil(traces)
		if err := Check(traces); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
