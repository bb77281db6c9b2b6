package otlp

import (
	"math"
	"strings"

	"github.com/pfptrace/pfptrace/model"
)

// jsonSpan is the members of a Span in JSON: scalars as their text, so that
// the last of several counts; the rest as protobuf fields.
type jsonSpan struct {
	trace, id, parent, state, name           []byte
	kind, start, end, flags                  []byte
	droppedAttributes, droppedEvents         []byte
	droppedLinks, statusCode                 []byte
	attributes, events, linkMessages, status part
	links                                    int
}

// span reads one Span.
func (r *reader) span() {
	r.text = r.text[:0]
	scratch := len(r.out)
	var s jsonSpan
	if !r.open('{') {
		return
	}
	for r.more('}') {
		r.member(&s, r.key())
	}
	if r.err == nil {
		r.finish(&s)
	}
	r.out = r.out[:scratch]
}

func (r *reader) member(s *jsonSpan, name []byte) {
	switch string(name) {
	case "traceid":
		s.trace = r.id()
	case "spanid":
		s.id = r.id()
	case "tracestate":
		s.state = r.scalar()
	case "parentspanid":
		s.parent = r.id()
	case "name":
		s.name = r.scalar()
	case "kind":
		s.kind = r.scalar()
	case "starttimeunixnano":
		s.start = r.scalar()
	case "endtimeunixnano":
		s.end = r.scalar()
	case "attributes":
		s.attributes = r.keyValues(fieldSpanAttributes, 0)
	case "droppedattributescount":
		s.droppedAttributes = r.scalar()
	case "events":
		s.events, _ = r.messages(fieldSpanEvents, r.event)
	case "droppedeventscount":
		s.droppedEvents = r.scalar()
	case "links":
		s.linkMessages, s.links = r.messages(fieldSpanLinks, r.link)
	case "droppedlinkscount":
		s.droppedLinks = r.scalar()
	case "status":
		s.status.from = len(r.out)
		s.statusCode = r.status()
		s.status.to = len(r.out)
	case "flags":
		s.flags = r.scalar()
	default:
		r.skip(0)
	}
}

// messages reads an array of messages into fields with this number.
func (r *reader) messages(number int, read func()) (p part, count int) {
	p.from = len(r.out)
	if r.open('[') {
		for r.more(']') {
			start := r.begin(number)
			read()
			r.end(start)
			count++
		}
	}
	p.to = len(r.out)
	return p, count
}

// finish appends the span that s makes, or counts why it makes none.
func (r *reader) finish(s *jsonSpan) {
	span := model.Span{Links: uint16(min(s.links, math.MaxUint16))}
	if reason, example := s.header(&span); reason != "" {
		r.d.refuse(reason, example)
		return
	}
	span.Kind, span.Status = r.enums(s)
	r.encode(s, &span)
	r.dst = append(r.dst, span)
}

// header fills in ids and times, or says why they make no span.
func (s *jsonSpan) header(span *model.Span) (reason string, example []byte) {
	var ok bool
	switch {
	case len(s.trace) == 0:
		return refusedTraceID, s.name
	case !parseID(span.Trace[:], s.trace):
		return refusedTraceIDForm, s.trace
	case span.Trace.IsZero():
		return refusedTraceID, s.name
	case len(s.id) == 0:
		return refusedSpanID, s.name
	case !parseID(span.ID[:], s.id):
		return refusedSpanIDForm, s.id
	case span.ID.IsZero():
		return refusedSpanID, s.name
	case len(s.parent) > 0 && !parseID(span.Parent[:], s.parent):
		return refusedParentForm, s.parent
	}
	if span.Start, ok = parseTime(s.start); !ok {
		return refusedStart, s.start
	}
	if span.End, ok = parseTime(s.end); !ok {
		return refusedEnd, s.end
	}
	return "", nil
}

func parseTime(text []byte) (int64, bool) {
	if len(text) == 0 {
		return 0, true
	}
	ns, ok := parseUint(text)
	return int64(ns), ok && ns <= math.MaxInt64
}

func (r *reader) enums(s *jsonSpan) (model.Kind, model.StatusCode) {
	kind, ok := parseKind(s.kind)
	if !ok {
		r.d.refuse(keptKind, s.kind)
	}
	status, ok := parseStatus(s.statusCode)
	if !ok {
		r.d.refuse(keptStatus, s.statusCode)
	}
	return kind, status
}

// parseKind reads a span kind, a number or a name; ok is false for those that
// OTLP has not.
func parseKind(text []byte) (kind model.Kind, ok bool) {
	n := parseEnum(text, "SPAN_KIND_", "UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
	return model.Kind(max(n, 0)), n >= 0
}

// parseStatus reads a status code, a number or a name.
func parseStatus(text []byte) (code model.StatusCode, ok bool) {
	n := parseEnum(text, "STATUS_CODE_", "UNSET", "OK", "ERROR")
	return model.StatusCode(max(n, 0)), n >= 0
}

// parseEnum returns which of the names text is, by name or number, -1 for
// none. No text is the first.
func parseEnum(text []byte, prefix string, names ...string) int {
	if len(text) == 0 {
		return 0
	}
	if n, ok := parseUint(text); ok {
		if n >= uint64(len(names)) {
			return -1
		}
		return int(n)
	}
	if len(text) > len(prefix) && strings.EqualFold(view(text[:len(prefix)]), prefix) {
		text = text[len(prefix):]
	}
	for i, name := range names {
		if strings.EqualFold(view(text), name) {
			return i
		}
	}
	return -1
}

// encode writes the Span message, in the order and form of model.Draft, and
// lets span have it.
func (r *reader) encode(s *jsonSpan, span *model.Span) {
	body := len(r.out)
	b := appendBytes(r.out, fieldSpanTraceID, span.Trace[:])
	b = appendBytes(b, fieldSpanID, span.ID[:])
	if len(s.state) > 0 {
		b = appendBytes(b, fieldSpanState, s.state)
	}
	if !span.Parent.IsZero() {
		b = appendBytes(b, fieldSpanParentID, span.Parent[:])
	}
	b = appendBytes(b, fieldSpanName, s.name)
	name := len(b) - body - len(s.name)
	b = appendVarint(b, fieldSpanKind, uint64(span.Kind))
	b = appendFixed64(b, fieldSpanStart, uint64(span.Start))
	b = appendFixed64(b, fieldSpanEnd, uint64(span.End))
	b = append(b, r.bytes(s.attributes)...)
	b = r.appendCount(b, fieldSpanDroppedAttributes, s.droppedAttributes)
	b = append(b, r.bytes(s.events)...)
	b = r.appendCount(b, fieldSpanDroppedEvents, s.droppedEvents)
	b = append(b, r.bytes(s.linkMessages)...)
	b = r.appendCount(b, fieldSpanDroppedLinks, s.droppedLinks)
	if status := r.bytes(s.status); len(status) > 0 {
		b = appendBytes(b, fieldSpanStatus, status)
	}
	if flags := r.uint32(s.flags); flags != 0 {
		b = appendFixed32(b, fieldSpanFlags, flags)
	}
	span.Raw = r.d.arena.keep(b[body:])
	span.Name = r.d.names.intern(span.Raw[name : name+len(s.name)])
	r.out = b[:body]
}
