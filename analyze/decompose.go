package analyze

import (
	"slices"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// Decomposition is the exact partition of one request's time. All of it in ns.
type Decomposition struct {
	Request    *role.RequestInfo
	E2E        int64
	Stages     StageMap // sums to E2E
	Segments   []Segment
	Flags      Flags
	Attempts   int // on the chain
	Chain      []*role.BatchInfo
	OffPath    []*role.BatchInfo // sorted by trace id; none that is on the chain too
	Early      int64             // evidence cut off before the windows, and how long the gateway ran before the request
	Late       int64             // the same after them
	Contested  int64             // in which two things seem to go on that cannot go on at once
	Wasted     int64             // of attempts that failed
	Superseded int64             // work of failed attempts after their successors had started

	HasFirstByte bool
	FirstByte    int64 // from the request's start to the first response
}

// Segment is one piece of the partition, relative to the request's start.
type Segment struct {
	Start, End int64
	Stage      Stage
	Attempt    int         // 1.. for evidence of an attempt; 0: ingress, admission, egress, unattributed
	Level      int         // 2: an outer batch's; 1: other evidence; 0: unattributed
	Span       *model.Span // that gave the evidence; nil for gaps
}

// scratch is memory that is used again for each request.
type scratch struct {
	attempts []attempt
	unpaired []attempt
	queues   []waiting
	free     []int
	starts   []int64
	gather   gatherer
	sweep    sweeper
}

// Decompose gives every ns of [A,Z) to a stage (method.md 2.3, 2.4): find the
// attempts that the answer waited for, collect what their spans prove, and let
// the strongest evidence have each piece. The segments are only valid until the
// next call; Clone keeps them.
func (a *Analysis) Decompose(r *role.RequestInfo) Decomposition {
	return a.decompose(r, a.offsetsFor(r))
}

func (a *Analysis) decompose(r *role.RequestInfo, shift offsets) Decomposition {
	w := windowOf(r, shift)
	a.scratch.attempts = a.attempts(r, shift, a.scratch.attempts[:0])
	chain, off := splitChain(a.scratch.attempts, w.hi, a.opts.Quantum)

	g := &a.scratch.gather
	*g = gatherer{list: g.list[:0], early: g.early[:0], late: g.late[:0], superseded: g.superseded[:0]}
	g.addRequest(kindIngress, Ingress, w.a, w.g0, nil)
	g.addRequest(kindEgress, Egress, w.g1, w.z, nil)
	if r.Gateway != nil && len(r.Queues) > 0 {
		g.addRequest(kindAdmission, Admission, w.g0, firstQueued(r, shift), r.Gateway.Span)
	}
	for i := range chain {
		g.openWindow(chain, i, w)
		g.addAttempt(r, &chain[i], w.hi)
		if !g.final {
			g.addBetween(r, &chain[i], chain[i+1].start)
		}
	}

	d := Decomposition{Request: r, E2E: w.z - w.a, Attempts: len(chain)}
	a.scratch.sweep.run(g.list, w.a, w.z, &d)
	d.Early = plus(max(0, w.a-w.g0), measure(g.early))
	d.Late = plus(max(0, w.g1-w.z), measure(g.late))
	d.Superseded = measure(g.superseded)
	d.listBatches(chain, off)
	d.setFlags(chain, off, w, a.opts.Quantum)
	if d.Flags.Has(Retried) {
		for _, s := range d.Segments {
			if s.Attempt > 0 && s.Attempt < len(chain) {
				d.Wasted += s.End - s.Start
			}
		}
	}
	if r.FirstResponse != 0 {
		if first := r.FirstResponse + shift.at(r.Domain) - w.a; first >= 0 && first < d.E2E {
			d.HasFirstByte, d.FirstByte = true, first
		}
	}
	return d
}

// Clone returns a copy whose segments stay valid.
func (d Decomposition) Clone() Decomposition {
	d.Segments = slices.Clone(d.Segments)
	return d
}

// window is a request's [A,Z) with its gateway's [G0,G1), which is [A,Z) where
// there is no gateway, and what of it attempts can have: [lo,hi).
type window struct {
	a, z, g0, g1, lo, hi int64
}

func windowOf(r *role.RequestInfo, shift offsets) window {
	by := shift.at(r.Domain)
	w := window{a: r.Start + by, z: r.End + by}
	w.g0, w.g1 = w.a, w.z
	if r.Gateway != nil {
		by := shift.at(r.Gateway.Domain)
		w.g0, w.g1 = r.Gateway.Start+by, r.Gateway.End+by
	}
	w.lo, w.hi = max(w.a, w.g0), min(w.z, w.g1)
	return w
}

func firstQueued(r *role.RequestInfo, shift offsets) int64 {
	first := r.Queues[0].Start + shift.at(r.Queues[0].Domain)
	for _, q := range r.Queues[1:] {
		first = min(first, q.Start+shift.at(q.Domain))
	}
	return first
}

// openWindow lets the gatherer clip to attempt i's window: from its Q0 to the
// start of the next attempt, or to hi for the final one.
func (g *gatherer) openWindow(chain []attempt, i int, w window) {
	g.attempt, g.final = uint32(i+1), i == len(chain)-1
	g.from, g.to = w.lo, w.hi
	if chain[i].queue != nil {
		g.from = max(w.lo, chain[i].q0)
	}
	if !g.final {
		g.to = chain[i+1].start
	}
}

// addBetween covers the time from an attempt's result to the next attempt:
// backoff after a failure, admission after a success.
func (g *gatherer) addBetween(r *role.RequestInfo, t *attempt, next int64) {
	x, stage := t.q1, Backoff
	if t.facts != nil {
		x, _, _, _ = t.facts.handOver(r)
	}
	if t.ok {
		stage = Admission
	}
	g.add(kindBetween, stage, x, next, nil)
}

func (d *Decomposition) listBatches(chain, off []attempt) {
	for i := range chain {
		if chain[i].facts != nil {
			d.Chain = append(d.Chain, chain[i].facts.batch)
		}
	}
	if len(off) == 0 {
		return
	}
	seen := make(map[*role.BatchInfo]bool, len(chain)+len(off))
	for _, b := range d.Chain {
		seen[b] = true
	}
	for i := range off {
		if f := off[i].facts; f != nil && !seen[f.batch] {
			seen[f.batch] = true
			d.OffPath = append(d.OffPath, f.batch)
		}
	}
	slices.SortFunc(d.OffPath, func(x, y *role.BatchInfo) int { return x.Trace.Compare(y.Trace) })
}

// setFlags raises the flags of method.md 2.4.1; "over" there is "larger than
// the quantum" here.
func (d *Decomposition) setFlags(chain, off []attempt, w window, quantum int64) {
	r := d.Request
	set := func(flag Flags, when bool) {
		if when {
			d.Flags |= flag
		}
	}
	ok := r.Status == role.OK
	set(MissingGateway, r.Gateway == nil && r.Can.Has(role.Gateway))
	set(MissingQueue, len(r.Queues) == 0 && r.Can.Has(role.Queue))
	set(MissingBatch, len(r.Members) == 0 && r.Implicit == nil && r.Can.Has(role.Batch))
	set(ImplicitBatch, r.Implicit != nil)
	set(Fanout, len(off) > 0)
	set(SupersededWork, d.Superseded > quantum)
	set(ClippedEarly, d.Early > quantum)
	set(LateWork, d.Late > quantum && !ok)
	set(ClippedLate, d.Late > quantum && ok)
	set(Contested, d.Contested > quantum)
	set(SkewGatewayBeforeRequest, w.a-w.g0 > quantum)
	set(LateGateway, w.g1-w.z > quantum && !ok)
	set(SkewGatewayAfterRequest, w.g1-w.z > quantum && ok)
	if len(chain) == 0 {
		set(FlagCancelled, !ok)
		set(NoBatch, ok)
		return
	}
	if final := &chain[len(chain)-1]; final.facts == nil {
		gone := cancelled(r, final)
		set(FlagCancelled, gone)
		set(NoBatch, !gone)
	}
	failed := slices.ContainsFunc(chain[:len(chain)-1], func(t attempt) bool { return !t.ok })
	set(Retried, len(chain) > 1 && failed)
	set(MultiStage, len(chain) > 1 && !failed)
	for i := range chain {
		d.setBatchFlags(&chain[i], quantum)
	}
}

// setBatchFlags raises what one attempt on the chain says about its batch.
func (d *Decomposition) setBatchFlags(t *attempt, quantum int64) {
	if t.facts == nil {
		return
	}
	f, b := t.facts, t.facts.batch
	set := func(flag Flags, when bool) {
		if when {
			d.Flags |= flag
		}
	}
	set(MissingQueue, t.queue == nil && d.Request.Can.Has(role.Queue))
	set(MissingRPC, !f.hasRPC && b.Can.Has(role.RPC))
	set(MissingServer, !f.hasServer && b.Can.Has(role.Server))
	set(MissingGPU, f.hasServer && len(f.gpu) == 0 && b.Can.Has(role.GPU))
	set(LinksDropped, b.DroppedLinks > 0)
	set(CloseInferredRPC, f.closeFrom == closeRPC)
	set(CloseInferredServer, f.closeFrom == closeServer)
	set(CloseInferredGPU, f.closeFrom == closeGPU)
	set(CloseInferredBatch, f.closeFrom == closeBatch)
	if t.queue != nil {
		joined := t.q1 < f.close
		set(OpenInferredJoin, !f.hasOpen && joined)
		set(FormationUnsplit, !f.hasOpen && !joined)
	}
	observed := f.closeFrom == closeForm || f.closeFrom == closeRPC
	set(SkewClosedBeforeEnqueue, observed && t.queue != nil && t.q0-f.close > quantum)
	set(SkewServerBeforeClose, observed && f.hasServer && f.close-f.s0 > quantum)
	set(SkewServerAfterRPC, f.hasServer && f.hasRPC && f.s1-f.p1 > quantum)
}
