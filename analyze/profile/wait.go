package profile

import "github.com/pfptrace/pfptrace/analyze/role"

// waitKey is a request and a rule with until.
type waitKey struct {
	request       *role.RequestInfo
	profile, rule int
}

// wait is a queue interval that grows span by span until one of another name
// comes between.
type wait struct {
	interval *role.Interval
	ended    bool
}

// extendWait adds the interval of span i to the wait that is going on, or begins
// one. Spans come in the order of their starts.
func (l *localizer) extendWait(i int, c claim, rule int, iv *role.Interval) {
	u := l.local.unitOf(i)
	if u == nil || u.request == nil {
		l.attach(i, iv.Role, iv)
		return
	}
	key := waitKey{u.request, int(c.profile), rule}
	w := l.waits[key]
	if w == nil || w.ended {
		l.waits[key] = &wait{interval: iv}
		l.attach(i, iv.Role, iv)
		return
	}
	whole := w.interval
	if whole.Parts == nil {
		whole.Parts = []role.Part{{Start: whole.Start, End: whole.End}}
	}
	if last := &whole.Parts[len(whole.Parts)-1]; iv.Start <= last.End {
		last.End = max(last.End, iv.End)
	} else {
		whole.Parts = append(whole.Parts, role.Part{Start: iv.Start, End: iv.End})
	}
	whole.End = max(whole.End, iv.End)
	whole.Status = iv.Status
}

// endWaits notes that span i comes between two waits of its request.
func (l *localizer) endWaits(i int, c claim) {
	u := l.local.unitOf(i)
	if u == nil || u.request == nil {
		return
	}
	for number := range l.profiles[c.profile].roles {
		if l.profiles[c.profile].roles[number].until != int(c.name) {
			continue
		}
		if w := l.waits[waitKey{u.request, int(c.profile), number}]; w != nil {
			w.ended = true
		}
	}
}
