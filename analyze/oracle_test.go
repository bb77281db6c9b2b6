package analyze_test

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// oracle is a second, naive implementation of method.md 2.2 to 2.4, written
// from the text alone, to be compared with the real one. It is slow: for each
// elementary piece it looks at all evidence.
//
// Where the text leaves a choice, the comment quotes the sentence and says how
// it was read.
type oracle struct {
	world   *role.World
	quantum int64
}

// answer is what the oracle says about a request.
type answer struct {
	stages     analyze.StageMap
	segments   []answerSegment
	flags      []string
	attempts   int
	early      int64
	late       int64
	contested  int64
	wasted     int64
	superseded int64
	offPath    []string
	chain      []*role.BatchInfo
	ttfb       *analyze.TTFBReport
}

type answerSegment struct {
	start, end     int64 // relative to the request's start
	stage          analyze.Stage
	attempt, level int
}

// try is an attempt of 2.3.
type try struct {
	queue           *role.Interval
	batch           *role.BatchInfo
	start, end, eff int64
	ok              bool
}

func (t *try) batchID() (id model.TraceID) {
	if t.batch != nil {
		id = t.batch.Trace
	}
	return id
}

func (t *try) queueID() (id model.SpanID) {
	if t.queue != nil {
		id = t.queue.Span.ID
	}
	return id
}

// gpus, preps and posts of a batch: its own and those of its outer batches
// ("Their GPU, prep and post spans count as b's").
func withOuter(b *role.BatchInfo, pick func(*role.BatchInfo) []*role.Interval) []*role.Interval {
	out := slices.Clone(pick(b))
	for _, outer := range b.Outer {
		out = append(out, pick(outer)...)
	}
	slices.SortStableFunc(out, func(x, y *role.Interval) int {
		return cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(x.End, y.End), x.Span.ID.Compare(y.Span.ID))
	})
	return out
}

func gpusOf(b *role.BatchInfo) []*role.Interval {
	return withOuter(b, func(b *role.BatchInfo) []*role.Interval { return b.GPU })
}

// closeOf returns when b closed, and what said so: form, rpc, server, gpu or
// batch. "First GPU start": an outer batch's GPU spans count.
func closeOf(b *role.BatchInfo) (int64, string) {
	switch gpus := gpusOf(b); {
	case b.Form != nil:
		return b.Form.End, "form"
	case b.RPC != nil:
		return b.RPC.Start, "rpc"
	case b.Server != nil:
		return b.Server.Start, "server"
	case len(gpus) > 0:
		return gpus[0].Start, "gpu"
	}
	return b.Start, "batch"
}

// scattersOf returns those whose member is r, else those with no member.
func scattersOf(r *role.RequestInfo, b *role.BatchInfo) (out []*role.Interval) {
	for _, mine := range []bool{true, false} {
		for _, s := range b.Scatter {
			if mine && slices.Contains(s.Members, r.Trace) || !mine && len(s.Members) == 0 {
				out = append(out, s)
			}
		}
		if len(out) > 0 {
			break
		}
	}
	return out
}

// readyAt is x(r,b), with the clock it was read on.
func readyAt(r *role.RequestInfo, b *role.BatchInfo) (x int64, domain string) {
	x, domain = math.MinInt64, b.Domain
	for _, s := range scattersOf(r, b) {
		if s.End > x {
			x, domain = s.End, s.Domain
		}
	}
	if x == math.MinInt64 {
		x = b.End
	}
	return x, domain
}

// tries lists the attempts of r. "The other batches of r, in order of (close,
// trace id)": the implicit batch is one of them.
func (o *oracle) tries(r *role.RequestInfo) (out []*try) {
	type unpaired struct {
		batch *role.BatchInfo
		named int64
	}
	var others []unpaired
	taken := map[*role.Interval]bool{}
	for _, m := range r.Members {
		for _, q := range m.Queues {
			taken[q] = true
			out = append(out, &try{queue: q, batch: m.Batch})
		}
		if len(m.Queues) == 0 {
			others = append(others, unpaired{m.Batch, m.Named})
		}
	}
	if r.Implicit != nil {
		others = append(others, unpaired{r.Implicit, 0})
	}
	slices.SortStableFunc(others, func(x, y unpaired) int {
		cx, _ := closeOf(x.batch)
		cy, _ := closeOf(y.batch)
		return cmp.Or(cmp.Compare(cx, cy), x.batch.Trace.Compare(y.batch.Trace))
	})
	for _, other := range others {
		t := &try{batch: other.batch}
		closed, _ := closeOf(other.batch)
		for _, q := range r.Queues {
			if !taken[q] && q.Start <= closed && (t.queue == nil || q.Start > t.queue.Start || q.Start == t.queue.Start && q.Span.ID.Compare(t.queue.Span.ID) > 0) {
				t.queue = q
			}
		}
		taken[t.queue] = true
		switch {
		case other.named != 0:
			t.start = other.named
		case other.batch.Form != nil:
			t.start = other.batch.Form.Start
		default:
			t.start = other.batch.Start
		}
		out = append(out, t)
	}
	for _, q := range r.Queues {
		if !taken[q] {
			out = append(out, &try{queue: q})
		}
	}
	for _, t := range out {
		if t.queue != nil {
			t.start, t.end = t.queue.Start, t.queue.End
		}
		if t.batch != nil {
			t.end, _ = readyAt(r, t.batch)
			t.ok = t.batch.Status == role.OK
		}
	}
	for _, t := range out {
		t.eff = t.end
		for _, other := range out {
			if !t.ok && other.start > t.start {
				t.eff = min(t.eff, other.start)
			}
		}
	}
	return out
}

// chain returns the attempts on the path, in order of time, and the others.
// Beyond what the text orders (two pairs of one batch), the larger queue span
// id wins.
func (o *oracle) chain(r *role.RequestInfo, hi int64) (chain, off []*try) {
	all := o.tries(r)
	largest := func(of []*try, key func(*try) [2]int64) (best *try) {
		for _, t := range of {
			if best == nil || cmp.Or(slices.Compare(first2(key(t)), first2(key(best))), bytes.Compare(id16(t), id16(best)), t.queueID().Compare(best.queueID())) > 0 {
				best = t
			}
		}
		return best
	}
	var timely, started []*try
	for _, t := range all {
		if t.ok && t.end <= hi+o.quantum {
			timely = append(timely, t)
		}
		if t.start < hi {
			started = append(started, t)
		}
	}
	final := largest(timely, func(t *try) [2]int64 { return [2]int64{t.end, t.start} })
	if final == nil {
		if len(started) == 0 {
			started = all
		}
		final = largest(started, func(t *try) [2]int64 { return [2]int64{t.start, t.end} })
	}
	for next := final; next != nil; {
		chain = append([]*try{next}, chain...)
		var before []*try
		for _, t := range all {
			if t.start < next.start && t.eff <= next.start+o.quantum {
				before = append(before, t)
			}
		}
		next = largest(before, func(t *try) [2]int64 { return [2]int64{t.eff, t.start} })
	}
	for _, t := range all {
		if !slices.Contains(chain, t) {
			off = append(off, t)
		}
	}
	return chain, off
}

func first2(a [2]int64) []int64 { return a[:] }

func id16(t *try) []byte { id := t.batchID(); return id[:] }

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
	add(60, analyze.Post, last, s1, 1)
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
