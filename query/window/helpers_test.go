package window

import (
	"fmt"
	"reflect"
	"slices"

	"pgregory.net/rapid"

	"github.com/pfptrace/pfptrace/model"
)

// small returns a window whose segments hold this many spans, and which spoils
// memory that nobody should read any more.
func small(limits Limits, capacity int) *Window {
	w := New(limits)
	w.capacity = capacity
	poison(w)
	return w
}

func poison(w *Window) {
	w.memory.entries.poison = func(chunk []entry) {
		for i := range chunk {
			chunk[i] = entry{trace: model.TraceID{0xdb}, spans: 1 << 31, links: 1 << 31}
		}
	}
	w.memory.records.poison = func(chunk []record) {
		for i := range chunk {
			chunk[i] = record{entry: 1 << 31, earlier: 1 << 31, block: 1 << 31, length: 1 << 31}
		}
	}
	w.memory.links.poison = func(chunk []link) {
		for i := range chunk {
			chunk[i] = link{1 << 31, 1 << 31, 1 << 31}
		}
	}
	w.memory.packer.slabs.poison = func(chunk []byte) {
		for i := range chunk {
			chunk[i] = 0xdb
		}
	}
}

func traceID(n int) model.TraceID { return model.TraceID{1, 15: byte(n)} }
func spanID(n int) model.SpanID   { return model.SpanID{1, 7: byte(n)} }

func ref(trace, span int) model.Ref { return model.Ref{Trace: traceID(trace), Span: spanID(span)} }

var origins = [...]*model.Origin{
	model.MakeOrigin("a", model.String("service.name", "a")),
	model.MakeOrigin("b", model.String("service.name", "b"), model.String("host.name", "h")),
}

// spanOf makes a span with these links.
func spanOf(trace, id int, links ...model.Ref) model.Span {
	d := model.Draft{Trace: traceID(trace), ID: spanID(id), Name: fmt.Sprintf("span %d", id), Kind: model.KindServer, Start: 10, End: 20}
	for _, l := range links {
		d.Links = append(d.Links, model.DraftLink{Ref: l})
	}
	return d.Span(origins[trace%2])
}

// drawSpans makes up to most spans of few traces, with parents, links to spans
// that come earlier, later or never, and copies, equal and not.
func drawSpans(t *rapid.T, most int) []model.Span {
	number := rapid.IntRange(1, 9)
	short := rapid.IntRange(0, 3)
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) model.Span {
		trace := number.Draw(t, "trace")
		d := model.Draft{
			Trace: traceID(trace), ID: spanID(number.Draw(t, "span")),
			Start: int64(short.Draw(t, "start")), End: int64(short.Draw(t, "end")),
			Name: rapid.SampledFrom([]string{"", "a", "request"}).Draw(t, "name"),
			Kind: model.Kind(short.Draw(t, "kind")), Status: model.StatusCode(short.Draw(t, "status") / 2),
		}
		if parent := number.Draw(t, "parent"); parent < 7 {
			d.Parent = spanID(parent)
		}
		for range short.Draw(t, "attributes") {
			d.Attrs = append(d.Attrs, model.Int("n", rapid.Int64().Draw(t, "value")))
		}
		for range short.Draw(t, "links") {
			d.Links = append(d.Links, model.DraftLink{Ref: ref(number.Draw(t, "to trace")*2-1, number.Draw(t, "to span"))})
		}
		return d.Span(origins[trace%2])
	}), 0, most).Draw(t, "spans")
}

func build(spans []model.Span) *model.Traces {
	var b model.Builder
	b.Add(spans...)
	return b.Build()
}

// sameTraces fails unless the two hold equal traces. Odd may differ: the
// window has left equal copies out.
func sameTraces(t rapid.TB, got, want *model.Traces) {
	t.Helper()
	if err := model.Check(got); err != nil {
		t.Fatal(err)
	}
	if len(got.List) != len(want.List) {
		t.Fatalf("%d traces, want %d", len(got.List), len(want.List))
	}
	for i := range got.List {
		sameTrace(t, &got.List[i], &want.List[i])
	}
}

func sameTrace(t rapid.TB, got, want *model.Trace) {
	t.Helper()
	if got == nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %+v\nwant %+v", got, want)
	}
}

// linkingOf says which spans link to which traces, the slow way.
func linkingOf(spans []model.Span) map[model.TraceID][]model.Ref {
	out := map[model.TraceID][]model.Ref{}
	for i := range spans {
		for link := range spans[i].LinkSeq() {
			if link.Trace != spans[i].Trace {
				out[link.Trace] = append(out[link.Trace], spans[i].Ref())
			}
		}
	}
	for id, refs := range out {
		slices.SortFunc(refs, compareRefs)
		out[id] = slices.Compact(refs)
	}
	return out
}

// sameLinking fails unless the snapshot knows the links of these spans and no
// others, for all traces that tests use.
func sameLinking(t rapid.TB, s *Snapshot, spans []model.Span) {
	t.Helper()
	want := linkingOf(spans)
	for n := range 20 {
		if got := s.Linking(traceID(n)); !slices.Equal(got, want[traceID(n)]) {
			t.Fatalf("spans that link to trace %d: %v, want %v", n, got, want[traceID(n)])
		}
	}
}

// touchedBy returns the traces that these spans belong to or link to.
func touchedBy(spans []model.Span) []model.TraceID {
	var ids []model.TraceID
	for i := range spans {
		ids = append(ids, spans[i].Trace)
	}
	for id := range linkingOf(spans) {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, model.TraceID.Compare)
	return slices.Compact(ids)
}
