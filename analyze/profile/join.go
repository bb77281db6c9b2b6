package profile

import (
	"slices"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// joiner puts locals together: links between traces become memberships.
type joiner struct {
	*localizer
	traces *model.Traces
	locals []local // of each trace
	world  *role.World

	ties        map[pair]*role.Membership
	memberships slab[role.Membership]
	members     slab[*role.Membership]
	nested      map[[2]*role.BatchInfo]bool
	placed      map[placement]bool
	taken       map[*role.Interval]bool
	index       map[int]map[model.SpanID]int32 // of large traces: where spans stand
	queues      map[*role.RequestInfo]map[*model.Span]*role.Interval
	classes     classifier
	between     int // links that name a lost span of a trace with several requests
}

type pair struct {
	request *role.RequestInfo
	batch   *role.BatchInfo
}

type placement struct {
	interval *role.Interval
	batch    *role.BatchInfo
}

// links joins by what batch spans, their children and requests link to, and by
// the batch ids that spans carry.
func (j *joiner) links() {
	for t := range j.locals {
		for u := range j.locals[t].units {
			if b := j.locals[t].units[u].batch; b != nil {
				j.batchLinks(t, b)
			}
		}
	}
	for t := range j.locals {
		if x := j.locals[t].extra; x != nil {
			j.requestLinks(t, x)
		}
	}
	for t := range j.locals {
		if x := j.locals[t].extra; x != nil {
			j.placeRest(x)
		}
	}
}

// batchLinks follows the links of a batch span and of its children.
func (j *joiner) batchLinks(t int, b *batch) {
	spans := j.traces.List[t].Spans
	for _, carrier := range b.carriers {
		span := &spans[carrier]
		b.info.DroppedLinks += int64(span.DroppedLinks())
		if j.locals[t].isNoLink(int(carrier)) {
			continue
		}
		j.classes.enter()
		for link := range span.LinkSeq() {
			j.batchLink(b, span, &link)
		}
		j.classes.leave(span)
	}
	for _, work := range b.linkWork {
		j.nameMembers(t, work)
	}
	if b.parentJoin && b.parent != nil && b.info.Links == 0 {
		j.tie(b.parent, b.info, nil)
	}
	j.world.Links.Truncated += b.info.DroppedLinks
}

func (j *joiner) batchLink(b *batch, from *model.Span, link *model.Link) {
	if link.Trace.IsZero() || link.Span.IsZero() {
		j.world.Links.ByClass[role.Invalid]++
		return
	}
	n := j.traces.Number(link.Trace)
	if n < 0 {
		b.info.Links++
		b.info.Dangling = append(b.info.Dangling, link.Trace)
		j.classes.dangling(link.Flags)
		return
	}
	target := &j.locals[n]
	i := j.find(n, link.Ref.Span)
	if i >= 0 && target.isNoLink(i) {
		return
	}
	if other := target.batchAt(i); i >= 0 && other == b {
		return // within the batch
	}
	b.info.Links++
	var member *model.Span
	class := role.TraceOnly
	if i >= 0 {
		member, class = &j.traces.List[n].Spans[i], role.Live
		j.place(target.extra, i, b.info)
	}
	j.classes.seen(link.Flags)
	j.world.Links.ByClass[class]++
	if r := j.requestAt(target, i); r != nil {
		j.tie(r, b.info, member)
		if r.Async {
			r.End = max(r.End, from.End)
		}
	} else if other := target.batchAt(i); other != nil {
		j.nest(b.info, other.info)
	}
}

// nameMembers fills the members of work that says them by its links.
func (j *joiner) nameMembers(t int, work linkWork) {
	members := work.interval.Members
	for link := range j.traces.List[t].Spans[work.span].LinkSeq() {
		if !link.Trace.IsZero() {
			members = append(members, link.Trace)
		}
	}
	slices.SortFunc(members, model.TraceID.Compare)
	work.interval.Members = slices.Compact(members)
}

// requestLinks follows the links of the spans of requests, and batch ids.
func (j *joiner) requestLinks(t int, x *extra) {
	local, spans := &j.locals[t], j.traces.List[t].Spans
	for _, i := range x.linked {
		if local.isNoLink(int(i)) {
			continue
		}
		r := local.unitOf(int(i)).request
		for link := range spans[i].LinkSeq() {
			n := j.traces.Number(link.Trace)
			if n < 0 {
				continue
			}
			target := j.find(n, link.Ref.Span)
			if target >= 0 && j.locals[n].isNoLink(target) {
				continue
			}
			if b := j.locals[n].batchAt(target); b != nil {
				j.place(x, int(i), b.info)
				j.tieBack(r, b.info, &spans[i])
			}
		}
	}
	for _, named := range x.ids {
		n := j.traces.Number(named.id)
		if n < 0 {
			continue
		}
		if first := j.locals[n].batch; first != nil {
			j.tieBack(local.unitOf(int(named.span)).request, first.info, &spans[named.span])
		}
	}
}

// tieBack makes the membership that a span of the request says.
func (j *joiner) tieBack(r *role.RequestInfo, b *role.BatchInfo, member *model.Span) {
	j.tie(r, b, member)
	if r.Async {
		r.End = max(r.End, b.End)
	}
}

// tie makes r a member of b, once; member is the span of r that was named, nil
// where it is not known.
func (j *joiner) tie(r *role.RequestInfo, b *role.BatchInfo, member *model.Span) {
	key := pair{r, b}
	m := j.ties[key]
	if m == nil {
		m = j.memberships.next()
		m.Request, m.Batch = r, b
		j.ties[key] = m
		b.Members = j.members.appendTo(b.Members, m)
	}
	if member == nil {
		return
	}
	if q := j.queueOf(r, member); q != nil {
		m.Queues = j.lists.appendTo(m.Queues, q)
		return
	}
	if member == r.Span || r.Gateway != nil && member == r.Gateway.Span {
		return
	}
	if m.Named == nil || member.Start < m.Named.Start {
		m.Named = member
	}
}

// manyQueues is from how many queue spans on a request gets a map of them.
const manyQueues = 16

// queueOf returns the queue interval that was read from a span, or nil.
func (j *joiner) queueOf(r *role.RequestInfo, span *model.Span) *role.Interval {
	if len(r.Queues) < manyQueues {
		for _, q := range r.Queues {
			if q.Span == span {
				return q
			}
		}
		return nil
	}
	known := j.queues[r]
	if known == nil {
		known = make(map[*model.Span]*role.Interval, len(r.Queues))
		for _, q := range r.Queues {
			known[q.Span] = q
		}
		j.queues[r] = known
	}
	return known[span]
}

// nest notes that outer links to a span of inner's trace.
func (j *joiner) nest(outer, inner *role.BatchInfo) {
	key := [2]*role.BatchInfo{outer, inner}
	if outer == inner || j.nested[key] {
		return
	}
	j.nested[key] = true
	outer.Inner = append(outer.Inner, inner)
	inner.Outer = append(inner.Outer, outer)
}

// largeTrace is from how many spans on finding one by its id needs a map.
const largeTrace = 64

// find returns where a span stands in trace n, or -1.
func (j *joiner) find(n int, id model.SpanID) int {
	trace := &j.traces.List[n]
	if len(trace.Spans) < largeTrace {
		return trace.Index(id)
	}
	known := j.index[n]
	if known == nil {
		known = make(map[model.SpanID]int32, len(trace.Spans))
		for i := range trace.Spans {
			known[trace.Spans[i].ID] = int32(i)
		}
		j.index[n] = known
	}
	if i, ok := known[id]; ok {
		return int(i)
	}
	return -1
}

// requestAt returns the request that span i is part of; where the span is lost
// (i < 0), the one request of the trace.
func (j *joiner) requestAt(t *local, i int) *role.RequestInfo {
	if !t.several {
		return t.request
	}
	if i >= 0 {
		switch u := t.unitOf(i); {
		case u != nil && u.request != nil:
			return u.request
		case u != nil && u.batch.parent != nil:
			return u.batch.parent
		}
	}
	j.between++
	return t.request
}

// batchAt returns the batch that span i is in. Where the span is lost (i < 0)
// that is the first batch of a trace that has no request: in the trace of a
// request only what is below a batch span is in a batch.
func (t *local) batchAt(i int) *batch {
	switch {
	case i < 0 && t.request == nil:
		return t.batch
	case i < 0:
		return nil
	}
	if u := t.unitOf(i); u != nil {
		return u.batch
	}
	return nil
}

// isNoLink reports whether links of and to span i are not membership.
func (t *local) isNoLink(i int) bool {
	if t.extra == nil || t.extra.noLink == nil {
		return false
	}
	_, found := slices.BinarySearch(t.extra.noLink, int32(i))
	return found
}

// place counts work of span i, if it has any to share, in the batch that its
// span is linked with.
func (j *joiner) place(x *extra, i int, b *role.BatchInfo) {
	if x == nil || x.shared == nil {
		return
	}
	at, found := slices.BinarySearchFunc(x.shared, int32(i), func(s sharedIn, i int32) int { return int(s.span) - int(i) })
	for ; found && at < len(x.shared) && x.shared[at].span == int32(i); at++ {
		s := &x.shared[at]
		s.placed = true
		if key := (placement{s.interval, b}); !j.placed[key] {
			j.placed[key] = true
			j.work(b, s.interval)
		}
	}
}

// placeRest puts the work whose batch is not loaded into implicit batches.
func (j *joiner) placeRest(x *extra) {
	for i := range x.shared {
		if s := &x.shared[i]; !s.placed {
			j.work(j.implicit(s.request), s.interval)
		}
	}
}
