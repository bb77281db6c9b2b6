package profile

import (
	"math"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// build reads the intervals of every span and notes what the joins will need.
func (l *localizer) build() {
	for i, c := range l.claims {
		span := &l.trace.Spans[i]
		if c.name >= 0 {
			l.buildNamed(i, c)
		} else if c.role != role.None && c.role != role.Request && c.role != role.Batch {
			l.attach(i, c.role, l.whole(i, c.role))
		}
		u := l.local.unitOf(i)
		if u == nil {
			continue
		}
		if span.Links > 0 {
			l.noteLinks(i, u)
		}
		if u.request != nil {
			l.noteBatchID(i)
		}
	}
}

func (l *localizer) buildNamed(i int, c claim) {
	p := l.profiles[c.profile]
	if l.endsWait[c.profile][c.name] {
		l.endWaits(i, c)
	}
	for _, number := range l.rulesOf[c.profile][c.name] {
		rule := &p.roles[number]
		if rule.role == role.Request || rule.role == role.Batch {
			continue
		}
		u := l.local.unitOf(i)
		at := standing{inBatch: u != nil && u.batch != nil}
		if !at.holds(rule.in) || rule.root && !l.trace.IsRoot(i) {
			continue
		}
		iv := l.interval(i, rule)
		switch {
		case iv == nil:
			l.skipped[nameOf{c.profile, c.name}]++
		case rule.until >= 0:
			l.extendWait(i, c, number, iv)
		case rule.linkedBatch && u != nil && u.request != nil:
			iv.Members = []model.TraceID{l.trace.ID}
			l.more().shared = append(l.more().shared, sharedIn{int32(i), u.request, iv, false})
		default:
			l.attach(i, rule.role, iv)
			if rule.linkMembers && u != nil && u.batch != nil {
				u.batch.linkWork = append(u.batch.linkWork, linkWork{int32(i), iv})
			}
		}
	}
	if p.spans[c.name].noLink {
		l.more().noLink = append(l.more().noLink, int32(i))
	}
	if p.keyJoin != nil || p.timeJoin != nil {
		l.noteCarrier(i, c)
	}
}

// whole is the interval of the span itself.
func (l *localizer) whole(i int, r role.Role) *role.Interval {
	span := &l.trace.Spans[i]
	iv := l.intervals.next()
	iv.Role, iv.Status, iv.Start, iv.End = r, status(span), span.Start, max(span.Start, span.End)
	iv.Domain, iv.Span = span.Origin.Domain, span
	switch r {
	case role.GPU:
		iv.Device = l.factText(i, factDevice)
		l.readMembers(i, factMembers, iv)
	case role.Scatter:
		l.readMembers(i, factMember, iv)
	}
	return iv
}

func (l *localizer) readMembers(i int, f fact, iv *role.Interval) {
	value, ok := l.fact(i, f)
	if !ok {
		return
	}
	if value.Type != model.ValueArray {
		if id, ok := l.traceID(value); ok {
			iv.Members = append(iv.Members, id)
		}
		return
	}
	for element := range value.Array() {
		if id, ok := l.traceID(element); ok {
			iv.Members = append(iv.Members, id)
		}
	}
}

// interval computes what a rule says of span i, nil where it cannot be.
func (l *localizer) interval(i int, rule *roleRule) *role.Interval {
	start, end := l.trace.Spans[i].Start, max(l.trace.Spans[i].Start, l.trace.Spans[i].End)
	ok := true
	if rule.from != nil {
		if start, ok = l.first(i, rule.from); !ok {
			return nil
		}
	}
	switch {
	case rule.toClose: // the span's end is as far as this trace can say
	case rule.to != nil:
		end, ok = l.first(i, rule.to)
	case rule.lasting != nil:
		var length int64
		if length, ok = l.first(i, rule.lasting); ok {
			end, ok = addNs(start, length)
		}
	}
	if !ok || start < 0 {
		return nil
	}
	iv := l.whole(i, rule.role)
	iv.Start, iv.End, iv.OpenEnd = start, max(start, end), rule.toClose
	return iv
}

// attach gives an interval to the request or batch that its span is in.
func (l *localizer) attach(i int, r role.Role, iv *role.Interval) {
	u := l.local.unitOf(i)
	switch {
	case u == nil && len(l.local.units) > 0:
		l.odd.unowned++
	case u == nil:
		l.parts++
	case u.batch != nil && r >= role.Form:
		l.work(u.batch.info, iv)
	case u.batch != nil && l.loose[i]:
		l.parts++ // a wait that is not below the batch is a request's
	case u.batch != nil:
	case r == role.Gateway:
		once(&u.request.Gateway, iv)
	case r == role.Queue:
		u.request.Queues = l.lists.appendTo(u.request.Queues, iv)
	default:
		l.work(l.implicit(u.request), iv)
	}
}

// implicit returns the batch of the work in a request's own trace.
func (l *localizer) implicit(r *role.RequestInfo) *role.BatchInfo {
	if r.Implicit == nil {
		r.Implicit = l.batches.next()
		*r.Implicit = role.BatchInfo{
			Trace: r.Trace, Implicit: true, Profile: r.Profile, Status: role.OK, Domain: r.Domain, Can: r.Can, Start: math.MaxInt64,
		}
	}
	return r.Implicit
}

// work adds an interval to a batch; that of an implicit one is the hull of all.
func (l *localizer) work(b *role.BatchInfo, iv *role.Interval) {
	if b.Implicit {
		if iv.Start < b.Start {
			b.Start, b.Domain = iv.Start, iv.Domain
		}
		b.End = max(b.End, iv.End)
	}
	switch iv.Role {
	case role.Form:
		once(&b.Form, iv)
	case role.RPC:
		once(&b.RPC, iv)
	case role.Server:
		once(&b.Server, iv)
	case role.GPU:
		b.GPU = l.lists.appendTo(b.GPU, iv)
	case role.Prep:
		b.Prep = l.lists.appendTo(b.Prep, iv)
	case role.Post:
		b.Post = l.lists.appendTo(b.Post, iv)
	case role.Scatter:
		b.Scatter = l.lists.appendTo(b.Scatter, iv)
	}
}

// once keeps, of several intervals with a role that is needed once, the one that
// starts first, then ends first, then has the smaller span id.
func once(kept **role.Interval, iv *role.Interval) {
	if *kept == nil || compareIntervals(iv, *kept) < 0 {
		*kept = iv
	}
}

// noteLinks remembers span i's links for the joins.
func (l *localizer) noteLinks(i int, u *unit) {
	if u.request != nil {
		l.more().linked = append(l.more().linked, int32(i))
		return
	}
	parent := l.trace.Parents[i]
	if parent == u.span && int32(i) != u.span {
		u.batch.carriers = append(u.batch.carriers, int32(i))
	}
}

// noteBatchID remembers a batch that a request, gateway or queue span names.
func (l *localizer) noteBatchID(i int) {
	c := l.claims[i]
	if c.profile < 0 {
		return
	}
	value, ok := l.fact(i, factBatchID)
	if !ok || !l.starts(i).Has(role.Request) && !l.gives(c, role.Gateway) && !l.gives(c, role.Queue) {
		return
	}
	if id, ok := l.traceID(value); ok {
		l.more().ids = append(l.more().ids, batchID{int32(i), id})
	}
}
