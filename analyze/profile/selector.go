package profile

import "github.com/pfptrace/pfptrace/model"

// place is where in its trace a span must stand.
type place uint8

const (
	anywhere  place = iota
	inBatch         // in a batch
	inServer        // in a batch, below a span with the role server
	inRequest       // not in a batch
)

// selector says which spans it fits. Everything that is set must hold.
type selector struct {
	names    []pattern
	services []pattern
	scopes   []pattern
	kinds    uint8 // bit k: model.Kind k; 0: any
	attrs    []attrCondition
	anyAttr  []string // one of these keys is there
	events   []string // all of these are there
	root     *bool
	links    bool // it links to another trace
	in       place
}

// attrCondition is what an attribute must say.
type attrCondition struct {
	key    string
	not    bool // none of the patterns: holds without the attribute too
	values []pattern
}

// strength ranks what a selector goes by, for spans that several profiles want.
type strength uint8

const (
	byPlace strength = iota // root, kind, links or nothing: fits spans of any system
	byName
	byAttribute
	byScope
	byRole // the span says its role itself
)

func (s *selector) strength() strength {
	switch {
	case s.scopes != nil:
		return byScope
	case s.needsDetails():
		return byAttribute
	case s.names != nil || s.services != nil:
		return byName
	}
	return byPlace
}

// fitsClass checks what spans of one name, kind and origin have in common.
func (s *selector) fitsClass(span *model.Span) bool {
	return (s.kinds == 0 || s.kinds>>span.Kind&1 == 1) && anyOf(s.names, span.Name) &&
		anyOf(s.services, span.Origin.Service) && anyOf(s.scopes, span.Origin.ScopeName)
}

// fitsPlain checks what the header of a span says beyond its class.
func (s *selector) fitsPlain(span *model.Span) bool {
	return (s.root == nil || *s.root == span.Parent.IsZero()) && (!s.links || span.Links > 0 && linksAbroad(span))
}

// linksAbroad reports whether a span links to another trace than its own.
func linksAbroad(span *model.Span) bool {
	for link := range span.LinkSeq() {
		if link.Trace != span.Trace && !link.Trace.IsZero() {
			return true
		}
	}
	return false
}

func (s *selector) needsDetails() bool { return s.attrs != nil || s.anyAttr != nil || s.events != nil }

// needs is what a span must have for the selector to fit.
func (s *selector) needs() (p presence) {
	for _, c := range s.attrs {
		if !c.not {
			p = p.with(c.key)
		}
	}
	for _, name := range s.events {
		p = p.with(name)
	}
	if len(s.anyAttr) == 1 {
		p = p.with(s.anyAttr[0])
	}
	return p
}

// fitsDetails checks attributes and events.
func (s *selector) fitsDetails(d details) bool {
	for i := range s.attrs {
		if !s.attrs[i].holds(d) {
			return false
		}
	}
	for _, name := range s.events {
		if _, ok := d.event(name, false); !ok {
			return false
		}
	}
	if s.anyAttr == nil {
		return true
	}
	for _, key := range s.anyAttr {
		if _, ok := d.attr(key); ok {
			return true
		}
	}
	return false
}

func (c *attrCondition) holds(d details) bool {
	value, ok := d.attr(c.key)
	if ok && len(c.values) > 0 {
		ok = anyOf(c.values, matchable(value))
	}
	return ok != c.not
}

// matchable is the text that patterns see: only scalars, so that a huge array
// is not printed to be compared.
func matchable(v model.Value) string {
	switch v.Type {
	case model.ValueArray, model.ValueMap, model.ValueBytes:
		return ""
	}
	return v.Text()
}
