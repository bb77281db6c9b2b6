package window

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/pfptrace/pfptrace/model"
)

// Whatever order spans, links and copies come in: while nothing was evicted, a
// snapshot gives what model.Builder makes of the same spans.
func TestSnapshotIsWhatBuilderBuilds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spans := drawSpans(t, 60)
		w := small(Limits{}, rapid.IntRange(1, 70).Draw(t, "capacity"))
		for rest := spans; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "request")
			w.Add(rest[:n], 1)
			rest = rest[n:]
		}
		s := w.Snapshot()
		defer s.Release()
		want, stats := build(spans), s.Stats()
		if stats.Evicted > 0 || stats.Accepted+stats.Duplicates != uint64(len(spans)) {
			t.Fatalf("%d spans: %+v", len(spans), stats)
		}
		got := s.Traces()
		sameTraces(t, got, want)
		copies := got.Odd.Duplicates + got.Odd.Differing + int(stats.Duplicates)
		if copies != want.Odd.Duplicates+want.Odd.Differing {
			t.Fatalf("%d copies, want those of %+v", copies, want.Odd)
		}
		for i := range want.List {
			sameTrace(t, s.Trace(want.List[i].ID), &want.List[i])
		}
		sameLinking(t, s, spans)
		pending := 0
		for id := range linkingOf(spans) {
			if want.Get(id) == nil {
				pending++
			}
		}
		if stats.Pending != pending || stats.Expired+stats.DroppedLinks != 0 {
			t.Fatalf("%+v, want %d pending", stats, pending)
		}
	})
}

// Eviction leaves the latest spans, whole, with their links and no others.
func TestWhatIsEvictedLeavesNothingBehind(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.IntRange(1, 6).Draw(t, "capacity")
		w := small(Limits{Spans: rapid.IntRange(capacity, 40).Draw(t, "limit")}, capacity)
		var accepted []model.Span
		epoch, marked := uint64(0), 0
		for _, span := range drawSpans(t, 120) {
			before := w.Stats().Accepted
			w.Add([]model.Span{span}, 1)
			if w.Stats().Accepted > before {
				accepted = append(accepted, span)
			}
			if !rapid.Bool().Draw(t, "look") {
				continue
			}
			s := w.Snapshot()
			kept := accepted[len(accepted)-s.Stats().Spans:]
			checkKept(t, w, s, kept)
			since := accepted[max(marked, len(accepted)-len(kept)):]
			if got, want := s.Touched(epoch), touchedBy(since); !slices.Equal(got, want) {
				t.Fatalf("touched %v, want %v", got, want)
			}
			epoch, marked = s.Epoch(), len(accepted)
			s.Release()
		}
	})
}

func checkKept(t *rapid.T, w *Window, s *Snapshot, kept []model.Span) {
	t.Helper()
	stats := s.Stats()
	if stats.Spans > w.limits.Spans || stats.Accepted != uint64(stats.Spans)+stats.Evicted {
		t.Fatalf("at most %d spans: %+v", w.limits.Spans, stats)
	}
	if got := slices.Collect(s.Spans); len(got) != len(kept) || len(kept) > 0 && !reflect.DeepEqual(got, kept) {
		t.Fatalf("spans %v, want %v", got, kept)
	}
	sameTraces(t, s.Traces(), build(kept))
	sameLinking(t, s, kept)
}
