package otlp

import "github.com/pfptrace/pfptrace/model"

// JSON appends the spans of one OTLP JSON document, an object, to dst. It
// reads what OTLP prescribes and what is met in the wild: names in camel case,
// snake case or as Go prints them, enumerations as names, numbers as text, ids
// in base64, members in any order (of several with one name the last counts).
// {"result":…} of Jaeger, {"trace":…} and {"batches":…} of Tempo are looked
// into. Details become protobuf in memory that doc does not share.
// An error says where doc is malformed; the spans before that place are kept.
func (d *Decoder) JSON(dst []model.Span, doc []byte) ([]model.Span, error) {
	r := reader{d, &d.json, dst}
	r.doc, r.at, r.err = doc, 0, nil
	r.general = d.general
	r.text, r.out = r.text[:0], r.out[:0]
	r.document(0)
	if r.err == nil && r.peek() != 0 {
		r.fail("more after the end of the document")
	}
	err := r.err
	r.release()
	return r.dst, err
}

// maxScratch is how much memory a decoder keeps from one document to the next,
// in bytes: more than a span takes in practice.
const maxScratch = 4 << 20

// release lets go of the document, and of scratch that one huge span needed.
func (t *transcoder) release() {
	t.doc, t.err = nil, nil
	if cap(t.out) > maxScratch {
		t.out = nil
	}
	if cap(t.text) > maxScratch {
		t.text = nil
	}
}

// reader is one call of Decoder.JSON.
type reader struct {
	d *Decoder
	*transcoder
	dst []model.Span
}

// document reads the outer object, or one of those that wrap it.
func (r *reader) document(depth int) {
	if depth > maxDepth {
		r.fail("nested too deep")
		return
	}
	if r.peek() != '{' { // null is no document
		r.want('{')
		return
	}
	known, unknown := false, ""
	for r.open('{'); r.more('}'); {
		name := r.key()
		skipped := ""
		switch string(name) {
		case "resourcespans", "batches":
			r.resourceSpansList()
		case "result", "trace", "traces":
			r.wrapped(depth)
		case "resourcelogs":
			skipped = skippedLogs
		case "resourcemetrics":
			skipped = skippedMetrics
		case "resourceprofiles":
			skipped = skippedProfiles
		default:
			unknown = string(name)
			r.skip(depth)
			continue
		}
		known = true
		if skipped != "" {
			r.d.refuse(skipped, name)
			r.skip(depth)
		}
	}
	if !known && unknown != "" {
		r.d.refuse(skippedObject, []byte(unknown))
	}
}

// wrapped reads a document inside another; an unknown trace is null in some
// answers.
func (r *reader) wrapped(depth int) {
	if r.peek() == '{' {
		r.document(depth + 1)
		return
	}
	r.skip(depth)
}

func (r *reader) resourceSpansList() {
	if !r.open('[') {
		return
	}
	for r.more(']') {
		r.resourceSpans()
	}
}

// scopeSpans is which spans stand under a scope, and the scope's message.
type scopeSpans struct {
	first, last int // in dst
	scope       part
}

// resourceSpans reads a ResourceSpans. Its resource may stand behind its
// spans, so they get their origins at the end.
func (r *reader) resourceSpans() {
	r.out = r.out[:0]
	first := len(r.dst)
	var resource part
	var scopes []scopeSpans
	if r.open('{') {
		for r.more('}') {
			switch string(r.key()) {
			case "resource":
				resource = r.message(r.resource)
			case "scopespans", "instrumentationlibraryspans":
				r.dst = r.dst[:first]
				scopes = r.scopeSpansList(scopes[:0])
			default:
				r.skip(0)
			}
		}
	}
	from := r.d.origins.resource(r.bytes(resource))
	for _, s := range scopes {
		origin := r.d.origins.scope(from, r.bytes(s.scope))
		for i := s.first; i < s.last; i++ {
			r.dst[i].Origin = origin
		}
	}
}

func (r *reader) scopeSpansList(scopes []scopeSpans) []scopeSpans {
	if !r.open('[') {
		return scopes
	}
	for r.more(']') {
		scopes = append(scopes, r.scopeSpans())
	}
	return scopes
}

func (r *reader) scopeSpans() scopeSpans {
	s := scopeSpans{first: len(r.dst)}
	if r.open('{') {
		for r.more('}') {
			switch string(r.key()) {
			case "scope", "instrumentationlibrary":
				s.scope = r.message(r.scope)
			case "spans":
				r.dst = r.dst[:s.first]
				r.spans()
			default:
				r.skip(0)
			}
		}
	}
	s.last = len(r.dst)
	return s
}

func (r *reader) spans() {
	if !r.open('[') {
		return
	}
	for r.more(']') {
		r.span()
	}
}
