package otlp

import (
	"encoding/binary"
	"math"
	"strings"

	"github.com/pfptrace/pfptrace/model"
)

// jsonSpan is the members of a Span in JSON as they are gathered. Each can come
// twice, and the last counts, so what is bad about one is judged at the end.
type jsonSpan struct {
	trace                                          model.TraceID
	id, parent                                     model.SpanID
	start, end                                     int64
	badTrace, badID, badParent, badStart, badEnd   []byte // the text where it does not read, else nil
	state, name, kind, statusCode, flags           []byte // text
	droppedAttributes, droppedEvents, droppedLinks []byte
	attributes, events, linkMessages, status       part // as protobuf
	links                                          int
}

// span reads one Span.
func (r *reader) span() {
	r.text = r.text[:0]
	scratch := len(r.out)
	var s jsonSpan
	if !r.open('{') {
		return
	}
	last := spanFirst
	if !r.general {
		last = r.prefix(&s)
	}
	for key, ok := r.spanKey(last); ok; key, ok = r.spanKey(key) {
		r.member(&s, key)
	}
	if r.err == nil {
		r.finish(&s)
	}
	r.out = r.out[:scratch]
}

func (r *reader) member(s *jsonSpan, name spanKey) {
	switch name {
	case spanTraceID:
		s.badTrace = r.readID(s.trace[:])
	case spanID:
		s.badID = r.readID(s.id[:])
	case spanState:
		s.state = r.scalar()
	case spanParentID:
		s.badParent = r.readID(s.parent[:])
	case spanName:
		s.name = r.scalar()
	case spanKind:
		s.kind = r.scalar()
	case spanStart:
		s.start, s.badStart = r.readTime()
	case spanEnd:
		s.end, s.badEnd = r.readTime()
	case spanAttributes:
		s.attributes = r.keyValues(fieldSpanAttributes, attributeDepth)
	case spanDroppedAttributes:
		s.droppedAttributes = r.scalar()
	case spanEvents:
		s.events, _ = r.messages(fieldSpanEvents, r.event)
	case spanDroppedEvents:
		s.droppedEvents = r.scalar()
	case spanLinks:
		s.linkMessages, s.links = r.messages(fieldSpanLinks, r.link)
	case spanDroppedLinks:
		s.droppedLinks = r.scalar()
	case spanStatus:
		s.status.from = len(r.out)
		s.statusCode = r.status()
		s.status.to = len(r.out)
	case spanFlags:
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
	if reason, example := s.refusal(); reason != "" {
		r.d.refuse(reason, example)
		return
	}
	span := model.Span{
		Trace: s.trace, ID: s.id, Parent: s.parent, Start: s.start, End: s.end,
		Links: uint16(min(s.links, math.MaxUint16)),
	}
	span.Kind, span.Status = r.enums(s)
	r.encode(s, &span)
	r.dst = append(r.dst, span)
}

// refusal returns why s cannot be a span, and the text in question.
func (s *jsonSpan) refusal() (reason string, example []byte) {
	switch {
	case s.badTrace != nil:
		return refusedTraceIDForm, s.badTrace
	case s.trace.IsZero():
		return refusedTraceID, s.name
	case s.badID != nil:
		return refusedSpanIDForm, s.badID
	case s.id.IsZero():
		return refusedSpanID, s.name
	case s.badParent != nil:
		return refusedParentForm, s.badParent
	case s.badStart != nil:
		return refusedStart, s.badStart
	case s.badEnd != nil:
		return refusedEnd, s.badEnd
	}
	return "", nil
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
	n, ok := parseEnum(text, "SPAN_KIND_", "UNSPECIFIED INTERNAL SERVER CLIENT PRODUCER CONSUMER")
	return model.Kind(n), ok
}

// parseStatus reads a status code, a number or a name.
func parseStatus(text []byte) (code model.StatusCode, ok bool) {
	n, ok := parseEnum(text, "STATUS_CODE_", "UNSET OK ERROR")
	return model.StatusCode(n), ok
}

// parseEnum returns which of the names text is, by name or number. No text is
// the first.
func parseEnum(text []byte, prefix, names string) (number int, ok bool) {
	if len(text) == 0 {
		return 0, true
	}
	if n, ok := parseUint(text); ok {
		if n > uint64(strings.Count(names, " ")) {
			return 0, false
		}
		return int(n), true
	}
	if len(text) > len(prefix) && strings.EqualFold(view(text[:len(prefix)]), prefix) {
		text = text[len(prefix):]
	}
	for name := range strings.FieldsSeq(names) {
		if strings.EqualFold(view(text), name) {
			return number, true
		}
		number++
	}
	return 0, false
}

// encode writes the Span message, in the order and form of model.Draft, and
// lets span have it.
func (r *reader) encode(s *jsonSpan, span *model.Span) {
	body := len(r.out)
	b := append(append(r.out, tagTraceID, byte(len(span.Trace))), span.Trace[:]...)
	b = append(append(b, tagSpanID, byte(len(span.ID))), span.ID[:]...)
	if len(s.state) > 0 {
		b = appendBytes(b, fieldSpanState, s.state)
	}
	if !span.Parent.IsZero() {
		b = append(append(b, tagParentID, byte(len(span.Parent))), span.Parent[:]...)
	}
	b = appendBytes(b, fieldSpanName, s.name)
	name := len(b) - body - len(s.name)
	b = append(b, tagKind, byte(span.Kind))
	b = binary.LittleEndian.AppendUint64(append(b, tagStart), uint64(span.Start))
	b = binary.LittleEndian.AppendUint64(append(b, tagEnd), uint64(span.End))
	head := len(b)
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
	span.Raw = r.d.arena.join(b[body:head], r.bytes(s.attributes), b[head:])
	span.Name = r.d.names.intern(span.Raw[name : name+len(s.name)])
	r.out = b[:body]
}
