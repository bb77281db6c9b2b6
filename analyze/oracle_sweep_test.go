package analyze_test

import (
	"math"
	"slices"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/role"
)

// decompose is method.md 2.4: evidence, clipped to the attempts' windows, swept
// piece by piece.
func (o *oracle) decompose(r *role.RequestInfo) (a answer) {
	lo, hi := r.Start, r.End
	if g := r.Gateway; g != nil {
		lo, hi = max(lo, g.Start), min(hi, g.End)
	}
	chain, off := o.chain(r, hi)
	a.attempts = len(chain)
	all := requestProofs(r)
	var early, late, superseded []proof
	for k, t := range chain {
		from, to := lo, hi
		if t.queue != nil {
			from = max(lo, t.queue.Start)
		}
		if k < len(chain)-1 {
			to = chain[k+1].start
		}
		for _, p := range o.proofs(r, chain, k, hi) {
			early = append(early, cut(p, math.MinInt64, from))
			if k == len(chain)-1 {
				late = append(late, cut(p, to, math.MaxInt64))
			} else {
				superseded = append(superseded, cut(p, to, math.MaxInt64))
			}
			all = append(all, cut(p, from, to))
		}
	}
	a.early, a.late, a.superseded = measure(early), measure(late), measure(superseded)
	if g := r.Gateway; g != nil {
		a.early += max(0, r.Start-g.Start)
		a.late += max(0, g.End-r.End)
	}
	o.sweep(r, all, len(chain), &a)
	if !retried(chain) {
		a.wasted = 0
	}
	for _, t := range chain {
		if t.batch != nil && !slices.Contains(a.chain, t.batch) {
			a.chain = append(a.chain, t.batch)
		}
	}
	for _, t := range off {
		if t.batch != nil && !slices.Contains(a.chain, t.batch) {
			a.offPath = append(a.offPath, t.batch.Trace.String())
		}
	}
	slices.Sort(a.offPath)
	a.offPath = slices.Compact(a.offPath)
	a.flags = o.flags(r, chain, off, &a)
	a.firstByte(r)
	return a
}

// requestProofs is the evidence that belongs to no attempt.
func requestProofs(r *role.RequestInfo) (out []proof) {
	g := r.Gateway
	if g == nil {
		return nil
	}
	out = append(out,
		proof{g.End, r.End, analyze.Egress, 80, 0, 1},
		proof{r.Start, g.Start, analyze.Ingress, 10, 0, 1})
	if len(r.Queues) > 0 {
		out = append(out, proof{g.Start, earliest(r.Queues), analyze.Admission, 20, 0, 1})
	}
	return out
}

func cut(p proof, from, to int64) proof {
	p.start, p.end = max(p.start, from), min(p.end, to)
	return p
}

// measure returns the length of the union.
func measure(of []proof) (sum int64) {
	for _, piece := range pieces(of, math.MinInt64, math.MaxInt64) {
		if len(active(of, piece)) > 0 {
			sum += piece[1] - piece[0]
		}
	}
	return sum
}

// pieces cuts [from, to) at all ends of evidence.
func pieces(of []proof, from, to int64) (out [][2]int64) {
	var cuts []int64
	for _, p := range of {
		if p.start < p.end {
			cuts = append(cuts, p.start, p.end)
		}
	}
	if from > math.MinInt64 {
		cuts = append(cuts, from, to)
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	for i := 1; i < len(cuts); i++ {
		if from <= cuts[i-1] && cuts[i] <= to {
			out = append(out, [2]int64{cuts[i-1], cuts[i]})
		}
	}
	return out
}

func active(of []proof, piece [2]int64) (out []proof) {
	for _, p := range of {
		if p.start <= piece[0] && piece[1] <= p.end {
			out = append(out, p)
		}
	}
	return out
}

func (o *oracle) sweep(r *role.RequestInfo, all []proof, attempts int, a *answer) {
	for _, piece := range pieces(all, r.Start, r.End) {
		best := proof{stage: analyze.Unattributed, rank: -1}
		together := active(all, piece)
		for _, p := range together {
			if slices.Compare([]int{p.rank, p.attempt, p.level}, []int{best.rank, best.attempt, best.level}) > 0 {
				best = p
			}
		}
		length := piece[1] - piece[0]
		a.stages[best.stage] += length
		if conflicting(together) {
			a.contested += length
		}
		if 0 < best.attempt && best.attempt < attempts {
			a.wasted += length
		}
		s := answerSegment{piece[0] - r.Start, piece[1] - r.Start, best.stage, best.attempt, best.level}
		if n := len(a.segments); n > 0 && a.segments[n-1].stage == s.stage && a.segments[n-1].attempt == s.attempt && a.segments[n-1].level == s.level {
			a.segments[n-1].end = s.end
			continue
		}
		a.segments = append(a.segments, s)
	}
}

// conflicting reports whether two kinds are active that cannot go on at once.
func conflicting(together []proof) bool {
	for _, x := range together {
		for _, y := range together {
			if x.rank != y.rank && !(workKind(x.rank) && workKind(y.rank)) {
				return true
			}
		}
	}
	return false
}

func workKind(rank int) bool { return slices.Contains([]int{100, 95, 91, 90, 60, 61, 62}, rank) }

func retried(chain []*try) bool {
	return slices.ContainsFunc(chain[:max(0, len(chain)-1)], func(t *try) bool { return !t.ok })
}

func (a *answer) firstByte(r *role.RequestInfo) {
	first := r.FirstResponse
	if first == 0 || first < r.Start || first >= r.End {
		return
	}
	a.ttfb = &analyze.TTFBReport{E2E: first - r.Start}
	for _, s := range a.segments {
		if s.start < a.ttfb.E2E {
			a.ttfb.Stages[s.stage] += min(s.end, a.ttfb.E2E) - s.start
		}
	}
}

// flags is the list of 2.4.1.
func (o *oracle) flags(r *role.RequestInfo, chain, off []*try, a *answer) []string {
	set := map[string]bool{}
	raise := func(name string, when bool) {
		if when {
			set[name] = true
		}
	}
	over := func(ns int64) bool { return ns > o.quantum }
	ok := r.Status == role.OK
	raise("missing:gateway", r.Gateway == nil && r.Can.Has(role.Gateway))
	raise("missing:queue", len(r.Queues) == 0 && r.Can.Has(role.Queue))
	raise("missing:batch", len(r.Members) == 0 && r.Implicit == nil && r.Can.Has(role.Batch))
	if len(chain) == 0 || chain[len(chain)-1].batch == nil {
		cancelled := !ok || len(chain) > 0 && chain[len(chain)-1].queue.Status != role.OK
		raise("cancelled", cancelled)
		raise("no_batch", !cancelled)
	}
	// "one implicit batch with the member r alone, ...; flag implicit_batch":
	// wherever there is one.
	raise("implicit_batch", r.Implicit != nil)
	raise("fanout", len(off) > 0)
	raise("retried", retried(chain))
	raise("multi_stage", len(chain) > 1 && !retried(chain))
	raise("superseded_work", over(a.superseded))
	raise("clipped_early", over(a.early))
	raise("late_work", over(a.late) && !ok)
	raise("clipped_late", over(a.late) && ok)
	raise("contested", over(a.contested))
	if g := r.Gateway; g != nil {
		raise("skew_suspect:gateway_before_request", over(r.Start-g.Start))
		raise("late_gateway", over(g.End-r.End) && !ok)
		raise("skew_suspect:gateway_after_request", over(g.End-r.End) && ok)
	}
	for _, t := range chain {
		if t.batch != nil {
			o.batchFlags(r, t, raise)
		}
	}
	names := []string{}
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (o *oracle) batchFlags(r *role.RequestInfo, t *try, raise func(string, bool)) {
	b := t.batch
	over := func(ns int64) bool { return ns > o.quantum }
	closed, by := closeOf(b)
	told := by == "form" || by == "rpc"
	raise("missing:queue", t.queue == nil && r.Can.Has(role.Queue))
	raise("missing:rpc", b.RPC == nil && b.Can.Has(role.RPC))
	raise("missing:server", b.Server == nil && b.Can.Has(role.Server))
	raise("missing:gpu", b.Server != nil && len(gpusOf(b)) == 0 && b.Can.Has(role.GPU))
	raise("close_inferred:"+by, by != "form")
	raise("links_dropped", b.DroppedLinks > 0)
	if t.queue != nil {
		if _, how := collecting(t); how != "form" {
			raise(how, true)
		}
		raise("skew_suspect:closed_before_enqueue", told && over(t.queue.Start-closed))
	}
	if b.Server != nil {
		raise("skew_suspect:server_before_close", told && over(closed-b.Server.Start))
		if b.RPC != nil {
			raise("skew_suspect:server_after_rpc", over(b.Server.End-b.RPC.End))
		}
	}
}
