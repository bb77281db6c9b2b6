package model

import "iter"

// Kind is OTLP's span kind; the numbers are those of the wire.
type Kind uint8

// The kinds of OTLP.
const (
	KindUnspecified Kind = iota
	KindInternal
	KindServer
	KindClient
	KindProducer
	KindConsumer
)

// String returns the lower-case name, "unspecified" for numbers OTLP has not.
func (k Kind) String() string {
	switch k {
	case KindInternal:
		return "internal"
	case KindServer:
		return "server"
	case KindClient:
		return "client"
	case KindProducer:
		return "producer"
	case KindConsumer:
		return "consumer"
	}
	return "unspecified"
}

// StatusCode is OTLP's span status; the numbers are those of the wire.
type StatusCode uint8

// The status codes of OTLP.
const (
	StatusUnset StatusCode = iota
	StatusOK
	StatusError
)

// Origin is who sent a span: its resource and its instrumentation scope.
// Spans of one sender share one Origin; it never changes once made.
type Origin struct {
	Service   string // service.name
	Domain    string // clock domain: host.id, else host.name, else service.instance.id, else service.name (method.md 2.1)
	ScopeName string
	Resource  Attrs
	Scope     Attrs
}

// NewOrigin reads an origin out of an OTLP Resource message and an
// InstrumentationScope message, either of which may be empty. It keeps both.
func NewOrigin(resource, scope []byte) *Origin {
	o := &Origin{
		Resource:  NewAttrs(resource, fieldResourceAttributes),
		Scope:     NewAttrs(scope, fieldScopeAttributes),
		ScopeName: string(lastBytes(scope, fieldScopeName)),
	}
	var hostID, hostName, instance string
	for key, value := range o.Resource.All() {
		switch key {
		case "service.name":
			o.Service = value.Text()
		case "host.id":
			hostID = value.Text()
		case "host.name":
			hostName = value.Text()
		case "service.instance.id":
			instance = value.Text()
		}
	}
	for _, name := range []string{hostID, hostName, instance, o.Service} {
		if name != "" {
			o.Domain = name
			break
		}
	}
	return o
}

// Span is one span. The header is decoded; attributes, events and links are
// read from Raw when asked for.
//
// Rejected: decoded slices of attributes (2.4 kB and 56 allocations a span in
// go.opentelemetry.io/proto/otlp against 104 B and none here).
type Span struct {
	Trace      TraceID
	ID         SpanID
	Parent     SpanID // zero: a root
	Start, End int64  // unix ns, 0 to 2^63-1; End < Start is kept and counted by Builder
	Name       string
	Origin     *Origin // never nil once read by a reader
	Raw        []byte  // the OTLP Span message; never modified
	Links      uint16  // how many links Raw holds, 65535 for that many or more
	Kind       Kind
	Status     StatusCode
}

// Ref names a span.
type Ref struct {
	Trace TraceID
	Span  SpanID
}

// Ref returns the span's key.
func (s *Span) Ref() Ref { return Ref{s.Trace, s.ID} }

// Attrs returns a view of the span's attributes.
func (s *Span) Attrs() Attrs { return NewAttrs(s.Raw, fieldSpanAttributes) }

// DroppedLinks returns how many links the sender says it left out.
func (s *Span) DroppedLinks() uint32 { return uint32(lastVarint(s.Raw, fieldSpanDroppedLinks)) }

// Flags returns the span's flags, whose bits are those of Link.Flags.
func (s *Span) Flags() uint32 { return uint32(lastFixed32(s.Raw, fieldSpanFlags)) }

// StatusMessage returns the description of the status, of whose parts, should
// there be several, the last that has one counts.
func (s *Span) StatusMessage() string {
	var message []byte
	for status := range messages(s.Raw, fieldSpanStatus) {
		if m := lastBytes(status, fieldStatusMessage); m != nil {
			message = m
		}
	}
	return string(message)
}

// Event is something that happened in a span.
type Event struct {
	Time  int64 // unix ns; -1 where the wire holds more than 2^63-1
	Name  string
	Attrs Attrs
}

// Events yields the span's events in the order of the wire, which need not be
// the order of time.
func (s *Span) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for msg := range messages(s.Raw, fieldSpanEvents) {
			if !yield(newEvent(msg)) {
				return
			}
		}
	}
}

func newEvent(msg []byte) Event {
	time := int64(lastFixed64(msg, fieldEventTime))
	if time < 0 {
		time = -1
	}
	return Event{Time: time, Name: viewString(lastBytes(msg, fieldEventName)), Attrs: NewAttrs(msg, fieldEventAttributes)}
}

// Link is a reference from one span to another, mostly of another trace.
type Link struct {
	Ref
	Flags      uint32 // bits 0-7: W3C trace flags (bit 0: sampled); 0x100: bit 0x200 (is remote) is known
	TraceState string
	Attrs      Attrs
}

// LinkSeq yields the span's links in the order of the wire. Ids of a wrong
// length come out as zero ids.
func (s *Span) LinkSeq() iter.Seq[Link] {
	return func(yield func(Link) bool) {
		if s.Links == 0 {
			return
		}
		for msg := range messages(s.Raw, fieldSpanLinks) {
			if !yield(newLink(msg)) {
				return
			}
		}
	}
}

func newLink(msg []byte) Link {
	link := Link{Attrs: NewAttrs(msg, fieldLinkAttributes)}
	var trace, span, state []byte
	for f, rest, ok := next(msg); ok; f, rest, ok = next(rest) {
		switch {
		case f.number == fieldLinkTraceID && f.wire == wireBytes:
			trace = f.bytes
		case f.number == fieldLinkSpanID && f.wire == wireBytes:
			span = f.bytes
		case f.number == fieldLinkTraceState && f.wire == wireBytes:
			state = f.bytes
		case f.number == fieldLinkFlags && f.wire == wireFixed32:
			link.Flags = uint32(f.num)
		}
	}
	if len(trace) == len(link.Trace) {
		copy(link.Trace[:], trace)
	}
	if len(span) == len(link.Span) {
		copy(link.Span[:], span)
	}
	link.TraceState = string(state)
	return link
}
