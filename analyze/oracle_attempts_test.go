package analyze_test

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// try is an attempt of 2.3.
type try struct {
	queue           *role.Interval
	batch           *role.BatchInfo
	start, end, eff int64
	ok              bool
}

// batchID is the batch's trace id, then its span id where it has one.
func (t *try) batchID() (id []byte) {
	if t.batch != nil {
		id = append(id, t.batch.Trace[:]...)
		if t.batch.Span != nil {
			id = append(id, t.batch.Span.ID[:]...)
		}
	}
	return id
}

func (t *try) queueID() (id model.SpanID) {
	if t.queue != nil {
		id = t.queue.Span.ID
	}
	return id
}

// tries lists the attempts of r. "The other batches of r, in order of (close,
// trace id)": the implicit batch is one of them.
func (o *oracle) tries(r *role.RequestInfo) (out []*try) {
	type unpaired struct {
		batch *role.BatchInfo
		named *model.Span
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
		others = append(others, unpaired{r.Implicit, nil})
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
		case other.named != nil:
			t.start = other.named.Start
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
// Beyond what the text orders (batches of one trace, two pairs of one batch),
// the larger batch span id wins, then the larger queue span id.
func (o *oracle) chain(r *role.RequestInfo, hi int64) (chain, off []*try) {
	all := o.tries(r)
	largest := func(of []*try, key func(*try) [2]int64) (best *try) {
		for _, t := range of {
			if best == nil || cmp.Or(slices.Compare(first2(key(t)), first2(key(best))), bytes.Compare(t.batchID(), best.batchID()), t.queueID().Compare(best.queueID())) > 0 {
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
