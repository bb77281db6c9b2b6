package profile

import "github.com/pfptrace/pfptrace/model"

// details are what a span's attributes and events say to the keys that some
// profile asks for. They are read once a span, and only when somebody asks.
type details struct {
	attrs  []pickedAttr
	events []pickedEvent
}

type pickedAttr struct {
	key   string
	value model.Value
}

type pickedEvent struct {
	name  string
	time  int64
	attrs model.Attrs
}

// attr returns the first value with this key.
func (d details) attr(key string) (model.Value, bool) {
	for i := range d.attrs {
		if d.attrs[i].key == key {
			return d.attrs[i].value, true
		}
	}
	return model.Value{}, false
}

// text returns the text of a string attribute, "" without.
func (d details) text(key string) string {
	v, _ := d.attr(key)
	return v.Str()
}

// event returns the first or the last event with this name, by time.
func (d details) event(name string, last bool) (found pickedEvent, ok bool) {
	for _, e := range d.events {
		if e.name == name && e.time >= 0 && (!ok || (e.time > found.time) == last) {
			found, ok = e, true
		}
	}
	return found, ok
}

// interest is the set of attribute keys, or event names, that profiles ask for.
type interest struct {
	quick [256]bool // by length, first and last byte: says no to nearly all that nobody asks for
	names map[string]bool
}

func (in *interest) add(names ...string) {
	for _, name := range names {
		if name == "" {
			continue
		}
		if in.names == nil {
			in.names = make(map[string]bool)
		}
		in.names[name] = true
		in.quick[quickHash(name)] = true
	}
}

func (in *interest) has(name string) bool {
	return name != "" && in.quick[quickHash(name)] && in.names[name]
}

func quickHash(s string) uint8 { return uint8(len(s))*31 + s[0]*7 + s[len(s)-1] }

// reader reads details of the spans of one trace at a time.
type reader struct {
	wantAttrs, wantEvents *interest
	spans                 []model.Span
	read                  []readSpan
	attrs                 []pickedAttr
	events                []pickedEvent
}

// readSpan says where in the reader a span's details stand.
type readSpan struct {
	attrFrom, attrTo, eventFrom, eventTo int32
	hasAttrs, hasEvents                  bool
}

func (r *reader) reset(spans []model.Span) {
	clear(r.attrs)
	clear(r.events)
	r.spans, r.attrs, r.events = spans, r.attrs[:0], r.events[:0]
	r.read = append(r.read[:0], make([]readSpan, len(spans))...)
}

// at returns the attributes of span i that anybody asks for.
func (r *reader) at(i int) details {
	place := &r.read[i]
	if !place.hasAttrs {
		place.hasAttrs = true
		place.attrFrom = int32(len(r.attrs))
		for key, value := range r.spans[i].Attrs().All() {
			if r.wantAttrs.has(key) {
				r.attrs = append(r.attrs, pickedAttr{key, value})
			}
		}
		place.attrTo = int32(len(r.attrs))
	}
	return details{attrs: r.attrs[place.attrFrom:place.attrTo:place.attrTo]}
}

// withEvents returns the events of span i too.
func (r *reader) withEvents(i int) details {
	d := r.at(i)
	place := &r.read[i]
	if !place.hasEvents {
		place.hasEvents = true
		place.eventFrom = int32(len(r.events))
		for event := range r.spans[i].Events() {
			if r.wantEvents.has(event.Name) {
				r.events = append(r.events, pickedEvent{event.Name, event.Time, event.Attrs})
			}
		}
		place.eventTo = int32(len(r.events))
	}
	d.events = r.events[place.eventFrom:place.eventTo:place.eventTo]
	return d
}
