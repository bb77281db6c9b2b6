package otlp

import (
	"math"

	"github.com/pfptrace/pfptrace/model"
)

// header is what of a Span message becomes fields of model.Span, as it stands
// on the wire.
type header struct {
	trace, id, parent, name  []byte
	kind, status, start, end uint64
	links                    int
}

// general reads the fields in b, whatever their order, into h. It is the
// reference that the fast path is held to: of a field that stands twice the
// last counts, submessages are validated and merged, a known number with
// another wire type is an unknown field.
func (h *header) general(b []byte) error {
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		switch f.wire {
		case wireBytes:
			err = h.bytes(f.number, f.bytes)
		case wireFixed64:
			switch f.number {
			case fieldSpanStart:
				h.start = f.num
			case fieldSpanEnd:
				h.end = f.num
			}
		case wireVarint:
			if f.number == fieldSpanKind {
				h.kind = uint64(uint32(f.num)) // an enumeration is an int32
			}
		}
		if err != nil {
			return err
		}
		b = rest
	}
	return nil
}

func (h *header) bytes(number int, b []byte) error {
	switch number {
	case fieldSpanTraceID:
		h.trace = b
	case fieldSpanID:
		h.id = b
	case fieldSpanParentID:
		h.parent = b
	case fieldSpanName:
		h.name = b
	case fieldSpanAttributes:
		return check(b, keyValueMessage, 1)
	case fieldSpanEvents:
		return check(b, eventMessage, 1)
	case fieldSpanLinks:
		h.links++
		return check(b, linkMessage, 1)
	case fieldSpanStatus:
		return h.readStatus(b)
	}
	return nil
}

func (h *header) readStatus(b []byte) error {
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		if f.number == fieldStatusCode && f.wire == wireVarint {
			h.status = uint64(uint32(f.num))
		}
		b = rest
	}
	return nil
}

// refusal returns why h cannot be a span, "" if it can.
func (h *header) refusal() string {
	switch {
	case len(h.trace) != 0 && len(h.trace) != len(model.TraceID{}):
		return refusedTraceIDForm
	case len(h.trace) == 0 || model.TraceID(h.trace).IsZero():
		return refusedTraceID
	case len(h.id) != 0 && len(h.id) != len(model.SpanID{}):
		return refusedSpanIDForm
	case len(h.id) == 0 || model.SpanID(h.id).IsZero():
		return refusedSpanID
	case len(h.parent) != 0 && len(h.parent) != len(model.SpanID{}):
		return refusedParentForm
	case h.start > math.MaxInt64:
		return refusedStart
	case h.end > math.MaxInt64:
		return refusedEnd
	}
	return ""
}

// appendSpan appends the span that h and its message raw make, or counts why
// they make none. The origin is left to the caller.
func (d *Decoder) appendSpan(dst []model.Span, h *header, raw []byte) []model.Span {
	if reason := h.refusal(); reason != "" {
		d.refuse(reason, h.name)
		return dst
	}
	kind, status := d.enums(h.kind, h.status, h.name)
	dst = append(dst, model.Span{
		Trace:  model.TraceID(h.trace),
		ID:     model.SpanID(h.id),
		Start:  int64(h.start),
		End:    int64(h.end),
		Name:   d.names.intern(h.name),
		Raw:    raw[:len(raw):len(raw)],
		Links:  uint16(min(h.links, math.MaxUint16)),
		Kind:   kind,
		Status: status,
	})
	if len(h.parent) != 0 {
		dst[len(dst)-1].Parent = model.SpanID(h.parent)
	}
	return dst
}
