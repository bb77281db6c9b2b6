package model

import (
	"cmp"
	"errors"
	"fmt"
	"math"
)

// maxFaults is how many faults Check names.
const maxFaults = 10

// Check returns an error that names what in traces breaks a promise of this
// package: of [Builder], or of the reader that made the spans. Tests run it on
// everything that is read.
func Check(traces *Traces) error {
	var c checker
	for i := range traces.List {
		t := &traces.List[i]
		if len(t.Spans) == 0 || len(t.Parents) != len(t.Spans) {
			c.fault("trace %s: %d spans with %d parents", t.ID, len(t.Spans), len(t.Parents))
			continue
		}
		if traces.Get(t.ID) != t {
			c.fault("trace %s: not found by its id", t.ID)
		}
		if i > 0 && compareTraces(&traces.List[i-1], t) >= 0 {
			c.fault("trace %s: out of order", t.ID)
		}
		c.order(t)
		c.parents(t)
		for j := range t.Spans {
			c.span(t, &t.Spans[j])
		}
	}
	if traces.index != nil && len(traces.index) != len(traces.List) {
		c.fault("%d traces, %d of them by id", len(traces.List), len(traces.index))
	}
	return errors.Join(c.faults...)
}

type checker struct{ faults []error }

func (c *checker) fault(format string, args ...any) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, fmt.Errorf(format, args...))
	}
}

func compareTraces(x, y *Trace) int {
	return cmp.Or(cmp.Compare(x.Spans[0].Start, y.Spans[0].Start), x.ID.Compare(y.ID))
}

func (c *checker) order(t *Trace) {
	for i := 1; i < len(t.Spans); i++ {
		x, y := &t.Spans[i-1], &t.Spans[i]
		if cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(x.End, y.End), x.ID.Compare(y.ID)) >= 0 {
			c.fault("span %s/%s: out of order, or there twice", t.ID, y.ID)
		}
	}
}

// parents checks that every span has its parent if that is here, and that
// ways up end: a walk that returns to its own path is a cycle.
func (c *checker) parents(t *Trace) {
	byID := make(map[SpanID]int, len(t.Spans))
	for i := range t.Spans {
		if _, twice := byID[t.Spans[i].ID]; twice {
			c.fault("span %s/%s: there twice", t.ID, t.Spans[i].ID)
		}
		byID[t.Spans[i].ID] = i
	}
	for i, parent := range t.Parents {
		span := &t.Spans[i]
		switch {
		case parent < -1 || int(parent) >= len(t.Spans):
			c.fault("span %s/%s: parent %d of %d spans", t.ID, span.ID, parent, len(t.Spans))
			return
		case parent >= 0 && t.Spans[parent].ID != span.Parent:
			c.fault("span %s/%s: names parent %s, has %s", t.ID, span.ID, span.Parent, t.Spans[parent].ID)
		case parent < 0 && !span.Parent.IsZero():
			if above, here := byID[span.Parent]; here && !leadsTo(t, above, i) {
				c.fault("span %s/%s: parent %s is here, but not joined", t.ID, span.ID, span.Parent)
			}
		}
	}
	walk := make([]int, len(t.Spans)) // 0: not yet; else 1 + the span whose walk came here
	for i := range t.Spans {
		j := i
		for j >= 0 && walk[j] == 0 {
			walk[j] = i + 1
			j = int(t.Parents[j])
		}
		if j >= 0 && walk[j] == i+1 {
			c.fault("span %s/%s: its own ancestor", t.ID, t.Spans[j].ID)
		}
	}
}

// leadsTo reports whether the way up from span i, of at most all spans, comes
// to the goal: then the goal's own parent link was cut to break a cycle.
func leadsTo(t *Trace, i, goal int) bool {
	for steps := 0; i >= 0 && steps <= len(t.Spans); steps++ {
		if i == goal {
			return true
		}
		i = int(t.Parents[i])
		if i >= len(t.Spans) {
			return false
		}
	}
	return false
}

// span checks the header against the encoding. A reader mends what the header
// cannot hold: a time above 2^63-1, a kind or status above 255.
func (c *checker) span(t *Trace, s *Span) {
	if s.Trace != t.ID {
		c.fault("span %s/%s: stands in trace %s", s.Trace, s.ID, t.ID)
	}
	if s.Start < 0 || s.End < 0 {
		c.fault("span %s/%s: negative time %d..%d", s.Trace, s.ID, s.Start, s.End)
	}
	if s.Origin == nil {
		c.fault("span %s/%s: no origin", s.Trace, s.ID)
	}
	if at := malformed(s.Raw); at >= 0 {
		c.fault("span %s/%s: encoding is malformed at byte %d of %d", s.Trace, s.ID, at, len(s.Raw))
		return
	}
	for _, field := range []struct {
		name      string
		got, want string
	}{
		{"trace id", string(s.Trace[:]), string(lastBytes(s.Raw, fieldSpanTraceID))},
		{"span id", string(s.ID[:]), string(lastBytes(s.Raw, fieldSpanID))},
		{"name", s.Name, string(lastBytes(s.Raw, fieldSpanName))},
	} {
		if field.got != field.want {
			c.fault("span %s/%s: %s is %q, encoded %q", s.Trace, s.ID, field.name, field.got, field.want)
		}
	}
	if parent := lastBytes(s.Raw, fieldSpanParentID); string(parent) != string(s.Parent[:]) && (len(parent) == len(s.Parent) || !s.Parent.IsZero()) {
		c.fault("span %s/%s: parent is %s, encoded %x", s.Trace, s.ID, s.Parent, parent)
	}
	for _, field := range []struct {
		name      string
		got, want uint64
		limit     uint64
	}{
		{"start", uint64(s.Start), lastFixed64(s.Raw, fieldSpanStart), math.MaxInt64},
		{"end", uint64(s.End), lastFixed64(s.Raw, fieldSpanEnd), math.MaxInt64},
		{"kind", uint64(s.Kind), lastVarint(s.Raw, fieldSpanKind), math.MaxUint8},
		{"status", uint64(s.Status), lastVarint(lastBytes(s.Raw, fieldSpanStatus), fieldStatusCode), math.MaxUint8},
		{"link count", uint64(s.Links), uint64(countLinks(s.Raw)), math.MaxUint16},
	} {
		if field.got != field.want && field.want <= field.limit {
			c.fault("span %s/%s: %s is %d, encoded %d", s.Trace, s.ID, field.name, field.got, field.want)
		}
	}
}

// malformed returns where msg stops being fields, or -1.
func malformed(msg []byte) int {
	rest := msg
	for len(rest) > 0 {
		_, after, ok := next(rest)
		if !ok {
			return len(msg) - len(rest)
		}
		rest = after
	}
	return -1
}
