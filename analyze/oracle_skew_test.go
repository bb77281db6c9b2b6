package analyze_test

import (
	"cmp"
	"math"
	"slices"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/role"
)

// leg is a pair of clock domains and what must be added to the second one's
// clock to express it on the first one's (2.5).
type leg struct {
	order    int // C to G, G to K, K to S
	from, to string
	lo, hi   int64
}

const minute = 60_000_000_000

// legs intersects the constraints of all that is loaded in one 60 s bucket;
// the generator keeps every world inside one.
func (o *oracle) legs() []leg {
	var out []leg
	constrain := func(order int, from, to string, lo, hi int64) {
		if from == to {
			return
		}
		if lo > math.MinInt64 {
			lo -= o.quantum
		}
		if hi < math.MaxInt64 {
			hi += o.quantum
		}
		for i := range out {
			if l := &out[i]; l.order == order && l.from == from && l.to == to {
				l.lo, l.hi = max(l.lo, lo), min(l.hi, hi)
				return
			}
		}
		out = append(out, leg{order, from, to, lo, hi})
	}
	for _, r := range o.world.Requests {
		o.requestLegs(r, constrain)
	}
	for _, b := range o.world.Batches {
		if b.RPC != nil && b.Server != nil && b.RPC.Status == role.OK && b.Server.Status == role.OK {
			constrain(2, b.RPC.Domain, b.Server.Domain, b.RPC.Start-b.Server.Start, b.RPC.End-b.Server.End)
		}
	}
	slices.SortFunc(out, func(x, y leg) int {
		return cmp.Or(cmp.Compare(x.order, y.order), cmp.Compare(x.from, y.from), cmp.Compare(x.to, y.to))
	})
	return out
}

func (o *oracle) requestLegs(r *role.RequestInfo, constrain func(int, string, string, int64, int64)) {
	g := r.Gateway
	if g != nil && r.Status == role.OK && g.Status == role.OK {
		constrain(0, r.Domain, g.Domain, r.Start-g.Start, r.End-g.End)
	}
	for _, t := range o.tries(r) {
		if t.batch == nil || t.queue == nil {
			continue
		}
		switch closed, by := closeOf(t.batch); by {
		case "form":
			constrain(1, t.queue.Domain, t.batch.Form.Domain, t.queue.Start-closed, math.MaxInt64)
		case "rpc":
			constrain(1, t.queue.Domain, t.batch.RPC.Domain, t.queue.Start-closed, math.MaxInt64)
		}
	}
	if g == nil || r.Status != role.OK {
		return
	}
	chain, _ := o.chain(r, min(r.End, g.End))
	for _, t := range chain {
		if t.ok {
			x, domain := readyAt(r, t.batch)
			constrain(1, g.Domain, domain, math.MinInt64, g.End-x)
		}
	}
}

func (l *leg) report() (out analyze.SkewReport) {
	out = analyze.SkewReport{From: l.from, To: l.to, Verdict: "consistent_with_zero"}
	if l.lo > math.MinInt64 {
		out.Lo = &l.lo
	}
	if l.hi < math.MaxInt64 {
		out.Hi = &l.hi
	}
	switch {
	case l.lo > l.hi:
		out.Verdict = "inconsistent"
	case l.lo > 0:
		out.Verdict, out.MinCorrection = "proved", l.lo
	case l.hi < 0:
		out.Verdict, out.MinCorrection = "proved", l.hi
	}
	return out
}

// offsets is what --skew min adds to each clock. "The root's domain keeps 0;
// along C, G, K, S each next domain gets the value nearest 0 in
// [offset(previous)+lo, offset(previous)+hi]; an inconsistent pair gives 0."
// A domain that roots are on keeps 0, and of several pairs the first in the
// order (leg, from, to) sets a domain.
func (o *oracle) offsets() map[string]int64 {
	out := map[string]int64{}
	for _, r := range o.world.Requests {
		out[r.Domain] = 0
	}
	for _, l := range o.legs() {
		if _, set := out[l.to]; set {
			continue
		}
		lo, hi := l.lo, l.hi
		if lo > math.MinInt64 {
			lo += out[l.from]
		}
		if hi < math.MaxInt64 {
			hi += out[l.from]
		}
		switch {
		case l.lo > l.hi:
			out[l.to] = 0
		default:
			out[l.to] = min(max(0, lo), hi)
		}
	}
	return out
}
