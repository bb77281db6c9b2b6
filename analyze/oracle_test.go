package analyze_test

import (
	"cmp"
	"math"
	"slices"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/role"
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
