package analyze_test

import (
	"math"
	"slices"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/role"
)

// proof is a piece of evidence. Every kind of 2.4 has a rank of its own, so the
// rank is the kind.
type proof struct {
	start, end           int64
	stage                analyze.Stage
	rank, attempt, level int
}

// proofs returns the evidence of attempt k of the chain, unclipped.
func (o *oracle) proofs(r *role.RequestInfo, chain []*try, k int, hi int64) (out []proof) {
	t := chain[k]
	add := func(rank int, stage analyze.Stage, start, end int64, level int) {
		if start < end {
			out = append(out, proof{start, end, stage, rank, k + 1, level})
		}
	}
	final := k == len(chain)-1
	if t.batch == nil {
		add(30, analyze.QueueWait, t.queue.Start, t.queue.End, 1)
		// "Cancelled in queue: queue evidence to Q1, then reply [Q1, hi).
		// Sampled request without batch trace: queue_wait to Q1, rest
		// unattributed."
		if final && (t.queue.Status != role.OK || r.Status != role.OK) {
			add(75, analyze.Reply, t.queue.End, hi, 1)
		}
	} else {
		o.waiting(t, add)
		o.working(r, t.batch, add)
		x, _ := readyAt(r, t.batch)
		if final {
			add(75, analyze.Reply, x, hi, 1)
		}
		if scatters := scattersOf(r, t.batch); t.batch.RPC != nil {
			add(70, analyze.Scatter, t.batch.RPC.End, x, 1)
		} else if len(scatters) > 0 {
			// "from the first scatter span of r, or with no member, if P1 is
			// unknown": those that x looks at.
			add(70, analyze.Scatter, earliest(scatters), x, 1)
		}
	}
	if !final {
		stage := analyze.Backoff
		if t.ok {
			stage = analyze.Admission
		}
		add(5, stage, t.end, chain[k+1].start, 1)
	}
	return out
}

func earliest(of []*role.Interval) int64 {
	first := int64(math.MaxInt64)
	for _, iv := range of {
		first = min(first, iv.Start)
	}
	return first
}

func latest(of []*role.Interval) int64 {
	last := int64(math.MinInt64)
	for _, iv := range of {
		last = max(last, iv.End)
	}
	return last
}

// collecting returns o*, and whether open was known or inferred from the join.
// A queue span with an open end lasts to the close of the batch.
func collecting(t *try) (at int64, how string) {
	closed, _ := closeOf(t.batch)
	joined := t.queue.End
	if t.queue.OpenEnd {
		joined = closed
	}
	switch {
	case t.batch.Form != nil:
		at, how = max(t.queue.Start, t.batch.Form.Start), "form"
	case joined < closed:
		at, how = joined, "open_inferred:join"
	default:
		at, how = closed, "formation_unsplit"
	}
	return min(at, closed), how
}

func (o *oracle) waiting(t *try, add func(int, analyze.Stage, int64, int64, int)) {
	closed, _ := closeOf(t.batch)
	if t.queue != nil {
		open, _ := collecting(t)
		add(40, analyze.BatchFormation, open, closed, 1)
		add(30, analyze.QueueWait, t.queue.Start, open, 1)
	}
	server := t.batch.Server
	if server == nil {
		return
	}
	if server.Start >= closed {
		add(50, analyze.TransferIn, closed, server.Start, 1)
	}
	if t.batch.RPC != nil {
		add(65, analyze.TransferOut, server.End, t.batch.RPC.End, 1)
	}
	for _, outer := range t.batch.Outer {
		closed2, _ := closeOf(outer)
		// "with no form their whole wait is level-2 queue_wait": to close2.
		open2 := closed2
		if outer.Form != nil {
			open2 = outer.Form.Start
		}
		add(62, analyze.BatchFormation, max(server.Start, open2), min(closed2, server.End), 2)
		add(61, analyze.QueueWait, server.Start, min(max(server.Start, open2), server.End), 2)
	}
}

func (o *oracle) working(r *role.RequestInfo, b *role.BatchInfo, add func(int, analyze.Stage, int64, int64, int)) {
	gpus := gpusOf(b)
	for _, g := range gpus {
		if len(g.Members) == 0 || slices.Contains(g.Members, r.Trace) || slices.Contains(g.Members, b.Trace) {
			add(100, analyze.GPUCompute, g.Start, g.End, 1)
		} else {
			add(95, analyze.GPUPeer, g.Start, g.End, 1)
		}
	}
	for _, p := range withOuter(b, func(b *role.BatchInfo) []*role.Interval { return b.Prep }) {
		add(91, analyze.Prep, p.Start, p.End, 1)
	}
	for _, p := range withOuter(b, func(b *role.BatchInfo) []*role.Interval { return b.Post }) {
		add(90, analyze.Post, p.Start, p.End, 1)
	}
	if b.Server == nil || len(gpus) == 0 {
		return
	}
	s0, s1 := b.Server.Start, b.Server.End
	first, last := earliest(gpus), latest(gpus)
	others := o.othersOn(b, gpus[0])
	cuts := []int64{s0, min(first, s1)}
	for _, g := range others {
		cuts = append(cuts, g.Start, g.End)
	}
	slices.Sort(cuts)
	for i := 1; i < len(cuts); i++ {
		if cuts[i-1] < s0 || cuts[i] > min(first, s1) {
			continue
		}
		stage := analyze.HostWait
		for _, g := range others {
			if g.Start <= cuts[i-1] && cuts[i] <= g.End {
				stage = analyze.GPUQueue
			}
		}
		add(60, stage, cuts[i-1], cuts[i], 1)
	}
	// "[g_first, g_last) inside the server span not covered above": what covers
	// it has a larger rank.
	add(60, analyze.GPUGap, max(first, s0), min(last, s1), 1)
	// "post (base) [g_last, S1)": inside the server span, as the rows above it
	// are; GPU work that ended before S0 is of another clock.
	add(60, analyze.Post, max(last, s0), s1, 1)
}

// othersOn returns the GPU spans of other batches on the device of g. Other:
// neither b nor its outer batches, whose spans count as b's.
func (o *oracle) othersOn(b *role.BatchInfo, g *role.Interval) (out []*role.Interval) {
	if g.Device == "" {
		return nil
	}
	for _, other := range o.batches() {
		if other == b || slices.Contains(b.Outer, other) {
			continue
		}
		for _, span := range other.GPU {
			if span.Device == g.Device && span.Domain == g.Domain {
				out = append(out, span)
			}
		}
	}
	return out
}

// batches returns all that hold spans: those with a batch span and the
// implicit ones; a joined one holds what its implicit ones hold.
func (o *oracle) batches() (out []*role.BatchInfo) {
	for _, b := range o.world.Batches {
		if b.Span != nil {
			out = append(out, b)
		}
	}
	for _, r := range o.world.Requests {
		if r.Implicit != nil {
			out = append(out, r.Implicit)
		}
	}
	return out
}
