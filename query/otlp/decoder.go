package otlp

import "github.com/pfptrace/pfptrace/model"

// Decoder reads OTLP trace messages into spans. It is not safe for concurrent
// use: make one a goroutine. Its caches are bounded.
type Decoder struct {
	names   names
	origins origins
	refused []Refusal
	json    transcoder
	arena   arena
	general bool // no fast paths: tests compare the two
}

// NewDecoder returns a Decoder with empty caches.
func NewDecoder() *Decoder { return new(Decoder) }

// Refusal counts one thing that a well-formed message held and that could not
// become a span as it stood: a span that was left out, a value that was kept
// as unspecified, a document of another signal.
type Refusal struct {
	Reason  string
	Count   int
	Dropped bool   // spans were left out; else what was met is kept, or was no span
	Example string // the first one met; a stranger's text, cut to a readable length
}

// Refused returns what was refused so far, in the order of first appearance.
func (d *Decoder) Refused() []Refusal { return append([]Refusal(nil), d.refused...) }

// TakeRefused returns what was refused since the last call and forgets it.
func (d *Decoder) TakeRefused() []Refusal {
	refused := d.refused
	d.refused = nil
	return refused
}

// The reasons of refusals.
const (
	refusedTraceID     = "trace id is missing or zero"
	refusedTraceIDForm = "trace id does not read as 16 bytes"
	refusedSpanID      = "span id is missing or zero"
	refusedSpanIDForm  = "span id does not read as 8 bytes"
	refusedParentForm  = "parent span id does not read as 8 bytes"
	refusedStart       = "start time is not within 0 and 2^63-1 ns"
	refusedEnd         = "end time is not within 0 and 2^63-1 ns"
	keptKind           = "span kind is unknown, kept as unspecified"
	keptStatus         = "status code is unknown, kept as unset"
	keptNumber         = "number does not read as one, kept as 0"
	skippedLogs        = "logs, not traces"
	skippedMetrics     = "metrics, not traces"
	skippedProfiles    = "profiles, not traces"
	skippedObject      = "object without resourceSpans"
)

// maxExample bounds Refusal.Example, in bytes.
const maxExample = 80

// refuse counts; example is copied for the first of a reason only.
func (d *Decoder) refuse(reason string, example []byte) {
	for i := range d.refused {
		if d.refused[i].Reason == reason {
			d.refused[i].Count++
			return
		}
	}
	d.refused = append(d.refused, Refusal{reason, 1, drops(reason), string(example[:min(len(example), maxExample)])})
}

// drops reports whether what is refused for this reason is a whole span.
func drops(reason string) bool {
	switch reason {
	case refusedTraceID, refusedTraceIDForm, refusedSpanID, refusedSpanIDForm, refusedParentForm, refusedStart, refusedEnd:
		return true
	}
	return false
}

// enums checks the two enumerations of a span, whose unknown numbers are kept
// as "nothing said" and counted.
func (d *Decoder) enums(kind, status uint64, name []byte) (model.Kind, model.StatusCode) {
	if kind > uint64(model.KindConsumer) {
		d.refuse(keptKind, name)
		kind = uint64(model.KindUnspecified)
	}
	if status > uint64(model.StatusError) {
		d.refuse(keptStatus, name)
		status = uint64(model.StatusUnset)
	}
	return model.Kind(kind), model.StatusCode(status)
}
