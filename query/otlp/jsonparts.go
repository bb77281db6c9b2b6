package otlp

import (
	"math"

	"github.com/pfptrace/pfptrace/model"
)

// resource reads a Resource.
func (r *reader) resource() {
	var attributes part
	var dropped []byte
	scratch := len(r.out)
	if r.open('{') {
		for r.more('}') {
			switch string(r.key()) {
			case "attributes":
				attributes = r.keyValues(fieldResourceAttributes, attributeDepth)
			case "droppedattributescount":
				dropped = r.scalar()
			default:
				r.skip(0)
			}
		}
	}
	body := len(r.out)
	r.out = append(r.out, r.bytes(attributes)...)
	r.count(fieldResourceDropped, dropped)
	r.settle(scratch, body)
}

// scope reads an InstrumentationScope.
func (r *reader) scope() {
	var attributes part
	var name, version, dropped []byte
	scratch := len(r.out)
	if r.open('{') {
		for r.more('}') {
			switch string(r.key()) {
			case "name":
				name = r.scalar()
			case "version":
				version = r.scalar()
			case "attributes":
				attributes = r.keyValues(fieldScopeAttributes, attributeDepth)
			case "droppedattributescount":
				dropped = r.scalar()
			default:
				r.skip(0)
			}
		}
	}
	body := len(r.out)
	r.textField(fieldScopeName, name)
	r.textField(fieldScopeVersion, version)
	r.out = append(r.out, r.bytes(attributes)...)
	r.count(fieldScopeDropped, dropped)
	r.settle(scratch, body)
}

// event reads an Event. A time that does not read as one becomes 2^64-1, which
// model.Event shows as -1.
func (r *reader) event() {
	var attributes part
	var time, name, dropped []byte
	scratch := len(r.out)
	if r.open('{') {
		for r.more('}') {
			switch string(r.key()) {
			case "timeunixnano":
				time = r.scalar()
			case "name":
				name = r.scalar()
			case "attributes":
				attributes = r.keyValues(fieldEventAttributes, attributeDepth)
			case "droppedattributescount":
				dropped = r.scalar()
			default:
				r.skip(0)
			}
		}
	}
	body := len(r.out)
	ns, ok := parseUint(time)
	if !ok && len(time) > 0 {
		ns = math.MaxUint64
	}
	r.out = appendFixed64(r.out, fieldEventTime, ns)
	r.out = appendBytes(r.out, fieldEventName, name)
	r.out = append(r.out, r.bytes(attributes)...)
	r.count(fieldEventDroppedAttributes, dropped)
	r.settle(scratch, body)
}

// link reads a Link. Ids that do not read as ids are left out, which views
// show as zero ids.
func (r *reader) link() {
	var attributes part
	var trace model.TraceID
	var id model.SpanID
	var badTrace, badID, state, dropped, flags []byte
	scratch := len(r.out)
	if r.open('{') {
		for r.more('}') {
			switch string(r.key()) {
			case "traceid":
				badTrace = r.readID(trace[:])
			case "spanid":
				badID = r.readID(id[:])
			case "tracestate":
				state = r.scalar()
			case "attributes":
				attributes = r.keyValues(fieldLinkAttributes, attributeDepth)
			case "droppedattributescount":
				dropped = r.scalar()
			case "flags":
				flags = r.scalar()
			default:
				r.skip(0)
			}
		}
	}
	body := len(r.out)
	if badTrace == nil {
		r.out = appendBytes(r.out, fieldLinkTraceID, trace[:])
	}
	if badID == nil {
		r.out = appendBytes(r.out, fieldLinkSpanID, id[:])
	}
	r.textField(fieldLinkState, state)
	r.out = append(r.out, r.bytes(attributes)...)
	r.count(fieldLinkDroppedAttributes, dropped)
	if n := r.uint32(flags); n != 0 {
		r.out = appendFixed32(r.out, fieldLinkFlags, n)
	}
	r.settle(scratch, body)
}

// status reads a Status and returns its code as text.
func (r *reader) status() (code []byte) {
	if has(r.doc, r.at, "{}") { // what most spans say
		r.at += len("{}")
		return nil
	}
	var message []byte
	scratch := len(r.out)
	if r.open('{') {
		for r.more('}') {
			switch string(r.key()) {
			case "code":
				code = r.scalar()
			case "message":
				message = r.scalar()
			default:
				r.skip(0)
			}
		}
	}
	body := len(r.out)
	r.textField(fieldStatusMessage, message)
	if n, _ := parseStatus(code); n != 0 {
		r.out = appendVarint(r.out, fieldStatusCode, uint64(n))
	}
	r.settle(scratch, body)
	return code
}

// textField writes a string that may be left out.
func (r *reader) textField(number int, text []byte) {
	if len(text) > 0 {
		r.out = appendBytes(r.out, number, text)
	}
}

// count writes the number of something that a sender dropped.
func (r *reader) count(number int, text []byte) {
	r.out = r.appendCount(r.out, number, text)
}

func (r *reader) appendCount(b []byte, number int, text []byte) []byte {
	if n := r.uint32(text); n != 0 {
		b = appendVarint(b, number, uint64(n))
	}
	return b
}

func (r *reader) uint32(text []byte) uint32 {
	if len(text) == 0 {
		return 0
	}
	n, ok := parseUint(text)
	if !ok || n > math.MaxUint32 {
		r.d.refuse(keptNumber, text)
		return 0
	}
	return uint32(n)
}
