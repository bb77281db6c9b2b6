package analyze

import (
	"cmp"
	"slices"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// kind is a row of the evidence table of method.md 2.4. Several rows may share
// a stage.
type kind uint8

const (
	kindGPU kind = iota
	kindPeer
	kindPrep
	kindPost
	kindBase // gpu_queue, host_wait, gpu_gap and base post are one kind: the server's
	kindOuterFormation
	kindOuterQueue
	kindEgress
	kindReply
	kindScatter
	kindTransferOut
	kindTransferIn
	kindFormation
	kindQueue
	kindAdmission
	kindIngress
	kindBetween // backoff, or admission after an attempt that succeeded
	numKinds
)

// ranks decide between pieces of evidence for the same ns: the larger wins.
var ranks = [numKinds]uint8{
	kindGPU: 100, kindPeer: 95, kindPrep: 91, kindPost: 90, kindEgress: 80, kindReply: 75, kindScatter: 70, kindTransferOut: 65,
	kindOuterFormation: 62, kindOuterQueue: 61, kindBase: 60, kindTransferIn: 50, kindFormation: 40, kindQueue: 30,
	kindAdmission: 20, kindIngress: 10, kindBetween: 5,
}

// together are the kinds that can go on at once: a batch's GPU, host and outer
// batch. Any other two active kinds contest the ns.
const together = 1<<kindGPU | 1<<kindPeer | 1<<kindPrep | 1<<kindPost | 1<<kindBase | 1<<kindOuterFormation | 1<<kindOuterQueue

// evidence says that one kind of thing went on in [start,end), as far as one
// attempt can tell.
type evidence struct {
	start, end int64
	kind       kind
	stage      Stage
	attempt    uint32 // 1.. in the order of the chain; 0: the request itself
	span       *model.Span
}

func (e *evidence) level() uint8 {
	if e.kind == kindOuterFormation || e.kind == kindOuterQueue {
		return 2
	}
	return 1
}

// priority packs (rank, attempt, level) so that the larger number wins.
func (e *evidence) priority() uint64 {
	return uint64(ranks[e.kind])<<40 | uint64(e.attempt)<<8 | uint64(e.level())
}

// gatherer collects the evidence of one request and what its windows cut off.
type gatherer struct {
	list       []evidence
	early      []span64 // cut off before the windows of the chain
	late       []span64 // cut off after the final attempt's window
	superseded []span64 // cut off after the other attempts' windows

	from, to int64 // window of the attempt at hand
	attempt  uint32
	final    bool
}

type span64 struct{ start, end int64 }

// add clips a piece of evidence of the attempt at hand to its window; what is
// cut off is counted, not dropped in silence.
func (g *gatherer) add(k kind, stage Stage, start, end int64, span *model.Span) {
	if start >= end {
		return
	}
	if start < g.from {
		g.early = append(g.early, span64{start, min(end, g.from)})
	}
	if end > g.to {
		rest := span64{max(start, g.to), end}
		if g.final {
			g.late = append(g.late, rest)
		} else {
			g.superseded = append(g.superseded, rest)
		}
	}
	start, end = max(start, g.from), min(end, g.to)
	if start < end {
		g.list = append(g.list, evidence{start, end, k, stage, g.attempt, span})
	}
}

// addRequest adds what the request and its gateway say; nothing clips it but
// the request itself.
func (g *gatherer) addRequest(k kind, stage Stage, start, end int64, span *model.Span) {
	if start < end {
		g.list = append(g.list, evidence{start: start, end: end, kind: k, stage: stage, span: span})
	}
}

// addAttempt adds all evidence of an attempt (method.md 2.4).
func (g *gatherer) addAttempt(r *role.RequestInfo, t *attempt, hi int64) {
	if t.facts == nil {
		g.addQueue(t, t.q1)
		if g.final && cancelled(r, t) {
			g.add(kindReply, Reply, t.q1, hi, nil)
		}
		return
	}
	f := t.facts
	g.addWait(t)
	g.addServer(f)
	g.addWork(f, r)
	x, _, firstScatter, lastScatter := f.handOver(r)
	from, handing := f.p1, f.hasRPC
	if !handing && firstScatter != nil {
		from, handing = firstScatter.start, true
	}
	if handing {
		span := f.batch.Span
		if lastScatter != nil {
			span = lastScatter.Span
		}
		g.add(kindScatter, Scatter, from, x, span)
	}
	if g.final {
		g.add(kindReply, Reply, x, hi, nil)
	}
}

// cancelled reports whether a request that no batch took was given up, rather
// than served by a batch that is not loaded.
func cancelled(r *role.RequestInfo, final *attempt) bool {
	return r.Status != role.OK || final.queue.Status != role.OK
}

// addWait splits the wait for the batch at o*: before it no consumer was
// collecting, after it the batch was being formed.
func (g *gatherer) addWait(t *attempt) {
	if t.queue == nil {
		return
	}
	f := t.facts
	split := f.close
	span := f.batch.Span
	switch {
	case f.hasOpen:
		split = max(t.q0, f.open)
		span = f.batch.Form.Span
	case t.q1 < f.close:
		split = t.q1
	}
	split = min(split, f.close)
	g.addQueue(t, split)
	g.add(kindFormation, BatchFormation, split, f.close, span)
}

func (g *gatherer) addQueue(t *attempt, end int64) {
	if t.queue.Parts == nil {
		g.add(kindQueue, QueueWait, t.q0, end, t.queue.Span)
		return
	}
	by := t.q0 - t.queue.Start
	for _, part := range t.queue.Parts {
		g.add(kindQueue, QueueWait, max(part.Start+by, t.q0), min(part.End+by, end), t.queue.Span)
	}
}

// addServer adds what lies around and inside the server span.
func (g *gatherer) addServer(f *batchFacts) {
	if !f.hasServer {
		return
	}
	if f.s0 >= f.close {
		g.add(kindTransferIn, TransferIn, f.close, f.s0, nil)
	}
	for _, p := range f.base {
		g.add(kindBase, p.stage, p.start, p.end, f.batch.Server.Span)
	}
	for _, outer := range f.outer {
		opened := max(f.s0, outer.open)
		g.add(kindOuterQueue, QueueWait, f.s0, min(opened, f.s1), nil)
		var span *model.Span
		if outer.batch.Form != nil {
			span = outer.batch.Form.Span
		}
		g.add(kindOuterFormation, BatchFormation, opened, min(outer.close, f.s1), span)
	}
	if f.hasRPC {
		g.add(kindTransferOut, TransferOut, f.s1, f.p1, nil)
	}
}

func (g *gatherer) addWork(f *batchFacts, r *role.RequestInfo) {
	for _, w := range f.gpu {
		if f.ownWork(w.Interval, r) {
			g.add(kindGPU, GPUCompute, w.start, w.end, w.Span)
		} else {
			g.add(kindPeer, GPUPeer, w.start, w.end, w.Span)
		}
	}
	for _, w := range f.prep {
		g.add(kindPrep, Prep, w.start, w.end, w.Span)
	}
	for _, w := range f.post {
		g.add(kindPost, Post, w.start, w.end, w.Span)
	}
}

// measure is the length of the union of the stretches; it sorts them.
func measure(list []span64) (total int64) {
	slices.SortFunc(list, func(x, y span64) int { return cmp.Compare(x.start, y.start) })
	end := int64(0)
	for i, s := range list {
		if i == 0 || s.start > end {
			end = s.start
		}
		if s.end > end {
			total += s.end - end
			end = s.end
		}
	}
	return total
}
