package window

import (
	"encoding/binary"
	"hash/maphash"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/pfptrace/pfptrace/model"
)

// Links that name what never comes: stubs are bounded, and all are accounted
// for. DANGLING_LINKS says how many.
func TestDanglingLinksAreBounded(t *testing.T) {
	count := 200_000
	if text := os.Getenv("DANGLING_LINKS"); text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	const each = 64
	w := small(Limits{Spans: 160_000}, 10_000)
	var id model.TraceID
	id[0] = 1
	for n := 0; n < count; n += each {
		d := model.Draft{Trace: traceID(1), ID: model.SpanID{1, 2: byte(n), 3: byte(n >> 8), 4: byte(n >> 16), 5: byte(n >> 24)}, Name: "batch"}
		for i := range each {
			binary.BigEndian.PutUint64(id[8:], uint64(n+i))
			d.Links = append(d.Links, model.DraftLink{Ref: model.Ref{Trace: id, Span: spanID(1)}})
		}
		w.Add([]model.Span{d.Span(origins[0])}, 1)
	}
	stats := w.Stats()
	links := uint64(stats.Accepted * each)
	if accounted := uint64(stats.Pending) + stats.Expired + stats.DroppedLinks; accounted+2 < links || accounted > links {
		t.Errorf("%d of %d links are accounted for: %+v", accounted, links, stats)
	}
	if most := stats.Segments * maxStubs(w.capacity); stats.Pending > most {
		t.Errorf("%d stubs, at most %d", stats.Pending, most)
	}
	if perSpan := stats.Bytes / int64(stats.Spans); perSpan > 5000 {
		t.Errorf("%d bytes a span of %d links", perSpan, each)
	}
}

// Links to the same traces again and again are bounded too.
func TestLinksAreBounded(t *testing.T) {
	w := small(Limits{}, 100)
	var links []model.DraftLink
	for n := range 1000 {
		links = append(links, model.DraftLink{Ref: model.Ref{Trace: model.TraceID{2, 14: byte(n >> 8), 15: byte(n)}, Span: spanID(1)}})
	}
	for n := range 3 {
		d := model.Draft{Trace: traceID(1), ID: spanID(n), Links: links}
		w.Add([]model.Span{d.Span(origins[0])}, 1)
	}
	room := len(w.open.links.chunks) * chunkItems
	s := w.Snapshot()
	defer s.Release()
	kept := 0
	for i := range links {
		kept += len(s.Linking(links[i].Ref.Trace))
	}
	if dropped := s.Stats().DroppedLinks; kept != room || dropped != uint64(3*len(links)-room) {
		t.Errorf("%d links kept and %d dropped of %d, in room for %d", kept, dropped, 3*len(links), room)
	}
}

// A snapshot that is held while the window turns over reads as it did.
func TestSnapshotOutlivesEviction(t *testing.T) {
	w := small(Limits{Spans: 20_000}, 1250)
	l := newLoad(1)
	fill := func(spans int) {
		for added := 0; added < spans; added += request {
			w.Add(l.next(request), 1)
		}
	}
	fill(25_000)
	s := w.Snapshot()
	want, batch := fingerprint(s), linked(s)
	fill(60_000)
	if s.Stats() == w.Stats() || w.Stats().Pinned == 0 {
		t.Fatalf("the window did not turn over: %+v", w.Stats())
	}
	if got := fingerprint(s); got != want {
		t.Error("the spans of a snapshot changed")
	}
	if got := linked(s); got != batch || got == 0 {
		t.Errorf("%d links of a snapshot, %d before", got, batch)
	}
	s.Release()
	s.Release() // once more does nothing
	if pinned := w.Stats().Pinned; pinned != 0 {
		t.Errorf("%d bytes are pinned after the release", pinned)
	}
	if spans := slices.Collect(s.Spans); len(spans) > 0 {
		t.Error("a released snapshot is not empty")
	}
}

func fingerprint(s *Snapshot) uint64 {
	hash := uint64(0)
	for span := range s.Spans {
		hash = hash*31 + maphash.Bytes(s.window.seed, span.Raw)*uint64(1+len(span.Name))
	}
	return hash + uint64(s.Stats().Spans)
}

// linked counts the links to the traces of a snapshot.
func linked(s *Snapshot) (n int) {
	for _, id := range s.Touched(0) {
		n += len(s.Linking(id))
	}
	return n
}

// Readers take snapshots while the window turns over, in memory that is
// spoiled as soon as nobody should read it. The race detector watches.
func TestReadersBesideTheWriter(t *testing.T) {
	w := small(Limits{Spans: 8000}, 500)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for epoch := uint64(0); ; {
				select {
				case <-done:
					return
				default:
				}
				s := w.Snapshot()
				readAll(t, s, epoch)
				epoch = s.Epoch()
				s.Release()
			}
		})
	}
	l := newLoad(1)
	for range 400 {
		w.Add(l.next(request/4), 1)
	}
	close(done)
	readers.Wait()
	if stats := w.Stats(); stats.Pinned != 0 || stats.Evicted == 0 {
		t.Errorf("after all readers: %+v", stats)
	}
}

func readAll(t *testing.T, s *Snapshot, epoch uint64) {
	spans := 0
	for span := range s.Spans {
		spans++
		if model.TraceID(span.Raw[2:18]) != span.Trace || model.SpanID(span.Raw[20:28]) != span.ID || span.Origin.Service != "load" {
			t.Errorf("span %s/%s is not what was added", span.Trace, span.ID)
		}
	}
	if spans != s.Stats().Spans {
		t.Errorf("%d spans, want %d", spans, s.Stats().Spans)
	}
	for i, id := range s.Touched(epoch) {
		if i%50 > 0 {
			continue
		}
		refs := s.Linking(id)
		if trace := s.Trace(id); trace == nil && len(refs) == 0 {
			t.Errorf("trace %s is touched, and neither here nor linked to", id)
		}
		for _, ref := range refs {
			if batch := s.Trace(ref.Trace); batch == nil || batch.Index(ref.Span) < 0 {
				t.Errorf("span %s/%s links to %s and is not here", ref.Trace, ref.Span, id)
			}
		}
	}
}
