package profile

import (
	"slices"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// local is what one trace says by itself: requests, batches and their
// intervals. Nothing in it depends on another trace.
type local struct {
	units   []unit            // requests and batches, in the order of their spans
	request *role.RequestInfo // the first one, nil without
	several bool              // there are more requests
	batch   *batch            // the first one, nil without
	extra   *extra            // nil in the plain trace of a request
}

// unit is a request or a batch: something that spans are part of.
type unit struct {
	span    int32 // index in the trace
	request *role.RequestInfo
	batch   *batch
}

// extra is what few traces have.
type extra struct {
	owner   []int32    // of each span its unit, -1 none; nil where there is one unit
	linked  []int32    // spans of requests that have links
	ids     []batchID  // batches named by attribute
	shared  []sharedIn // work to be counted in the batch it is linked with
	noLink  []int32    // spans whose links are not membership, sorted
	carries []carried  // spans that a join by key or time looks at
}

// batch is a batch span with what its membership is found by.
type batch struct {
	info       *role.BatchInfo
	carriers   []int32 // the batch span and its children with links, as indexes in the trace
	parent     *role.RequestInfo
	parentJoin bool
	linkWork   []linkWork
}

// linkWork is work whose members are what its span links to.
type linkWork struct {
	span     int32
	interval *role.Interval
}

// batchID is the trace id of a batch on a span of a request.
type batchID struct {
	span int32
	id   model.TraceID
}

// sharedIn is work in a request's trace that belongs to the batch its span
// is linked with, and to the implicit batch where that is not loaded.
type sharedIn struct {
	span     int32
	request  *role.RequestInfo
	interval *role.Interval
	placed   bool
}

// localizer makes locals, one trace after the other.
type localizer struct {
	*marker
	order     []int32 // spans, parents first
	owner     []int32
	inRequest []bool
	loose     []bool // of each span: below no request and no batch
	server    []bool
	said      bool // some span says that it is a request: names make no others
	reach     reachTable
	waits     map[waitKey]*wait
	skipped   map[nameOf]int // rules that gave no interval, by the name of the span
	can       canGive        // the profiles in force
	local     local
	key       []byte // a join's key that is being made
	parts     int    // intervals that belong to no request and no batch

	requests  slab[role.RequestInfo]
	batches   slab[role.BatchInfo]
	intervals slab[role.Interval]
	units     slab[unit]
	lists     slab[*role.Interval]
	states    slab[batch]
}

// localize finds what a trace says by itself. The second result is false where
// the trace has parts of a request and no request.
func (l *localizer) localize(trace *model.Trace) (local, bool) {
	l.start(trace)
	l.local, l.reach, l.parts, l.can = local{}, reachTable{}, 0, canGive{}
	clear(l.waits)
	clear(l.skipped)
	if len(l.inForce) == 0 {
		return local{}, true
	}
	for _, p := range l.inForce {
		l.can.request |= l.Matcher.can[p].request
		l.can.batch |= l.Matcher.can[p].batch
	}
	l.topDown()
	l.claimStarts()
	l.findUnits()
	l.claimPlaced()
	l.build()
	l.extendAsync()
	hasRoot := slices.ContainsFunc(trace.Spans, func(s model.Span) bool { return s.Parent.IsZero() })
	return l.local, l.parts == 0 && (hasRoot || len(l.local.units) > 0)
}

// topDown fills order. Nearly always spans start after their parents, and then
// the order of the trace will do.
func (l *localizer) topDown() {
	l.order = l.order[:0]
	for i, parent := range l.trace.Parents {
		if int(parent) >= i {
			l.order = l.order[:0]
			l.trace.TopDown(func(i int) bool {
				l.order = append(l.order, int32(i))
				return true
			})
			return
		}
		l.order = append(l.order, int32(i))
	}
}

// claimStarts claims each span that does not speak for itself, as far as that
// does not depend on what it is in.
func (l *localizer) claimStarts() {
	l.said = slices.ContainsFunc(l.claims, func(c claim) bool { return c.role == role.Request })
	if len(l.naming) == 0 {
		return
	}
	for i := range l.claims {
		if l.claims[i].role != role.None {
			continue
		}
		l.claims[i] = l.claimOf(i, standing{})
		l.noteRivals()
		if l.said && l.claims[i].strength == byPlace && l.starts(i).Has(role.Request) {
			l.claims[i] = claim{profile: -1, name: -1}
		}
	}
}

// starts returns whether span i is a request or a batch by itself.
func (l *localizer) starts(i int) (set role.Set) {
	switch c := l.claims[i]; {
	case c.role == role.Request || c.role == role.Batch:
		return set.With(c.role)
	case c.name >= 0:
		name := &l.profiles[c.profile].spans[c.name]
		if l.trace.IsRoot(i) {
			return name.starts | name.ifRoot
		}
		return name.starts
	}
	return 0
}

// startsRequest reports whether span i is a request where it stands: below no
// other, and, by its name, below no batch and in no trace in which some span
// says that it is the request.
func (l *localizer) startsRequest(i int) bool {
	if l.inRequest[i] || !l.starts(i).Has(role.Request) {
		return false
	}
	return l.claims[i].role == role.Request || !l.said && l.owner[i] < 0
}

func (l *localizer) more() *extra {
	if l.local.extra == nil {
		l.local.extra = &extra{}
	}
	return l.local.extra
}

// extendAsync lets requests that last until their work is done last to the end
// of the last span of their trace. Joins extend them further.
func (l *localizer) extendAsync() {
	if t := &l.local; t.request == nil || !t.several && !t.request.Async {
		return
	}
	for i := range l.trace.Spans {
		if u := l.local.unitOf(i); u != nil && u.request != nil && u.request.Async {
			u.request.End = max(u.request.End, l.trace.Spans[i].End)
		} else if r := l.local.request; !l.local.several && r.Async {
			r.End = max(r.End, l.trace.Spans[i].End)
		}
	}
}

// claimPlaced claims again what depends on being in a batch or a server span.
func (l *localizer) claimPlaced() {
	if !slices.ContainsFunc(l.naming, func(p int) bool { return l.hasIn[p] }) {
		return
	}
	l.server = append(l.server[:0], make([]bool, len(l.claims))...)
	for _, i := range l.order {
		if parent := l.trace.Parents[i]; parent >= 0 {
			l.server[i] = l.server[parent] || l.gives(l.claims[parent], role.Server)
		}
		if l.claims[i].role != role.None || l.starts(int(i)) != 0 {
			continue
		}
		u := l.local.unitOf(int(i))
		inBatch := u != nil && u.batch != nil
		l.claims[i] = l.claimOf(int(i), standing{inBatch: inBatch, inServer: inBatch && l.server[i]})
		if l.starts(int(i)) != 0 {
			l.claims[i] = claim{profile: -1, name: -1}
		}
	}
}

// gives reports whether a claim gives role r.
func (l *localizer) gives(c claim, r role.Role) bool {
	if c.name < 0 {
		return c.role == r
	}
	for _, rule := range l.rulesOf[c.profile][c.name] {
		if l.profiles[c.profile].roles[rule].role == r {
			return true
		}
	}
	return false
}
