package profile

// reachTable answers "of child NAME" and "of ancestor NAME" for one trace. It
// is filled when first asked: a walk for each span would cost the square of a
// long chain.
type reachTable struct {
	children  map[nameAt]int32   // the first child with the name
	ancestors map[nameOf][]int32 // of each span its nearest ancestor with the name, -1 without
}

// nameOf is a name of a profile.
type nameOf struct{ profile, name int16 }

// nameAt is a span and a name of a profile.
type nameAt struct {
	span int32
	nameOf
}

// reachOf returns the span that a term reads, seen from span i; false without.
func (l *localizer) reachOf(i int, t *term) (int, bool) {
	name := nameOf{l.claims[i].profile, int16(t.to)}
	switch t.reach {
	case reachChild:
		if l.reach.children == nil {
			l.indexChildren()
		}
		child, ok := l.reach.children[nameAt{int32(i), name}]
		return int(child), ok
	case reachAncestor:
		if l.reach.ancestors[name] == nil {
			l.indexAncestors(name)
		}
		ancestor := l.reach.ancestors[name][i]
		return int(ancestor), ancestor >= 0
	}
	return i, true
}

func (l *localizer) indexChildren() {
	l.reach.children = make(map[nameAt]int32)
	for i, c := range l.claims {
		parent := l.trace.Parents[i]
		if c.name < 0 || parent < 0 {
			continue
		}
		key := nameAt{parent, nameOf{c.profile, c.name}}
		if _, taken := l.reach.children[key]; !taken {
			l.reach.children[key] = int32(i)
		}
	}
}

func (l *localizer) indexAncestors(name nameOf) {
	nearest := make([]int32, len(l.claims))
	for _, i := range l.order {
		nearest[i] = -1
		if parent := l.trace.Parents[i]; parent >= 0 {
			nearest[i] = nearest[parent]
			if c := l.claims[parent]; c.profile == name.profile && c.name == name.name {
				nearest[i] = parent
			}
		}
	}
	if l.reach.ancestors == nil {
		l.reach.ancestors = make(map[nameOf][]int32)
	}
	l.reach.ancestors[name] = nearest
}

// first computes the first of the alternatives that can be computed.
func (l *localizer) first(i int, alternatives []expr) (ns int64, ok bool) {
	for _, e := range alternatives {
		if ns, ok = l.sum(i, e); ok {
			return ns, true
		}
	}
	return 0, false
}

func (l *localizer) sum(i int, e expr) (ns int64, ok bool) {
	for j := range e {
		amount, ok := l.term(i, &e[j])
		if !ok {
			return 0, false
		}
		if e[j].minus {
			amount = -amount
		}
		if ns, ok = addNs(ns, amount); !ok {
			l.odd.overflows++
			return 0, false
		}
	}
	return ns, true
}

func (l *localizer) term(i int, t *term) (int64, bool) {
	if t.kind == termFixed {
		return t.fixed, true
	}
	i, ok := l.reachOf(i, t)
	if !ok {
		return 0, false
	}
	switch span := &l.trace.Spans[i]; t.kind {
	case termStart:
		return span.Start, true
	case termEnd:
		return max(span.Start, span.End), true
	case termEvent, termLast:
		event, ok := l.at(i).event(t.key, t.kind == termLast)
		return event.time, ok
	}
	value, ok := l.at(i).attr(t.key)
	if !ok {
		return 0, false
	}
	ns, ok := t.unit.nanoseconds(value)
	if !ok || ns < 0 {
		l.odd.badNumbers++
		return 0, false
	}
	return ns, true
}

// text returns the text of the attribute that a term names, "" without.
func (l *localizer) text(i int, t *term) string {
	i, ok := l.reachOf(i, t)
	if !ok {
		return ""
	}
	value, _ := l.at(i).attr(t.key)
	return matchable(value)
}
