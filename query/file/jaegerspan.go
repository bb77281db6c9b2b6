package file

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/pfptrace/pfptrace/model"
)

// draft translates a span: microseconds to nanoseconds, the first CHILD_OF
// reference into its own trace to its parent, all other references to links,
// the tags that stand for fields of OTLP to these fields.
func (s *jaegerSpan) draft() (*model.Draft, error) {
	trace, err := model.ParseTraceID(s.TraceID)
	if err != nil || trace.IsZero() {
		return nil, errors.New("the trace id is no hex number above 0")
	}
	id, err := model.ParseSpanID(s.SpanID)
	if err != nil || id.IsZero() {
		return nil, errors.New("the span id is no hex number above 0")
	}
	start, ok1 := s.StartTime.micros()
	duration, ok2 := s.Duration.micros()
	if !ok1 || !ok2 || start < 0 || duration > math.MaxInt64-start || start+duration < 0 {
		return nil, errors.New("its times are missing or out of range")
	}
	d := &model.Draft{Trace: trace, ID: id, Start: start, End: start + duration, Name: s.OperationName}
	if err := s.references(d); err != nil {
		return nil, err
	}
	for _, tag := range s.Tags {
		tag.apply(d)
	}
	for i := range s.Logs {
		d.Events = append(d.Events, s.Logs[i].event())
	}
	return d, nil
}

// references fills in the parent and the links. Jaeger writes one reference
// for a parent that is also linked to, and that a FOLLOWS_FROM: it is both if
// nothing else is the parent.
func (s *jaegerSpan) references(d *model.Draft) error {
	for _, reference := range s.References {
		trace, err1 := model.ParseTraceID(reference.TraceID)
		id, err2 := model.ParseSpanID(reference.SpanID)
		if err1 != nil || err2 != nil {
			return errors.New("a reference holds an id that is no hex number")
		}
		childOf := reference.RefType == "CHILD_OF"
		if childOf && trace == d.Trace && d.Parent.IsZero() {
			d.Parent = id
			continue
		}
		link := model.DraftLink{Ref: model.Ref{Trace: trace, Span: id}}
		if childOf { // a link is a FOLLOWS_FROM unless it says otherwise
			link.Attrs = []model.KeyValue{model.String("opentracing.ref_type", "child_of")}
		}
		d.Links = append(d.Links, link)
	}
	if d.Parent.IsZero() && s.ParentSpanID != "" {
		id, err := model.ParseSpanID(s.ParentSpanID)
		if err != nil {
			return errors.New("the parent span id is no hex number")
		}
		d.Parent = id
	}
	for i := range d.Links {
		if d.Parent.IsZero() && d.Links[i].Trace == d.Trace {
			d.Parent, s.merged = d.Links[i].Ref.Span, true
		}
	}
	return nil
}

// scope returns the name of the instrumentation scope, under either of the
// names that OpenTelemetry had for it.
func (s *jaegerSpan) scope() (name string) {
	for _, tag := range s.Tags {
		if tag.Key == "otel.scope.name" || tag.Key == "otel.library.name" && name == "" {
			name = tag.text()
		}
	}
	return name
}

// apply puts a tag where it belongs.
func (t *jaegerTag) apply(d *model.Draft) {
	switch t.Key {
	case "span.kind":
		d.Kind = kindNamed(t.text())
		return
	case "otel.status_code":
		switch strings.ToUpper(t.text()) {
		case "OK":
			d.Status = model.StatusOK
		case "ERROR":
			d.Status = model.StatusError
		}
		return
	case "otel.status_description":
		d.StatusMessage = t.text()
		return
	case "error":
		if flag := t.text(); flag == "true" || flag == "false" {
			if flag == "true" {
				d.Status = model.StatusError
			}
			return
		}
	case "otel.scope.name", "otel.library.name", "internal.span.format":
		return
	}
	d.Attrs = append(d.Attrs, t.attribute())
}

func kindNamed(name string) model.Kind {
	for kind := model.KindInternal; kind <= model.KindConsumer; kind++ {
		if strings.EqualFold(kind.String(), name) {
			return kind
		}
	}
	return model.KindUnspecified
}

// event translates a log entry: its field "event" is the event's name.
func (l *jaegerLog) event() model.DraftEvent {
	var e model.DraftEvent
	if ns, ok := l.Timestamp.micros(); ok && ns >= 0 {
		e.Time = ns
	}
	for _, field := range l.Fields {
		if field.Key == "event" && e.Name == "" {
			e.Name = field.text()
			continue
		}
		e.Attrs = append(e.Attrs, field.attribute())
	}
	return e
}

// text returns the value as text: a string without its quotes, anything else
// as it is written.
func (t *jaegerTag) text() string {
	var s string
	if json.Unmarshal(t.Value, &s) == nil {
		return s
	}
	return string(bytes.TrimSpace(t.Value))
}

// attribute translates a tag with its type. A value that is not of the type
// that it claims stays what it is: text.
func (t *jaegerTag) attribute() model.KeyValue {
	text := t.text()
	switch t.kind() {
	case "bool":
		if b, err := strconv.ParseBool(text); err == nil {
			return model.Bool(t.Key, b)
		}
	case "int64":
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return model.Int(t.Key, n)
		}
	case "float64":
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return model.Double(t.Key, f)
		}
	case "binary":
		if b, err := base64.StdEncoding.DecodeString(text); err == nil {
			return model.Bytes(t.Key, b)
		}
	}
	return model.String(t.Key, text)
}

// kind returns the type of a tag; tags that name none have that of their JSON
// value.
func (t *jaegerTag) kind() string {
	switch {
	case t.Type != "" || len(t.Value) == 0:
		return t.Type
	case t.Value[0] == 't', t.Value[0] == 'f':
		return "bool"
	case t.Value[0] == '-', '0' <= t.Value[0] && t.Value[0] <= '9':
		if bytes.ContainsAny(t.Value, ".eE") {
			return "float64"
		}
		return "int64"
	}
	return "string"
}
