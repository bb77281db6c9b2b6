package file

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pfptrace/pfptrace/model"
)

// The types below are Jaeger UI JSON, as far as it is read: what the UI
// downloads, GET /api/traces/{id} and POST /api/transform answer. References
// may hold whole spans, which hold references; they are not looked into.

// jaegerDocument is {"data": [trace…]}, {"data": trace} or a trace by itself.
type jaegerDocument struct {
	Data   jaegerTraces
	Errors []struct{ Msg string }
	jaegerTrace
}

type jaegerTraces []jaegerTrace

// UnmarshalJSON implements json.Unmarshaler.
func (t *jaegerTraces) UnmarshalJSON(text []byte) error {
	if startsWith(text, "{") {
		*t = make(jaegerTraces, 1)
		return json.Unmarshal(text, &(*t)[0])
	}
	return json.Unmarshal(text, (*[]jaegerTrace)(t))
}

type jaegerTrace struct {
	TraceID   string
	Spans     []jaegerSpan
	Processes map[string]jaegerProcess
}

type jaegerSpan struct {
	TraceID       string
	SpanID        string
	ParentSpanID  string // before references were
	OperationName string
	References    []jaegerReference
	StartTime     number // µs since 1970
	Duration      number // µs
	Tags          []jaegerTag
	Logs          []jaegerLog
	ProcessID     string
	Process       *jaegerProcess
	Warnings      []string

	merged bool // found by draft: the parent is a FOLLOWS_FROM
}

type jaegerReference struct{ RefType, TraceID, SpanID string }

type jaegerTag struct {
	Key   string
	Type  string
	Value json.RawMessage
}

type jaegerLog struct {
	Timestamp number // µs since 1970
	Fields    []jaegerTag
}

type jaegerProcess struct {
	ServiceName string
	Tags        []jaegerTag
}

// jaeger is what the Jaeger documents of a file have in common.
type jaeger struct {
	origins  map[string]*model.Origin // by resource and scope
	spans    int
	adjusted int // whose times Jaeger has moved
	merged   int // whose parent is also a link
}

// jaegerQuantum is what its times are rounded to.
const jaegerQuantum = 1000 // ns

// jaegerObject reads a document of Jaeger UI JSON.
func (r *reading) jaegerObject(text []byte) (reason string) {
	var document jaegerDocument
	damage := json.Unmarshal(text, &document) // a value of a wrong type is left out, the rest is read
	for i := range document.Data {
		_ = r.jaegerTrace(&document.Data[i]) // the caller asks whether a limit is reached
	}
	_ = r.jaegerTrace(&document.jaegerTrace)
	switch {
	case damage != nil:
		return firstLine(damage.Error())
	case len(document.Errors) > 0:
		return "the server answered with an error: " + quoted([]byte(document.Errors[0].Msg))
	}
	r.met("Jaeger UI JSON")
	r.file.Messages++
	return ""
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// jaegerTrace keeps the spans of one trace.
func (r *reading) jaegerTrace(trace *jaegerTrace) error {
	spans, bytes := r.spans[:0], 0
	for i := range trace.Spans {
		from := &trace.Spans[i]
		if from.TraceID == "" {
			from.TraceID = trace.TraceID
		}
		draft, err := from.draft()
		if err != nil {
			r.refuse(err.Error(), from.SpanID)
			continue
		}
		process, ok := trace.Processes[from.ProcessID]
		if from.Process != nil && !ok {
			process = *from.Process
		}
		span := draft.Span(r.jaeger.origin(process, from.scope()))
		spans = append(spans, span)
		bytes += len(span.Raw)
		r.jaeger.spans++
		if isAdjusted(from.Warnings) {
			r.jaeger.adjusted++
		}
		if from.merged {
			r.jaeger.merged++
		}
	}
	r.resolution = jaegerQuantum
	return r.add(spans, bytes)
}

// origin returns the shared origin of a process and a scope.
func (j *jaeger) origin(process jaegerProcess, scope string) *model.Origin {
	resource := []model.KeyValue{model.String("service.name", process.ServiceName)}
	for _, tag := range process.Tags {
		if tag.Key == "hostname" { // as Jaeger's clients called it; it names the clock
			tag.Key = "host.name"
		}
		resource = append(resource, tag.attribute())
	}
	var key strings.Builder
	for _, kv := range resource {
		key.Write(kv)
	}
	key.WriteString(scope)
	if origin, ok := j.origins[key.String()]; ok {
		return origin
	}
	origin := model.MakeOrigin(scope, resource...)
	if j.origins == nil {
		j.origins = make(map[string]*model.Origin)
	}
	j.origins[key.String()] = origin
	return origin
}

// finishJaeger notes what is known at the end of the file.
func (r *reading) finishJaeger() {
	j := &r.jaeger
	if j.spans == 0 {
		return
	}
	r.note("Jaeger's JSON keeps microseconds, and of links neither attributes nor flags: a quantum of 1 µs is advised")
	if j.adjusted > 0 {
		r.note(fmt.Sprintf("Jaeger has moved the times of %s (its correction of clock skew): they are not as measured", counted(j.adjusted, "span")))
	}
	if j.merged > 0 {
		r.note(fmt.Sprintf("%s without a parent, but with a FOLLOWS_FROM in the same trace: taken as the parent too, which Jaeger merges with it", counted(j.merged, "span")))
	}
}

func isAdjusted(warnings []string) bool {
	return slices.ContainsFunc(warnings, func(w string) bool { return strings.Contains(w, "timestamps were adjusted by") })
}
