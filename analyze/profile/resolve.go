package profile

import (
	"bytes"
	"slices"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// Resolve finds the requests and batches in traces, and which request is a
// member of which batch. First each trace by itself, then what joins them. The
// result depends on the set of spans alone, not on their order. Intervals point
// into traces.
func (m *Matcher) Resolve(traces *model.Traces) *role.World {
	return m.resolve(traces, nil)
}

// resolve is Resolve; watch, where it is not nil, sees every trace with the
// claims on its spans.
func (m *Matcher) resolve(traces *model.Traces, watch func(*localizer)) *role.World {
	world := &role.World{}
	l := &localizer{marker: newMarker(m), waits: make(map[waitKey]*wait), skipped: make(map[nameOf]int)}
	j := &joiner{
		localizer: l, traces: traces, world: world, locals: make([]local, len(traces.List)),
		ties: make(map[pair]*role.Membership), nested: make(map[[2]*role.BatchInfo]bool), placed: make(map[placement]bool),
		taken: make(map[*role.Interval]bool), index: make(map[int]map[model.SpanID]int32),
		queues: make(map[*role.RequestInfo]map[*model.Span]*role.Interval), classes: newClassifier(),
	}
	used := make([]bool, len(m.profiles))
	for t := range traces.List {
		whole := false
		j.locals[t], whole = l.localize(&traces.List[t])
		if !whole {
			world.Incomplete++
		}
		extend(world, traces.List[t].Spans)
		for _, c := range l.claims {
			if c.profile >= 0 {
				used[c.profile] = true
			}
		}
		if watch != nil {
			watch(l)
		}
	}
	j.links()
	j.joinImplicit()
	j.finish()
	for p, yes := range used {
		if yes {
			world.Profiles = append(world.Profiles, m.profiles[p].Name)
		}
	}
	world.Warnings = j.warnings()
	return world
}

// extend counts the spans of a trace, and widens the time that they cover.
func extend(world *role.World, spans []model.Span) {
	if world.Spans == 0 {
		world.Start = spans[0].Start // of the first trace, which starts first
	}
	world.Spans += len(spans)
	for i := range spans {
		world.End = max(world.End, spans[i].End)
	}
}

// finish gathers and sorts what the world holds, and settles what had to wait
// for the joins.
func (j *joiner) finish() {
	for t := range j.locals {
		for _, u := range j.locals[t].units {
			if u.request != nil {
				j.world.Requests = append(j.world.Requests, u.request)
			} else {
				j.world.Batches = append(j.world.Batches, u.batch.info)
			}
		}
	}
	slices.SortFunc(j.world.Batches, compareBatches)
	for _, b := range j.world.Batches {
		j.finishBatch(b)
	}
	slices.SortFunc(j.world.Requests, compareRequests)
	for _, r := range j.world.Requests {
		finishRequest(r)
	}
	j.classes.finish(&j.world.Links)
}

func (j *joiner) finishBatch(b *role.BatchInfo) {
	for _, list := range [][]*role.Interval{b.GPU, b.Prep, b.Post, b.Scatter} {
		slices.SortFunc(list, compareWork)
	}
	slices.SortFunc(b.Dangling, model.TraceID.Compare)
	b.Dangling = slices.Compact(b.Dangling)
	slices.SortFunc(b.Members, compareMembers)
	slices.SortFunc(b.Outer, compareBatches)
	slices.SortFunc(b.Inner, compareBatches)
	async := make(map[model.TraceID]*role.RequestInfo)
	for _, m := range b.Members {
		slices.SortFunc(m.Queues, compareQueues)
		m.Queues = slices.Compact(m.Queues)
		if b.Span == nil {
			continue
		}
		m.Request.Members = j.members.appendTo(m.Request.Members, m)
		if m.Request.Async {
			async[m.Request.Trace] = m.Request
		}
	}
	if len(async) == 0 {
		return
	}
	for _, list := range [][]*role.Interval{b.GPU, b.Scatter} {
		for _, iv := range list {
			for _, id := range iv.Members {
				if r := async[id]; r != nil {
					r.End = max(r.End, iv.End)
				}
			}
		}
	}
}

// firstResponse is the event that a streaming request has at the first part of
// its answer.
const firstResponse = "pfptrace.first_response"

func finishRequest(r *role.RequestInfo) {
	slices.SortFunc(r.Queues, compareQueues)
	if b := r.Implicit; b != nil {
		for _, list := range [][]*role.Interval{b.GPU, b.Prep, b.Post, b.Scatter} {
			slices.SortFunc(list, compareWork)
		}
	}
	// A gateway that is the request's own span is there as long as the request.
	if g := r.Gateway; g != nil && r.Async && g.Span == r.Span && g.Start == r.Start && g.End == max(r.Span.Start, r.Span.End) {
		g.End = r.End
	}
	if !bytes.Contains(r.Span.Raw, []byte(firstResponse)) {
		return
	}
	for event := range r.Span.Events() {
		inside := r.Start <= event.Time && event.Time < r.End
		if event.Name == firstResponse && inside && (r.FirstResponse == 0 || event.Time < r.FirstResponse) {
			r.FirstResponse = event.Time
		}
	}
}
