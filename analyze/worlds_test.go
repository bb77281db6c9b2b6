package analyze_test

import (
	"cmp"
	"slices"

	"pgregory.net/rapid"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// simulation plays a batch pipeline with clocks that agree: clients, gateways,
// queues, consumers, servers, devices. Gaps are small and often 0, so that
// boundaries coincide.
type simulation struct {
	*rapid.T
	toys
	copies
	free map[string]int64 // when each device was done
	ids  []int
}

// copies says whether requests may be put into the queue more than once at a
// time, as shards that are all needed or as hedges of which one is.
type copies int

const (
	single    copies = iota
	together         // all copies enter the queue at the same moment
	staggered        // or one after the other
)

type simRequest struct {
	toy, gateway int  // indexes
	hedged       bool // one good answer will do
	answered     bool
	done         int64
	failed       bool
}

type simWait struct {
	request *simRequest
	queue   int // index of the queue span
}

type simBatch struct {
	root, form, rpc, server int // indexes
	members                 []simWait
	device                  string
	computed                int64 // when the GPU was done with it
}

// anyWorld draws a world and spoils it in up to six ways.
func anyWorld(t *rapid.T) toys {
	w := simulate(t, staggered)
	for range rapid.IntRange(0, 6).Draw(t, "spoiled") {
		w = spoil(t, w)
	}
	return w
}

// simulate draws a complete world whose clocks agree.
func simulate(t *rapid.T, how copies) toys {
	s := &simulation{T: t, copies: how, free: map[string]int64{}}
	s.ids = rapid.Permutation([]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}).Draw(t, "ids")
	var requests []*simRequest
	var waiting []simWait
	for range s.upTo(1, 4, "requests") {
		r, waits := s.arrive()
		requests = append(requests, r)
		waiting = append(waiting, waits...)
	}
	for round := 0; len(waiting) > 0; round++ {
		waiting = s.serve(waiting, round < 2)
	}
	for _, r := range requests {
		s.answer(r)
	}
	return s.toys
}

func (s *simulation) upTo(low, high int, label string) int {
	return rapid.IntRange(low, high).Draw(s.T, label)
}

func (s *simulation) gap() int64 { return int64(max(0, s.upTo(-2, 4, "gap"))) }

func (s *simulation) odds(percent int, label string) bool { return s.upTo(1, 100, label) > 100-percent }

func (s *simulation) pick(label string, names ...string) string {
	return rapid.SampledFrom(names).Draw(s.T, label)
}

// newTrace returns a trace id whose order among the others is drawn.
func (s *simulation) newTrace() model.TraceID {
	n := 200
	if len(s.ids) > 0 {
		n, s.ids = s.ids[0], s.ids[1:]
	} else {
		n += len(s.toys)
	}
	return model.TraceID{0: 0xa0, 14: byte(n >> 8), 15: byte(n)}
}

// add appends a span and returns its index. Its ids are unique in the world.
func (s *simulation) add(r role.Role, domain string, trace model.TraceID, parent int, start, end int64) int {
	n := len(s.toys) + 1
	t := toy{role: r, domain: domain, Draft: model.Draft{Trace: trace, ID: model.SpanID{6: byte(n >> 8), 7: byte(n)}, Start: toyEpoch + start, End: toyEpoch + end}}
	if parent >= 0 {
		t.Parent = s.toys[parent].ID
	}
	s.toys = append(s.toys, t)
	return len(s.toys) - 1
}

func (s *simulation) attr(i int, kv ...model.KeyValue) {
	s.toys[i].Attrs = append(s.toys[i].Attrs, kv...)
}

func (s *simulation) arrive() (*simRequest, []simWait) {
	trace := s.newTrace()
	a := int64(s.upTo(0, 30, "arrival"))
	r := &simRequest{hedged: s.odds(30, "hedged")}
	r.toy = s.add(role.Request, s.pick("client", "C1", "C2"), trace, -1, a, a)
	r.gateway = s.add(role.Gateway, s.pick("gateway", "G1", "G1", "G2"), trace, r.toy, a+s.gap(), 0)
	if s.odds(50, "weighed") {
		s.attr(r.toy, model.Int("pfptrace.weight", rapid.SampledFrom([]int64{0, 1, 2, 300}).Draw(s.T, "weight")))
	}
	copies := 1
	if s.copies != single && s.odds(25, "copies") {
		copies = 2
	}
	at := s.toys[r.gateway].Start - toyEpoch + s.gap()
	var waits []simWait
	for range copies {
		waits = append(waits, s.enqueue(r, at))
		if s.copies == staggered {
			at += s.gap()
		}
	}
	return r, waits
}

func (s *simulation) enqueue(r *simRequest, at int64) simWait {
	g := s.toys[r.gateway]
	return simWait{r, s.add(role.Queue, g.domain, g.Trace, r.gateway, at, at)}
}

// serve puts what waits into batches and returns what must wait again: steps
// of a longer job and, if retry, what failed.
func (s *simulation) serve(waiting []simWait, again bool) (next []simWait) {
	slices.SortStableFunc(waiting, func(x, y simWait) int { return cmp.Compare(s.toys[x.queue].Start, s.toys[y.queue].Start) })
	var batches []*simBatch
	for len(waiting) > 0 {
		n := min(len(waiting), s.upTo(1, 3, "batch"))
		batches = append(batches, s.form(waiting[:n]))
		waiting = waiting[n:]
	}
	for i := 0; i < len(batches); {
		if s.odds(20, "nested") {
			n := min(len(batches)-i, s.upTo(1, 2, "merged"))
			s.merge(batches[i : i+n])
			i += n
			continue
		}
		s.compute(batches[i], batches[i].server, batches[i].server, s.memberIDs(batches[i]))
		i++
	}
	for _, b := range batches {
		next = append(next, s.scatter(b, again)...)
	}
	return next
}

func (s *simulation) form(members []simWait) *simBatch {
	first, last := s.toys[members[0].queue].Start-toyEpoch, s.toys[members[len(members)-1].queue].Start-toyEpoch
	open := int64(s.upTo(int(first)-4, int(last)+4, "open"))
	closed := max(open, last) + s.gap()
	k, host, trace := s.pick("consumer", "K1", "K1", "K2"), s.pick("server", "S1", "S1", "S2"), s.newTrace()
	b := &simBatch{members: members, device: s.pick("device", "gpu0", "gpu0", "gpu1")}
	b.root = s.add(role.Batch, k, trace, -1, open, closed)
	b.form = s.add(role.Form, k, trace, b.root, open, closed)
	b.rpc = s.add(role.RPC, k, trace, b.root, closed+s.gap(), closed)
	b.server = s.add(role.Server, host, trace, b.rpc, s.toys[b.rpc].Start-toyEpoch+s.gap(), closed)
	for _, m := range members {
		q := &s.toys[m.queue]
		q.End = max(q.Start, toyEpoch+open) + min(s.gap(), toyEpoch+closed-max(q.Start, toyEpoch+open))
		s.toys[b.root].Links = append(s.toys[b.root].Links, model.DraftLink{Ref: model.Ref{Trace: q.Trace, Span: q.ID}, Flags: 0x301})
	}
	s.describe(b)
	return b
}

// describe gives the batch some of the attributes it may have.
func (s *simulation) describe(b *simBatch) {
	n := int64(len(b.members))
	for _, kv := range []model.KeyValue{
		model.Int("pfptrace.batch.size", n+int64(max(0, s.upTo(-3, 2, "unseen")))),
		model.Int("pfptrace.batch.max_size", int64(s.upTo(1, 4, "max"))),
		model.Int("pfptrace.batch.weight", int64(s.upTo(1, 900, "weight"))),
		model.Int("pfptrace.batch.max_delay_ns", int64(rapid.SampledFrom([]int{5, 900_000, 40_000_000}).Draw(s.T, "delay"))),
		model.String("pfptrace.batch.close_reason", s.pick("reason", "full", "timeout", "shape")),
	} {
		if s.odds(40, "described") {
			s.attr(b.root, kv)
		}
	}
}

func (s *simulation) memberIDs(b *simBatch) (out []string) {
	for _, m := range b.members {
		out = append(out, s.toys[m.queue].Trace.String())
	}
	return out
}

// compute runs the work of a batch in one or two pieces on its device, below
// the parent span, once the after span has started.
func (s *simulation) compute(b *simBatch, parent, after int, members []string) {
	trace, host := s.toys[parent].Trace, s.toys[parent].domain
	at := s.toys[after].Start - toyEpoch + s.gap()
	if s.odds(60, "prep") {
		end := at + s.gap()
		s.add(role.Prep, host, trace, parent, at, end)
		at = end + s.gap()
	}
	at = max(at, s.free[host+b.device])
	pieces := s.upTo(1, 2, "pieces")
	for i := range pieces {
		end := at + s.gap() + int64(s.upTo(0, 8, "work"))
		g := s.add(role.GPU, host, trace, parent, at, end)
		s.attr(g, model.String("pfptrace.device", b.device))
		if pieces == 2 && s.odds(70, "members") {
			half := members[:(len(members)+1)/2]
			if i == 1 {
				half = members[(len(members)+1)/2:]
			}
			s.attr(g, model.Strings("pfptrace.members", half...))
		}
		b.computed = max(b.computed, end)
		if at = end + s.gap(); s.odds(30, "streams") {
			at = max(s.toys[g].Start-toyEpoch, end-2)
		}
	}
	s.free[host+b.device] = b.computed
	if s.odds(60, "post") {
		at = b.computed + s.gap()
		b.computed = at + s.gap()
		s.add(role.Post, host, trace, parent, at, b.computed)
	}
}

// merge lets a server put several batches into one of its own.
func (s *simulation) merge(inner []*simBatch) {
	host, trace := s.toys[inner[0].server].domain, s.newTrace()
	first, last := s.toys[inner[0].server].Start-toyEpoch, int64(0)
	var members []string
	for _, b := range inner {
		first, last = min(first, s.toys[b.server].Start-toyEpoch), max(last, s.toys[b.server].Start-toyEpoch)
		s.toys[b.server].domain = host
		members = append(members, s.toys[b.root].Trace.String())
	}
	open := int64(s.upTo(int(first)-3, int(last)+3, "open"))
	closed := max(open, last) + s.gap()
	outer := &simBatch{device: inner[0].device}
	outer.root = s.add(role.Batch, host, trace, -1, open, closed)
	outer.form = s.add(role.Form, host, trace, outer.root, open, closed)
	for _, b := range inner {
		s.toys[outer.root].Links = append(s.toys[outer.root].Links, model.DraftLink{Ref: s.ref(b.server), Flags: 0x301})
	}
	after := s.add(role.None, host, trace, outer.root, closed, closed)
	s.compute(outer, outer.root, after, members)
	s.toys[outer.root].End = toyEpoch + outer.computed + s.gap()
	for _, b := range inner {
		b.computed = outer.computed
	}
}

func (s *simulation) ref(i int) model.Ref {
	return model.Ref{Trace: s.toys[i].Trace, Span: s.toys[i].ID}
}

func (s *simulation) scatter(b *simBatch, again bool) (next []simWait) {
	failed := s.odds(20, "failed")
	s.toys[b.server].End = toyEpoch + b.computed + s.gap()
	s.toys[b.rpc].End = s.toys[b.server].End + s.gap()
	at := s.toys[b.rpc].End - toyEpoch
	root := s.toys[b.root]
	ready := make([]int64, len(b.members))
	scattered := s.upTo(0, 2, "scatter") // none, one for all, one each
	for i := range b.members {
		if scattered > 0 && (i == 0 || scattered == 2) {
			start := at + s.gap()
			at = start + s.gap()
			sc := s.add(role.Scatter, root.domain, root.Trace, b.root, start, at)
			if scattered == 2 {
				s.attr(sc, model.String("pfptrace.member", s.toys[b.members[i].queue].Trace.String()))
			}
		}
		ready[i] = at
	}
	end := at + s.gap()
	s.toys[b.root].End = toyEpoch + end
	if failed {
		s.toys[b.root].Status = model.StatusError
	}
	for i, m := range b.members {
		if scattered == 0 {
			ready[i] = end
		}
		for j, other := range b.members {
			if other.request == m.request { // two copies in one batch
				ready[i] = max(ready[i], ready[j])
			}
		}
	}
	for i, m := range b.members {
		next = append(next, s.settle(m, ready[i], failed, again)...)
	}
	return next
}

// settle takes a result to its request, which may need another attempt.
func (s *simulation) settle(m simWait, at int64, failed, again bool) []simWait {
	r := m.request
	if again && (failed && s.odds(80, "retry") || !failed && s.odds(15, "step")) {
		return []simWait{s.enqueue(r, at+s.gap())}
	}
	switch {
	case r.hedged && r.answered:
	case r.hedged && !failed:
		r.answered, r.failed, r.done = true, false, at
	default:
		r.failed, r.done = r.failed || failed, max(r.done, at)
	}
	return nil
}

func (s *simulation) answer(r *simRequest) {
	g, root := &s.toys[r.gateway], &s.toys[r.toy]
	g.End = toyEpoch + r.done + s.gap()
	root.End = g.End + s.gap()
	if r.failed {
		g.Status, root.Status = model.StatusError, model.StatusError
	}
	if s.odds(30, "streaming") && root.End > root.Start {
		at := rapid.Int64Range(root.Start, root.End-1).Draw(s.T, "first response")
		root.Events = append(root.Events, model.DraftEvent{Time: at, Name: "pfptrace.first_response"})
	}
}
