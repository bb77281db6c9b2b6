package analyze

import (
	"cmp"
	"slices"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// attempt is one try of a request to get its work done: a queue span, a batch,
// or a pair of both (method.md 2.3).
type attempt struct {
	queue  *role.Interval // nil: the batch has no queue span
	facts  *batchFacts    // nil: no batch took the queue span
	q0, q1 int64
	start  int64
	end    int64
	eff    int64 // when it stops to matter: its end, or where its successor starts if it failed
	ok     bool
	named  *model.Span // while it is being paired: the member span that the link names
}

// batchID orders attempts; one without a batch comes first.
func (t *attempt) batchID() model.TraceID {
	if t.facts == nil {
		return model.TraceID{}
	}
	return t.facts.batch.Trace
}

// waiting is a queue span while attempts are being paired.
type waiting struct {
	queue *role.Interval
	q0    int64
	taken bool
}

func compareWaiting(x, y waiting) int {
	return cmp.Or(cmp.Compare(x.q0, y.q0), compareSpans(x.queue.Span, y.queue.Span))
}

// attempts lists all attempts of a request, in no special order. A link that
// names a queue span pairs it with the batch. The other batches, in order of
// (close, trace id), each take the queue span not yet taken with the largest
// Q0 <= close, of equal ones that with the larger span id.
func (a *Analysis) attempts(r *role.RequestInfo, shift offsets, list []attempt) []attempt {
	queues := a.scratch.queues[:0]
	for _, q := range r.Queues {
		queues = append(queues, waiting{queue: q, q0: q.Start + shift.at(q.Domain)})
	}
	slices.SortFunc(queues, compareWaiting)
	unpaired := a.scratch.unpaired[:0]
	for _, m := range r.Members {
		facts := a.factsOf(m.Batch, shift)
		for _, q := range m.Queues {
			i, _ := slices.BinarySearchFunc(queues, waiting{queue: q, q0: q.Start + shift.at(q.Domain)}, compareWaiting)
			queues[i].taken = true
			list = append(list, pair(r, facts, q, nil, shift))
		}
		if len(m.Queues) == 0 {
			unpaired = append(unpaired, attempt{facts: facts, named: m.Named})
		}
	}
	if r.Implicit != nil {
		unpaired = append(unpaired, attempt{facts: a.factsOf(r.Implicit, shift)})
	}
	slices.SortFunc(unpaired, func(x, y attempt) int {
		return cmp.Or(cmp.Compare(x.facts.close, y.facts.close), compareIDs(&x, &y))
	})
	// Closes only rise, so the free queue spans up to the present one are a
	// stack, with the largest Q0 on top.
	free, next := a.scratch.free[:0], 0
	for _, u := range unpaired {
		for ; next < len(queues) && queues[next].q0 <= u.facts.close; next++ {
			if !queues[next].taken {
				free = append(free, next)
			}
		}
		var q *role.Interval
		if n := len(free); n > 0 {
			top := &queues[free[n-1]]
			top.taken, q = true, top.queue
			free = free[:n-1]
		}
		list = append(list, pair(r, u.facts, q, u.named, shift))
	}
	for i := range queues {
		if !queues[i].taken {
			list = append(list, pair(r, nil, queues[i].queue, nil, shift))
		}
	}
	a.scratch.queues, a.scratch.unpaired, a.scratch.free = queues, unpaired, free
	a.scratch.starts = setEffects(list, a.scratch.starts[:0])
	return list
}

// pair makes an attempt of a batch and a queue span, either of which may be
// nil. named is the member span that the link names, if it is of no other use.
func pair(r *role.RequestInfo, facts *batchFacts, q *role.Interval, named *model.Span, shift offsets) attempt {
	t := attempt{queue: q, facts: facts}
	if q != nil {
		by := shift.at(q.Domain)
		t.q0, t.q1 = q.Start+by, q.End+by
		t.start, t.end = t.q0, t.q1
	}
	if facts == nil {
		return t
	}
	t.end, _, _, _ = facts.handOver(r)
	t.ok = facts.batch.Status == role.OK
	switch {
	case q != nil && q.OpenEnd:
		t.q1 = facts.close
	case q != nil:
	case named != nil:
		t.start = named.Start + shift.at(named.Origin.Domain)
	case facts.hasOpen:
		t.start = facts.open
	default:
		t.start = facts.b0
	}
	return t
}

// setEffects ends a failed attempt where the next larger start among all
// attempts is: it stops mattering when its successor starts. It returns the
// memory that it used.
func setEffects(list []attempt, starts []int64) []int64 {
	for i := range list {
		starts = append(starts, list[i].start)
	}
	slices.Sort(starts)
	for i := range list {
		t := &list[i]
		t.eff = t.end
		if t.ok {
			continue
		}
		next, _ := slices.BinarySearchFunc(starts, t.start, func(start, own int64) int {
			if start <= own {
				return -1
			}
			return 1
		})
		if next < len(starts) {
			t.eff = min(t.eff, starts[next])
		}
	}
	return starts
}

// splitChain picks the attempts that the answer waited for, in order of time,
// and those off the path: shards that finished earlier, hedged copies, copies
// that finished after the answer (method.md 2.3). From the final attempt it
// goes back, again and again, to the one with start < t and eff <= t + quantum
// that has the largest (eff, start, id), t being the start of the one before.
// As t only falls, one pass over the attempts by falling (eff, start, id) finds
// them all.
func splitChain(list []attempt, hi, quantum int64) (chain, off []attempt) {
	final := finalAttempt(list, hi, quantum)
	if final < 0 {
		return nil, nil
	}
	last := list[final]
	list[final] = list[len(list)-1]
	rest := list[:len(list)-1]
	slices.SortFunc(rest, func(x, y attempt) int { return laterEffect(&y, &x) })
	chain = append(chain, last)
	t := last.start
	for i := range rest {
		if rest[i].start < t && rest[i].eff-quantum <= t {
			chain = append(chain, rest[i])
			t = rest[i].start
		} else {
			off = append(off, rest[i])
		}
	}
	slices.Reverse(chain)
	return chain, off
}

// finalAttempt is the ok attempt with the largest end <= hi + quantum, then the
// larger start, then the larger batch trace id; without one, of those that
// start before hi (of all, if none does) the largest (start, end, id).
func finalAttempt(list []attempt, hi, quantum int64) int {
	best := largest(list, laterEnd, func(t *attempt) bool { return t.ok && t.end-quantum <= hi })
	if best < 0 {
		best = largest(list, laterStart, func(t *attempt) bool { return t.start < hi })
	}
	if best < 0 {
		best = largest(list, laterStart, func(*attempt) bool { return true })
	}
	return best
}

func largest(list []attempt, compare func(x, y *attempt) int, eligible func(*attempt) bool) int {
	best := -1
	for i := range list {
		if eligible(&list[i]) && (best < 0 || compare(&list[i], &list[best]) > 0) {
			best = i
		}
	}
	return best
}

func laterEnd(x, y *attempt) int {
	return cmp.Or(cmp.Compare(x.end, y.end), cmp.Compare(x.start, y.start), compareIDs(x, y))
}

func laterStart(x, y *attempt) int {
	return cmp.Or(cmp.Compare(x.start, y.start), cmp.Compare(x.end, y.end), compareIDs(x, y))
}

func laterEffect(x, y *attempt) int {
	return cmp.Or(cmp.Compare(x.eff, y.eff), cmp.Compare(x.start, y.start), compareIDs(x, y))
}

// compareIDs orders by batch trace id, then by batch span and queue span, so
// that the order of input never decides.
func compareIDs(x, y *attempt) int {
	if c := x.batchID().Compare(y.batchID()); c != 0 {
		return c
	}
	xBatch, xQueue := x.spanIDs()
	yBatch, yQueue := y.spanIDs()
	return cmp.Or(xBatch.Compare(yBatch), xQueue.Compare(yQueue))
}

func (t *attempt) spanIDs() (batch, queue model.SpanID) {
	if t.facts != nil && t.facts.batch.Span != nil {
		batch = t.facts.batch.Span.ID
	}
	if t.queue != nil {
		queue = t.queue.Span.ID
	}
	return batch, queue
}
