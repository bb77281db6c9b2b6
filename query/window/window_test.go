package window

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pfptrace/pfptrace/model"
)

// A batch that links to two requests: one is here, one comes later.
func ExampleWindow() {
	w := New(Limits{Spans: 1000})
	w.Add([]model.Span{spanOf(1, 1)}, 1)
	w.Add([]model.Span{spanOf(3, 1, ref(1, 1), ref(2, 1))}, 2)
	fmt.Println("pending:", w.Stats().Pending)

	before := w.Snapshot()
	defer before.Release()
	w.Add([]model.Span{spanOf(2, 1)}, 3)
	now := w.Snapshot()
	defer now.Release()
	fmt.Println("pending:", now.Stats().Pending)
	fmt.Println("links to the late one:", now.Linking(traceID(2))[0].Trace == traceID(3))
	fmt.Println("the late one, then and now:", before.Trace(traceID(2)) != nil, now.Trace(traceID(2)) != nil)
	fmt.Println("touched since:", len(now.Touched(before.Epoch())))
	// Output:
	// pending: 1
	// pending: 0
	// links to the late one: true
	// the late one, then and now: false true
	// touched since: 1
}

func TestWindowKeepsCopies(t *testing.T) {
	span := spanOf(1, 1)
	w := New(Limits{})
	w.Add([]model.Span{span}, 1)
	want := spanOf(1, 1)
	clear(span.Raw)
	s := w.Snapshot()
	defer s.Release()
	sameTrace(t, s.Trace(traceID(1)), &build([]model.Span{want}).List[0])
}

func TestEqualCopiesAreCountedAcrossSegments(t *testing.T) {
	w := small(Limits{}, 2)
	spans := []model.Span{spanOf(1, 1), spanOf(2, 1), spanOf(1, 2), spanOf(2, 2), spanOf(1, 3)}
	for range 3 {
		w.Add(spans, 1)
	}
	if stats := w.Stats(); stats.Accepted != 5 || stats.Duplicates != 10 {
		t.Errorf("%+v, want 5 spans and 10 copies", stats)
	}
}

// Beyond maxHops spans of a trace a copy is kept, and found when it is read.
func TestCopiesInLongTraces(t *testing.T) {
	w := New(Limits{})
	var spans []model.Span
	for n := range 200 {
		spans = append(spans, spanOf(1, n))
	}
	w.Add(spans, 1)
	w.Add(spans, 1)
	s := w.Snapshot()
	defer s.Release()
	sameTraces(t, s.Traces(), build(spans))
	if got := s.Traces().Odd.Duplicates + int(s.Stats().Duplicates); got != 200 {
		t.Errorf("%d copies, want 200", got)
	}
}

func TestAge(t *testing.T) {
	const minute = int64(time.Minute)
	w := New(Limits{Age: 16 * time.Minute})
	for n := range int64(100) {
		w.Add([]model.Span{spanOf(int(n), 1)}, n*minute)
		if want := int(min(n+1, 18)); w.Stats().Spans > want || w.Stats().Spans < want-2 {
			t.Fatalf("minute %d: %d spans, want about %d", n, w.Stats().Spans, want)
		}
	}
	w.Expire(1) // a clock that was set back changes nothing
	if w.Stats().Spans == 0 {
		t.Error("spans are gone after a step back")
	}
	w.Expire(200 * minute)
	if stats := w.Stats(); stats.Spans != 0 || stats.Evicted != 100 || stats.Segments != 0 {
		t.Errorf("%+v, want all 100 spans gone", stats)
	}
}

func TestBytes(t *testing.T) {
	w := small(Limits{Bytes: minBytes}, 100_000)
	random := rand.NewChaCha8([32]byte{})
	for n := range 2000 {
		body := make([]byte, 40_000)
		random.Read(body)
		d := model.Draft{Trace: traceID(n), ID: spanID(n), Start: int64(n), End: int64(n), Attrs: []model.KeyValue{model.Bytes("b", body)}}
		w.Add([]model.Span{d.Span(origins[0])}, 1)
		if stats := w.Stats(); stats.Bytes > minBytes {
			t.Fatalf("%d spans take %d bytes, at most %d", stats.Spans, stats.Bytes, minBytes)
		}
	}
	if stats := w.Stats(); stats.Bytes < minBytes*3/4 || stats.Evicted == 0 {
		t.Errorf("%+v: so little of %d bytes is used", stats, minBytes)
	}
}

// Spans whose messages, names or origins are as no SDK sends them.
func TestOddSpansComeBackAsTheyWere(t *testing.T) {
	long := string(make([]byte, 300))
	var spans []model.Span
	add := func(d model.Draft, change func(s *model.Span)) {
		d.Trace, d.ID = traceID(len(spans)), spanID(1)
		s := d.Span(origins[0])
		if change != nil {
			change(&s)
		}
		spans = append(spans, s)
	}
	add(model.Draft{Name: "no kind", Start: 1, End: 2}, nil)
	add(model.Draft{Kind: model.KindClient, Start: 1, End: 2}, nil)
	add(model.Draft{Name: long, Kind: model.KindClient, Start: 1, End: 2}, nil)
	add(model.Draft{Name: "large", Kind: model.KindClient, Attrs: []model.KeyValue{model.Bytes("b", make([]byte, 3*blockSize))}}, nil)
	add(model.Draft{Name: "empty parent", Kind: model.KindClient, Start: 1, End: 2}, func(s *model.Span) {
		s.Raw = slices.Insert(s.Raw, 28, tagParent, 0)
	})
	add(model.Draft{Name: "reversed", Kind: model.KindClient, Start: 1, End: 2}, func(s *model.Span) {
		s.Raw = slices.Concat(s.Raw[18:], s.Raw[:18])
	})
	w := New(Limits{})
	w.Add(spans, 1)
	for n := range 3 * maxNames / 2 { // more names than are shared
		d := model.Draft{Trace: traceID(100), ID: model.SpanID{byte(n), byte(n >> 8), 1}, Name: fmt.Sprintf("name %d", n), Kind: model.KindServer}
		spans = append(spans, d.Span(model.MakeOrigin(fmt.Sprint(n))))
	}
	w.Add(spans[6:], 1)
	s := w.Snapshot()
	defer s.Release()
	sameTraces(t, s.Traces(), build(spans))
}

func TestOriginsBeyondWhatASegmentNumbers(t *testing.T) {
	w := New(Limits{})
	template := spanOf(1, 1)
	for n := range maxOrigins + 2 {
		span := template
		span.ID = model.SpanID{byte(n), byte(n >> 8), byte(n >> 16), 1}
		span.Origin = &model.Origin{Service: fmt.Sprint(n)}
		w.Add([]model.Span{span}, 1)
	}
	s := w.Snapshot()
	defer s.Release()
	n := 0
	for span := range s.Spans {
		if span.Origin.Service != fmt.Sprint(n) {
			t.Fatalf("span %d comes from %q", n, span.Origin.Service)
		}
		n++
	}
	if n != maxOrigins+2 || s.Stats().Segments != 2 {
		t.Errorf("%d spans in %d segments, want %d in 2", n, s.Stats().Segments, maxOrigins+2)
	}
}

func TestLinksToNothing(t *testing.T) {
	w := New(Limits{})
	span := spanOf(1, 1, ref(1, 2), model.Ref{}, ref(2, 1), ref(2, 1), ref(2, 2))
	w.Add([]model.Span{span}, 1)
	s := w.Snapshot()
	defer s.Release()
	if got := s.Linking(traceID(2)); !slices.Equal(got, []model.Ref{ref(1, 1)}) {
		t.Errorf("linking: %v, want the one span", got)
	}
	for _, id := range []model.TraceID{traceID(1), {}} {
		if got := s.Linking(id); len(got) > 0 {
			t.Errorf("links to %s: %v, want none", id, got)
		}
	}
}
