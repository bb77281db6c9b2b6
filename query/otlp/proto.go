package otlp

import (
	"slices"

	"github.com/pfptrace/pfptrace/model"
)

// Proto appends the spans of one ExportTraceServiceRequest or TracesData
// message to dst. Span.Raw aliases msg, which must never change afterwards.
// An error says where msg is malformed; the spans before that place are kept.
func (d *Decoder) Proto(dst []model.Span, msg []byte) ([]model.Span, error) {
	for b := msg; len(b) > 0; {
		f, rest, err := next(b)
		if err == nil && f.number == fieldResourceSpans && f.wire == wireBytes {
			dst, err = d.resourceSpans(dst, f.bytes)
		}
		if err != nil {
			return dst, placed(err, msg)
		}
		b = rest
	}
	return dst, nil
}

// resourceSpans reads a ResourceSpans message in two walks, because its
// resource may stand behind its spans. The first touches one length a
// ScopeSpans, not one a span.
func (d *Decoder) resourceSpans(dst []model.Span, msg []byte) ([]model.Span, error) {
	message, good, bad := resourceOf(msg)
	resource := d.origins.resource(message)
	for b := good; len(b) > 0; {
		f, rest, err := next(b)
		if err == nil && f.wire == wireBytes && (f.number == fieldScopeSpans || f.number == fieldLibrarySpans) {
			dst, err = d.scopeSpans(dst, f.bytes, resource)
		}
		if err != nil {
			return dst, err
		}
		b = rest
	}
	return dst, bad
}

// resourceOf returns the Resource message in a ResourceSpans message, and how
// much of the latter is good where it is malformed.
func resourceOf(msg []byte) (resource, good []byte, err error) {
	var whole merger
	for b := msg; len(b) > 0; {
		f, rest, err := next(b)
		isResource := err == nil && f.number == fieldResource && f.wire == wireBytes
		if isResource {
			err = check(f.bytes, resourceMessage, 0)
		}
		if err != nil {
			return whole.message, msg[:len(msg)-len(b)], err
		}
		if isResource {
			whole.add(f.bytes)
		}
		b = rest
	}
	return whole.message, msg, nil
}

// scopeSpans reads a ScopeSpans message. Its scope may stand behind its spans,
// so they get their origin at the end.
func (d *Decoder) scopeSpans(dst []model.Span, b []byte, from *resource) (_ []model.Span, err error) {
	var scope merger
	first := len(dst)
	for len(b) > 0 && err == nil {
		var f field
		f, b, err = next(b)
		if err != nil || f.wire != wireBytes {
			continue
		}
		switch f.number {
		case fieldSpans:
			dst, err = d.span(dst, f.bytes)
		case fieldScope:
			if err = check(f.bytes, scopeMessage, 0); err == nil {
				scope.add(f.bytes)
			}
		}
	}
	if len(dst) > first {
		origin := d.origins.scope(from, scope.message)
		for i := first; i < len(dst); i++ {
			dst[i].Origin = origin
		}
	}
	return dst, err
}

// span reads one Span message.
func (d *Decoder) span(dst []model.Span, msg []byte) ([]model.Span, error) {
	var h header
	rest := msg
	if !d.general {
		rest = h.prefix(msg)
	}
	if err := h.general(rest); err != nil {
		return dst, err
	}
	return d.appendSpan(dst, &h, msg), nil
}

// merger puts the parts of one message together: in protobuf, merging is
// writing one behind the other. A message in one part is not copied.
type merger struct {
	message []byte
	copied  bool
}

func (m *merger) add(part []byte) {
	switch {
	case m.message == nil:
		m.message = part
	case m.copied:
		m.message = append(m.message, part...)
	default:
		m.message, m.copied = slices.Concat(m.message, part), true
	}
}
