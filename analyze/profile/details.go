package profile

import "github.com/pfptrace/pfptrace/model"

// details are what a span's attributes and events say to the keys that some
// profile asks for. They are read once a span.
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

// presence says in one word what keys and names details may hold: one that is
// not in it is not there.
type presence uint64

func (p presence) with(name string) presence { return p | 1<<(quickHash(name)&63) }

// maxDetails is how many attributes, and how many events, of one span are looked
// at among those that some profile asks for. SDKs write at most 128 of either;
// rules that read other spans would search longer lists again and again.
const maxDetails = 4096

// reader reads the details of the spans of one trace at a time.
type reader struct {
	picker   model.Picker
	ends     []detailsEnd // of each span
	attrs    []pickedAttr
	events   []pickedEvent
	presence presence // of the span that is being read
	from     detailsEnd
	tooMany  int // details beyond maxDetails, of all spans so far
}

// detailsEnd is where the details of a span end in the reader's lists.
type detailsEnd struct {
	attrs, events int32
	presence      presence
}

func newReader(attrKeys, eventNames *interest) *reader {
	r := &reader{}
	r.picker = model.Picker{
		WantAttr: attrKeys.has, WantEvent: eventNames.has,
		Attr:  r.addAttr,
		Event: r.addEvent,
	}
	return r
}

func (r *reader) addAttr(key string, value model.Value) {
	if len(r.attrs)-int(r.from.attrs) == maxDetails {
		r.tooMany++
		return
	}
	r.attrs = append(r.attrs, pickedAttr{key, value})
	r.presence = r.presence.with(key)
}

func (r *reader) addEvent(e model.Event) {
	if len(r.events)-int(r.from.events) == maxDetails {
		r.tooMany++
		return
	}
	r.events = append(r.events, pickedEvent{e.Name, e.Time, e.Attrs})
	r.presence = r.presence.with(e.Name)
}

// read replaces what the reader holds by the details of these spans.
func (r *reader) read(spans []model.Span) {
	clear(r.attrs)
	clear(r.events)
	r.attrs, r.events, r.ends = r.attrs[:0], r.events[:0], r.ends[:0]
	for i := range spans {
		r.presence, r.from = 0, detailsEnd{attrs: int32(len(r.attrs)), events: int32(len(r.events))}
		spans[i].Pick(&r.picker)
		r.ends = append(r.ends, detailsEnd{int32(len(r.attrs)), int32(len(r.events)), r.presence})
	}
}

// at returns the details of span i.
func (r *reader) at(i int) details {
	var from detailsEnd
	if i > 0 {
		from = r.ends[i-1]
	}
	to := &r.ends[i]
	return details{r.attrs[from.attrs:to.attrs:to.attrs], r.events[from.events:to.events:to.events]}
}
