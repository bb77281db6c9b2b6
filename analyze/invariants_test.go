package analyze_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// The invariants of method.md 2.6 about requests, by their numbers.

// answers decomposes every request of the scene.
func (s *scene) answers() map[model.Ref]answer {
	out := map[model.Ref]answer{}
	a := s.analysis()
	for _, r := range s.world.Requests {
		out[r.Span.Ref()] = realAnswer(a, r)
	}
	return out
}

// same fails unless both scenes have the same answers.
func (s *scene) same(other *scene) {
	s.Helper()
	before, after := s.answers(), other.answers()
	if len(before) != len(after) {
		s.differ("%d requests, then %d", len(before), len(after))
	}
	for ref := range before {
		if x, y := answerText(before[ref]), answerText(after[ref]); x != y {
			s.differ("request %s:\n%s\nthen\n%s", ref.Trace, x, y)
		}
	}
}

func TestI1ToI3SumNonNegativeTiling(t *testing.T) {
	thorough(t, 5, func(t *rapid.T) {
		s := stage(t, anyWorld(t), anyQuantum(t))
		a := s.analysis()
		for _, r := range s.world.Requests {
			d := a.Decompose(r)
			var sum, at int64
			for stage, ns := range d.Stages {
				if ns < 0 {
					s.differ("%s is %d", analyze.Stage(stage), ns)
				}
				sum += ns
			}
			if sum != r.End-r.Start || d.E2E != sum {
				s.differ("stages of %s sum to %d of %d", r.Trace, sum, r.End-r.Start)
			}
			for _, segment := range d.Segments {
				if segment.Start != at || segment.End <= at {
					s.differ("segment %d..%d after %d", segment.Start, segment.End, at)
				}
				at = segment.End
			}
			if at != r.End-r.Start {
				s.differ("segments of %s end at %d of %d", r.Trace, at, r.End-r.Start)
			}
		}
	})
}

func TestI4Permutation(t *testing.T) {
	thorough(t, 3, func(t *rapid.T) {
		w := anyWorld(t)
		stage(t, w, 0).same(stage(t, rapid.Permutation(w).Draw(t, "order"), 0))
	})
}

func TestI5Translation(t *testing.T) {
	thorough(t, 3, func(t *rapid.T) {
		w := anyWorld(t)
		by := rapid.Int64Range(-toyEpoch/2, toyEpoch).Draw(t, "by")
		stage(t, w, 0).same(stage(t, w.retime(func(_ string, at int64) int64 { return at + by }), 0))
	})
}

func TestI6Scaling(t *testing.T) {
	thorough(t, 3, func(t *rapid.T) {
		w, quantum := anyWorld(t), anyQuantum(t)
		k := rapid.Int64Range(2, 1_000_000).Draw(t, "k")
		scaled := stage(t, w.retime(func(_ string, at int64) int64 { return toyEpoch + (at-toyEpoch)*k }), quantum*k)
		s, after := stage(t, w, quantum), scaled.answers()
		for ref, a := range s.answers() {
			if x, y := answerText(a.times(k)), answerText(after[ref]); x != y {
				s.differ("request %s, times %d:\n%s\nthen\n%s", ref.Trace, k, x, y)
			}
		}
	})
}

func (a answer) times(k int64) answer {
	for i := range a.stages {
		a.stages[i] *= k
	}
	for i := range a.segments {
		a.segments[i].start *= k
		a.segments[i].end *= k
	}
	a.early, a.late, a.contested, a.wasted, a.superseded = a.early*k, a.late*k, a.contested*k, a.wasted*k, a.superseded*k
	if a.ttfb != nil {
		first := *a.ttfb
		first.E2E *= k
		for i := range first.Stages {
			first.Stages[i] *= k
		}
		a.ttfb = &first
	}
	return a
}

func TestI7Duplicates(t *testing.T) {
	thorough(t, 3, func(t *rapid.T) {
		w := anyWorld(t)
		again := slices.Clone(w)
		for _, s := range w {
			if rapid.Bool().Draw(t, "again") {
				again = append(again, s)
			}
		}
		stage(t, w, 0).same(stage(t, again, 0))
	})
}

// anyOf draws a span with one of the roles whose id no other span has.
func (w toys) anyOf(t *rapid.T, roles ...role.Role) (int, bool) {
	var found []int
	for i, s := range w {
		twin := slices.IndexFunc(w, func(o toy) bool { return o.Trace == s.Trace && o.ID == s.ID && o.Start != s.Start })
		if slices.Contains(roles, s.role) && twin < 0 {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return 0, false
	}
	return rapid.SampledFrom(found).Draw(t, "one of"), true
}

func TestI8Split(t *testing.T) {
	thorough(t, 4, func(t *rapid.T) {
		w := simulate(t, staggered)
		for range rapid.IntRange(0, 2).Draw(t, "skewed") {
			w = spoil(t, w)
		}
		i, ok := w.anyOf(t, role.GPU)
		if !ok || w[i].End-w[i].Start < 2 {
			return
		}
		split := w.clone()
		half := split[i]
		half.ID[1], half.Links = 1, nil
		split[i].End = rapid.Int64Range(half.Start+1, half.End-1).Draw(t, "cut")
		half.Start = split[i].End
		stage(t, w, 0).same(stage(t, append(split, half), 0))
	})
}

func TestI9Empty(t *testing.T) {
	thorough(t, 4, func(t *rapid.T) {
		w := simulate(t, staggered)
		i, ok := w.anyOf(t, role.Prep, role.Post, role.GPU)
		if !ok {
			return
		}
		empty := w[i] // within its twin a GPU span defines no milestone
		empty.ID[1] = 1
		if empty.role == role.GPU && empty.Start == empty.End {
			return
		}
		empty.Start = rapid.Int64Range(empty.Start, empty.End).Draw(t, "at")
		if empty.role != role.GPU {
			empty.Start += rapid.Int64Range(-30, 30).Draw(t, "by")
		}
		empty.End = empty.Start
		stage(t, w, 0).same(stage(t, append(w.clone(), empty), 0))
	})
}

// Copies of a request must enter the queue together: while one that is not on
// the path waits alone, there is no evidence.
func TestI10Clean(t *testing.T) {
	thorough(t, 10, func(t *rapid.T) {
		s := stage(t, simulate(t, together), 0)
		for ref, a := range s.answers() {
			if a.contested != 0 || a.early != 0 || a.late != 0 || a.stages[analyze.Unattributed] != 0 {
				s.differ("request %s:\n%s", ref.Trace, answerText(a))
			}
		}
	})
}

func TestI11DomainShift(t *testing.T) {
	thorough(t, 6, func(t *rapid.T) {
		w := simulate(t, together)
		domain, by := rapid.SampledFrom([]string{"G1", "K1", "K2", "S1", "S2"}).Draw(t, "domain"), rapid.Int64Range(-8, 8).Draw(t, "by")
		s := stage(t, w, 0)
		shifted := stage(t, w.retime(func(d string, at int64) int64 {
			if d == domain {
				at += by
			}
			return at
		}), 0).answers()
		for ref, a := range s.answers() {
			b := shifted[ref]
			if sumOf(a.stages) != sumOf(b.stages) {
				s.differ("request %s lasts %d, then %d", ref.Trace, sumOf(a.stages), sumOf(b.stages))
			}
			clipped := b.contested + b.early + b.late + b.superseded + a.superseded
			if clipped == 0 && slices.Equal(a.chainIDs(), b.chainIDs()) && a.stages[analyze.GPUCompute]+a.stages[analyze.GPUPeer] != b.stages[analyze.GPUCompute]+b.stages[analyze.GPUPeer] {
				s.differ("request %s, %s by %d:\n%s\nthen\n%s", ref.Trace, domain, by, answerText(a), answerText(b))
			}
		}
	})
}

// chainIDs lists the batches on the path by their ids, which stay the same in
// another world.
func (a *answer) chainIDs() (ids []model.TraceID) {
	for _, b := range a.chain {
		ids = append(ids, b.Trace)
	}
	return ids
}

func sumOf(m analyze.StageMap) (sum int64) {
	for _, ns := range m {
		sum += ns
	}
	return sum
}

// Where several copies of a request are under way, a late one can look like
// the one that answered, so requests have one attempt at a time here.
func TestI12SkewIsSound(t *testing.T) {
	thorough(t, 5, func(t *rapid.T) {
		offsets := map[string]int64{}
		for _, domain := range []string{"G1", "G2", "K1", "K2", "S1", "S2"} {
			offsets[domain] = rapid.Int64Range(-50, 50).Draw(t, domain)
		}
		s := stage(t, simulate(t, single).retime(func(domain string, at int64) int64 { return at + offsets[domain] }), anyQuantum(t))
		a := s.analysis()
		for _, r := range s.world.Requests {
			report, _ := a.Inspect(r.Trace, r.Span.ID)
			for _, pair := range report.Skew {
				truth := offsets[pair.From] - offsets[pair.To]
				if pair.Lo != nil && truth < *pair.Lo || pair.Hi != nil && truth > *pair.Hi {
					s.differ("%s, but it is %d", skewText(pair), truth)
				}
			}
		}
	})
}

func TestI13Little(t *testing.T) {
	thorough(t, 3, func(t *rapid.T) {
		s := stage(t, anyWorld(t), 0)
		a := s.analysis()
		var sums, integrals analyze.StageMap
		var inStage [analyze.NumStages][]proof
		for _, r := range s.world.Requests {
			d := a.Decompose(r)
			for stage, ns := range d.Stages {
				sums[stage] += ns
			}
			for _, segment := range d.Segments {
				inStage[segment.Stage] = append(inStage[segment.Stage], proof{start: r.Start + segment.Start, end: r.Start + segment.End})
			}
		}
		for stage, all := range inStage {
			for _, piece := range pieces(all, toyEpoch-minute, toyEpoch+minute) {
				integrals[stage] += (piece[1] - piece[0]) * int64(len(active(all, piece)))
			}
		}
		if sums != integrals {
			s.differ("sums %v, integrals %v", sums, integrals)
		}
	})
}

func TestI14Missing(t *testing.T) {
	thorough(t, 8, func(t *rapid.T) {
		w := simulate(t, together)
		i, ok := w.anyOf(t, role.Server, role.GPU, role.RPC, role.Queue)
		if !ok {
			return
		}
		s, after := stage(t, w, 0), stage(t, slices.Delete(w.clone(), i, i+1), 0).answers()
		for ref, a := range s.answers() {
			if b := after[ref]; b.stages[analyze.Unattributed] < a.stages[analyze.Unattributed] {
				s.differ("request %s without %s/%s:\n%s\nthen\n%s", ref.Trace, w[i].Trace, w[i].ID, answerText(a), answerText(b))
			}
		}
	})
}

func TestI15OffPath(t *testing.T) {
	thorough(t, 8, func(t *rapid.T) {
		w := simulate(t, together)
		s := stage(t, w, 0)
		r := rapid.SampledFrom(s.world.Requests).Draw(t, "request")
		chain, _ := s.oracle.chain(r, min(r.End, r.Gateway.End))
		if len(chain) == 0 || !chain[len(chain)-1].ok {
			return
		}
		last := chain[len(chain)-1]
		if last.end <= last.start {
			return
		}
		start := rapid.Int64Range(last.start, last.end-1).Draw(t, "start")
		end := rapid.Int64Range(start, last.end-1).Draw(t, "end")
		queue := toy{role: role.Queue, domain: r.Gateway.Domain, Draft: model.Draft{
			Trace: r.Trace, ID: model.SpanID{1}, Parent: r.Gateway.Span.ID, Start: start, End: end,
		}}
		batch := toy{role: role.Batch, domain: "K1", Draft: model.Draft{
			Trace: model.TraceID{0xee}, ID: model.SpanID{1}, Start: start, End: end, Links: []model.DraftLink{{Ref: model.Ref{Trace: r.Trace, Span: queue.ID}}},
		}}
		before, after := s.answers()[r.Span.Ref()], stage(t, append(w.clone(), queue, batch), 0).answers()[r.Span.Ref()]
		if before.stages != after.stages {
			s.differ("request %s with %d..%d:\n%s\nthen\n%s", r.Trace, start-toyEpoch, end-toyEpoch, answerText(before), answerText(after))
		}
	})
}

// The legs of a call as the correction leaves them are within what its bounds
// allow, if it is these bounds that the correction is from, and their sum does
// not depend on the clocks.
func TestI20Bounds(t *testing.T) {
	thorough(t, 8, func(t *rapid.T) {
		domain, by := rapid.SampledFrom([]string{"S1", "S2", "K1"}).Draw(t, "domain"), rapid.Int64Range(-30, 30).Draw(t, "by")
		s := stage(t, simulate(t, single).retime(func(d string, at int64) int64 {
			if d == domain {
				at += by
			}
			return at
		}), 0)
		a := analyze.New(s.world, analyze.Options{Skew: analyze.SkewMin})
		for _, r := range s.world.Requests {
			d := a.Decompose(r).Clone()
			if d.Attempts != 1 || len(d.Flags.Names()) > 0 {
				continue
			}
			b := d.Chain[0]
			closed, _ := closeOf(b)
			in, out := d.Stages[analyze.TransferIn], d.Stages[analyze.TransferOut]
			if both := (b.RPC.End - closed) - (b.Server.End - b.Server.Start); in+out != both {
				s.differ("request %s: legs %d and %d of %d", r.Trace, in, out, both)
			}
			report, _ := a.Inspect(r.Trace, r.Span.ID)
			first := slices.IndexFunc(report.Skew, func(pair analyze.SkewReport) bool { return pair.To == b.Server.Domain })
			if first < 0 || report.Skew[first].From != b.RPC.Domain {
				continue // another pair sets the server's clock
			}
			lo, hi := *report.Skew[first].Lo, *report.Skew[first].Hi
			s.within("transfer_in", in, max(0, b.Server.Start-closed+lo), b.Server.Start-closed+hi, hi-lo)
			s.within("transfer_out", out, max(0, b.RPC.End-b.Server.End-hi), b.RPC.End-b.Server.End-lo, hi-lo)
		}
	})
}

func (s *scene) within(what string, ns, earliest, latest, width int64) {
	s.Helper()
	if ns < earliest || ns > latest || latest-earliest > width {
		s.differ("%s %d is not within %d..%d, or that is wider than %d", what, ns, earliest, latest, width)
	}
}

func TestI21FirstByte(t *testing.T) {
	thorough(t, 3, func(t *rapid.T) {
		s := stage(t, anyWorld(t), 0)
		for _, r := range s.world.Requests {
			a := s.answers()[r.Span.Ref()]
			if a.ttfb == nil {
				continue
			}
			if sum := sumOf(a.ttfb.Stages); sum != r.FirstResponse-r.Start || sum != a.ttfb.E2E {
				s.differ("request %s: first byte at %d, stages sum to %d", r.Trace, r.FirstResponse-r.Start, sum)
			}
			for stage, ns := range a.ttfb.Stages {
				if ns > a.stages[stage] {
					s.differ("request %s: %d of %d ns of %s until the first byte", r.Trace, ns, a.stages[stage], analyze.Stage(stage))
				}
			}
		}
	})
}
