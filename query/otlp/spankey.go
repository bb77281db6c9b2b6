package otlp

// spanKey is a member's name in a Span.
type spanKey uint8

const (
	spanUnknown spanKey = iota
	spanFirst           // before the first member
	spanTraceID
	spanID
	spanState
	spanParentID
	spanName
	spanKind
	spanStart
	spanEnd
	spanAttributes
	spanDroppedAttributes
	spanEvents
	spanDroppedEvents
	spanLinks
	spanDroppedLinks
	spanStatus
	spanFlags
	spanKeys
)

// parseSpanKey knows the normalised names.
func parseSpanKey(name []byte) spanKey {
	switch string(name) {
	case "traceid":
		return spanTraceID
	case "spanid":
		return spanID
	case "tracestate":
		return spanState
	case "parentspanid":
		return spanParentID
	case "name":
		return spanName
	case "kind":
		return spanKind
	case "starttimeunixnano":
		return spanStart
	case "endtimeunixnano":
		return spanEnd
	case "attributes":
		return spanAttributes
	case "droppedattributescount":
		return spanDroppedAttributes
	case "events":
		return spanEvents
	case "droppedeventscount":
		return spanDroppedEvents
	case "links":
		return spanLinks
	case "droppedlinkscount":
		return spanDroppedLinks
	case "status":
		return spanStatus
	case "flags":
		return spanFlags
	}
	return spanUnknown
}

// guesses remembers, for each member of a span, which one came after it last
// time and how it was written. Exporters do not change their minds, so one
// comparison mostly replaces reading, normalising and looking up a name,
// whatever the exporter's order and spelling.
type guesses [spanKeys]guess

type guess struct {
	key  spanKey
	size uint8
	text [40]byte // from the end of one member to the colon of the next
}

// spanKey moves to the next member of a span and reads its name; ok is false
// at the end of the span.
func (r *reader) spanKey(previous spanKey) (key spanKey, ok bool) {
	g := &r.guesses[previous]
	start := r.at
	if size := int(g.size); size > 0 && !r.general && len(r.doc)-start >= size && string(r.doc[start:start+size]) == string(g.text[:size]) {
		r.at += size
		r.first = false
		return g.key, true
	}
	if !r.more('}') {
		return spanUnknown, false
	}
	key = parseSpanKey(r.key())
	text := r.doc[start:r.at]
	if r.err == nil && key != spanUnknown && previous != spanUnknown && len(text) <= len(g.text) {
		g.key, g.size = key, uint8(len(text))
		copy(g.text[:], text)
	}
	return key, true
}
