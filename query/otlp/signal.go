package otlp

import "math"

// Signal is what an OTLP message carries.
type Signal uint8

// The signals of OTLP. The numbers stand in capture files: they do not change.
const (
	Traces Signal = iota
	Logs
	Metrics
	Profiles
	NumSignals = iota // how many there are
)

// String returns the name in lower case, "unknown" for numbers OTLP has not.
func (s Signal) String() string {
	if s >= NumSignals {
		return "unknown"
	}
	return [NumSignals]string{"traces", "logs", "metrics", "profiles"}[s]
}

// Extent is what a message of traces holds, in short.
type Extent struct {
	Spans       int
	First, Last int64 // unix ns of the earliest start and the latest end; 0 where no span has a time
}

// ExtentOf looks over one ExportTraceServiceRequest message. It touches a few
// bytes a span and keeps none; what is malformed ends the message.
func ExtentOf(msg []byte) (e Extent) {
	for resource := range submessages(msg, fieldResourceSpans) {
		for scope := range submessages(resource, fieldScopeSpans) {
			for span := range submessages(scope, fieldSpans) {
				e.Spans++
				e.include(span)
			}
		}
	}
	return e
}

// include extends e by the times of a span.
func (e *Extent) include(span []byte) {
	for len(span) > 0 {
		f, rest, err := next(span)
		if err != nil {
			return
		}
		known := f.wire == wireFixed64 && f.num > 0 && f.num <= math.MaxInt64
		switch {
		case known && f.number == fieldSpanStart && (e.First == 0 || int64(f.num) < e.First):
			e.First = int64(f.num)
		case known && f.number == fieldSpanEnd:
			e.Last = max(e.Last, int64(f.num))
			return // what follows says nothing of time
		}
		span = rest
	}
}

// submessages yields the payloads of the fields with this number.
func submessages(msg []byte, number int) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(msg) > 0 {
			f, rest, err := next(msg)
			if err != nil || f.number == number && f.wire == wireBytes && !yield(f.bytes) {
				return
			}
			msg = rest
		}
	}
}
