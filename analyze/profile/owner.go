package profile

import (
	"slices"

	"github.com/pfptrace/pfptrace/analyze/role"
)

// findUnits makes the requests and batches, and finds for each span the nearest
// one above it. Of requests above each other the outermost is the request.
func (l *localizer) findUnits() {
	n := len(l.claims)
	l.owner = append(l.owner[:0], make([]int32, n)...)
	l.inRequest = append(l.inRequest[:0], make([]bool, n)...)
	for i := range l.owner {
		l.owner[i] = -1
	}
	for _, i := range l.order {
		if parent := l.trace.Parents[i]; parent >= 0 {
			l.owner[i], l.inRequest[i] = l.owner[parent], l.inRequest[parent]
		}
		u := unit{span: i}
		switch {
		case l.starts(int(i)).Has(role.Batch):
			u.batch = l.newBatch(int(i))
			if above := l.owner[i]; above >= 0 {
				u.batch.parent = l.local.units[above].request
			}
		case l.startsRequest(int(i)):
			u.request = l.newRequest(int(i))
			l.inRequest[i] = true
		default:
			continue
		}
		l.owner[i] = int32(len(l.local.units))
		l.local.units = l.units.appendTo(l.local.units, u)
	}
	l.sortUnits()
	l.adopt()
}

// sortUnits puts the units in the order of their spans, which that of parents
// first need not be.
func (l *localizer) sortUnits() {
	units := l.local.units
	bySpan := func(x, y unit) int { return int(x.span) - int(y.span) }
	if slices.IsSortedFunc(units, bySpan) {
		return
	}
	moved := make(map[int32]int32, len(units)) // by span
	for number := range units {
		moved[units[number].span] = int32(number)
	}
	slices.SortFunc(units, bySpan)
	to := make([]int32, len(units))
	for number := range units {
		to[moved[units[number].span]] = int32(number)
	}
	for i, owner := range l.owner {
		if owner >= 0 {
			l.owner[i] = to[owner]
		}
	}
}

// adopt gives the spans that are below no request and no batch to the one
// request of the trace, or, in a trace without requests, to its first batch.
func (l *localizer) adopt() {
	t := &l.local
	to := int32(-1)
	for number, u := range t.units {
		switch {
		case u.request != nil:
			t.several = t.request != nil
			if t.request == nil {
				t.request, to = u.request, int32(number)
			}
		case t.batch == nil:
			t.batch = u.batch
		}
	}
	switch {
	case t.several:
		to = -1
	case t.request == nil && t.batch != nil:
		to = 0
	}
	l.loose = l.loose[:0]
	for i, owner := range l.owner {
		l.loose = append(l.loose, owner < 0)
		if owner < 0 {
			l.owner[i] = to
		}
	}
	if len(t.units) > 1 {
		l.more().owner = slices.Clone(l.owner)
	}
}

// unitOf returns the unit that span i is in, nil for none.
func (t *local) unitOf(i int) *unit {
	number := int32(0)
	if t.extra != nil && t.extra.owner != nil {
		number = t.extra.owner[i]
	}
	if number < 0 || int(number) >= len(t.units) {
		return nil
	}
	return &t.units[number]
}
