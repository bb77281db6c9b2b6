package analyze

import (
	"cmp"
	"math"
	"slices"

	"github.com/pfptrace/pfptrace/analyze/role"
)

// leg is a hop between two clocks, in the order in which corrections travel.
type leg uint8

const (
	clientToGateway leg = iota
	gatewayToConsumer
	consumerToServer
)

// clockPair names two clock domains and the hop between them.
type clockPair struct {
	leg      leg
	from, to string
}

// interval64 bounds an offset; MinInt64 and MaxInt64 are no bound.
type interval64 struct{ lo, hi int64 }

func unbounded() interval64 { return interval64{math.MinInt64, math.MaxInt64} }

// skewBucket is for how long an offset is taken to be constant.
const skewBucket = 60e9

func bucketOf(start int64) int64 { return start / skewBucket }

// skewBounds are the constraints of method.md 2.5, by bucket of the request's
// or the batch's start: what must be added to the clock of pair.to to express
// it on that of pair.from lies in the interval.
type skewBounds map[int64]map[clockPair]interval64

// constrain narrows a pair's bounds. A pair of one domain has no offset.
func (s skewBounds) constrain(start int64, pair clockPair, lo, hi int64) {
	if pair.from == pair.to {
		return
	}
	bucket := s[bucketOf(start)]
	if bucket == nil {
		bucket = make(map[clockPair]interval64)
		s[bucketOf(start)] = bucket
	}
	bounds, ok := bucket[pair]
	if !ok {
		bounds = unbounded()
	}
	bucket[pair] = interval64{max(bounds.lo, lo), min(bounds.hi, hi)}
}

// collectSkew reads the constraints out of all requests and batches: of a
// synchronous call X0 - Y0 <= offset <= X1 - Y1; of a member offset >=
// Q0 - close, and of an answer offset <= G1 - x. Bounds are widened by the
// quantum.
func (a *Analysis) collectSkew() skewBounds {
	bounds := make(skewBounds)
	q := a.opts.Quantum
	for _, r := range a.world.Requests {
		if g := r.Gateway; g != nil && g.Domain != r.Domain && r.Status == role.OK && g.Status == role.OK {
			bounds.constrain(r.Start, clockPair{clientToGateway, r.Domain, g.Domain}, plus(r.Start-g.Start, -q), plus(r.Span.End-g.End, q))
		}
		a.constrainConsumers(bounds, r)
	}
	for _, b := range a.world.Batches {
		bounds.constrainServer(b, q)
	}
	return bounds
}

func (s skewBounds) constrainServer(b *role.BatchInfo, quantum int64) {
	rpc, server := b.RPC, b.Server
	if rpc != nil && server != nil && rpc.Status == role.OK && server.Status == role.OK {
		s.constrain(b.Start, clockPair{consumerToServer, rpc.Domain, server.Domain}, plus(rpc.Start-server.Start, -quantum), plus(rpc.End-server.End, quantum))
	}
}

// constrainConsumers bounds the consumers' clocks against the gateway's.
func (a *Analysis) constrainConsumers(bounds skewBounds, r *role.RequestInfo) {
	q := a.opts.Quantum
	a.scratch.attempts = a.attempts(r, nil, a.scratch.attempts[:0])
	for i := range a.scratch.attempts {
		t := &a.scratch.attempts[i]
		if t.queue == nil || t.facts == nil || t.facts.closeFrom != closeForm && t.facts.closeFrom != closeRPC {
			continue
		}
		bounds.constrain(r.Start, clockPair{gatewayToConsumer, t.queue.Domain, t.facts.closeDomain}, plus(t.q0-t.facts.close, -q), math.MaxInt64)
	}
	if r.Gateway == nil || r.Status != role.OK {
		return
	}
	chain, _ := splitChain(a.scratch.attempts, windowOf(r, nil).hi, q)
	for i := range chain {
		if t := &chain[i]; t.ok {
			x, domain, _, _ := t.facts.handOver(r)
			bounds.constrain(r.Start, clockPair{gatewayToConsumer, r.Gateway.Domain, domain}, math.MinInt64, plus(r.Gateway.End-x, q))
		}
	}
}

// boundPair is one pair with its bounds, for reports and corrections.
type boundPair struct {
	clockPair
	interval64
}

// pairsOf returns the pairs that a request's report is about: the first two
// legs of the request's bucket, and the third of its batches' buckets, sorted
// by (leg, from, to). A pair in several buckets must satisfy all of them.
func (a *Analysis) pairsOf(r *role.RequestInfo, batches []*role.BatchInfo) []boundPair {
	found := make(map[clockPair]interval64)
	add := func(bucket int64, first, last leg) {
		for pair, bounds := range a.skew[bucket] {
			if pair.leg < first || pair.leg > last {
				continue
			}
			if old, ok := found[pair]; ok {
				bounds = interval64{max(old.lo, bounds.lo), min(old.hi, bounds.hi)}
			}
			found[pair] = bounds
		}
	}
	if r != nil {
		add(bucketOf(r.Start), clientToGateway, gatewayToConsumer)
	}
	seen := make(map[int64]bool)
	for _, b := range batches {
		if bucket := bucketOf(b.Start); !seen[bucket] {
			seen[bucket] = true
			add(bucket, consumerToServer, consumerToServer)
		}
	}
	pairs := make([]boundPair, 0, len(found))
	for pair, bounds := range found {
		pairs = append(pairs, boundPair{pair, bounds})
	}
	slices.SortFunc(pairs, func(x, y boundPair) int {
		return cmp.Or(cmp.Compare(x.leg, y.leg), cmp.Compare(x.from, y.from), cmp.Compare(x.to, y.to))
	})
	return pairs
}

// offsetsFor returns the corrections that apply to a request and its batches,
// nil without --skew min.
func (a *Analysis) offsetsFor(r *role.RequestInfo) offsets {
	if a.opts.Skew != SkewMin || len(a.skew) == 0 {
		return nil
	}
	return correct(r.Domain, a.pairsOf(r, batchesOf(r)))
}

// batchesOf lists the batches that a request is a member of, and the ones
// around them.
func batchesOf(r *role.RequestInfo) (list []*role.BatchInfo) {
	for _, m := range r.Members {
		list = append(list, m.Batch)
		list = append(list, m.Batch.Outer...)
	}
	return list
}

// correct gives each domain the smallest offset that causality proves: the
// root's domain, and that of every other client, keeps 0; along client, gateway, consumer, server each next
// domain gets the value nearest 0 in [offset(previous)+lo, offset(previous)+hi].
// Where several pairs reach one domain, the first in the order of pairs sets
// it; an inconsistent pair gives 0. Nil when no clock moves.
func correct(root string, pairs []boundPair) offsets {
	out := make(offsets)
	set := map[string]bool{root: true}
	for _, p := range pairs {
		if p.leg == clientToGateway {
			set[p.from] = true
		}
	}
	moved := false
	for _, p := range pairs {
		if set[p.to] {
			continue
		}
		set[p.to] = true
		if p.lo > p.hi {
			continue
		}
		from := out.at(p.from)
		offset := int64(0)
		if lo := addBound(from, p.lo); lo > 0 {
			offset = lo
		}
		if hi := addBound(from, p.hi); hi < 0 {
			offset = hi
		}
		out[p.to] = offset
		moved = moved || offset != 0
	}
	if !moved {
		return nil
	}
	return out
}

// addBound adds an offset to a bound that may be infinite.
func addBound(offset, bound int64) int64 {
	if bound == math.MinInt64 || bound == math.MaxInt64 {
		return bound
	}
	return plus(offset, bound)
}

// report says what a pair's bounds prove.
func (p boundPair) report() SkewReport {
	out := SkewReport{From: p.from, To: p.to, Verdict: "consistent_with_zero"}
	if p.lo != math.MinInt64 {
		out.Lo = &p.lo
	}
	if p.hi != math.MaxInt64 {
		out.Hi = &p.hi
	}
	switch {
	case p.lo > p.hi:
		out.Verdict = "inconsistent"
	case p.lo > 0:
		out.Verdict, out.MinCorrection = "proved", p.lo
	case p.hi < 0:
		out.Verdict, out.MinCorrection = "proved", p.hi
	}
	return out
}
