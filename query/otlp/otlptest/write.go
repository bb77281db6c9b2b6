package otlptest

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp"
)

// WriteLengthDelimited writes messages as the Collector's file exporter does:
// each after its length in 4 bytes, the highest first.
func WriteLengthDelimited(w io.Writer, messages [][]byte) error {
	for _, message := range messages {
		if err := binary.Write(w, binary.BigEndian, uint32(len(message))); err != nil {
			return err
		}
		if _, err := w.Write(message); err != nil {
			return err
		}
	}
	return nil
}

// WriteJSONLines writes messages as lines of OTLP JSON, in the order and form
// of the Collector.
func WriteJSONLines(w io.Writer, messages [][]byte) error {
	out := bufio.NewWriterSize(w, 1<<20)
	decoder := otlp.NewDecoder()
	var line []byte
	for _, message := range messages {
		spans, err := decoder.Proto(nil, message)
		if err != nil {
			return err
		}
		line = append(AppendJSON(line[:0], spans), '\n')
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

// AppendJSON appends one OTLP JSON document. Neighbours of one origin share a
// ScopeSpans.
func AppendJSON(b []byte, spans []model.Span) []byte {
	b = append(b, `{"resourceSpans":[`...)
	for first := 0; first < len(spans); {
		last := first + 1
		for last < len(spans) && spans[last].Origin == spans[first].Origin {
			last++
		}
		if first > 0 {
			b = append(b, ',')
		}
		b = appendResourceSpans(b, spans[first:last])
		first = last
	}
	return append(b, "]}"...)
}

func appendResourceSpans(b []byte, spans []model.Span) []byte {
	origin := spans[0].Origin
	b = append(b, `{"resource":{`...)
	b = appendAttributes(b, "", origin.Resource)
	b = append(b, `},"scopeSpans":[{"scope":{`...)
	if origin.ScopeName != "" {
		b = appendText(append(b, `"name":`...), origin.ScopeName)
	}
	b = append(b, `},"spans":[`...)
	for i := range spans {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendSpan(b, &spans[i])
	}
	return append(b, "]}]}"...)
}

func appendSpan(b []byte, s *model.Span) []byte {
	b = fmt.Appendf(b, `{"traceId":"%s","spanId":"%s"`, s.Trace, s.ID)
	if !s.Parent.IsZero() {
		b = fmt.Appendf(b, `,"parentSpanId":"%s"`, s.Parent)
	}
	if flags := s.Flags(); flags != 0 {
		b = fmt.Appendf(b, `,"flags":%d`, flags)
	}
	b = appendText(append(b, `,"name":`...), s.Name)
	b = fmt.Appendf(b, `,"kind":%d,"startTimeUnixNano":"%d","endTimeUnixNano":"%d"`, s.Kind, s.Start, s.End)
	b = appendAttributes(b, ",", s.Attrs())
	separator := `,"events":[`
	for event := range s.Events() {
		b = fmt.Appendf(append(b, separator...), `{"timeUnixNano":"%d","name":`, event.Time)
		b = append(appendAttributes(appendText(b, event.Name), ",", event.Attrs), '}')
		separator = ","
	}
	if separator == "," {
		b = append(b, ']')
	}
	separator = `,"links":[`
	for link := range s.LinkSeq() {
		b = fmt.Appendf(append(b, separator...), `{"traceId":"%s","spanId":"%s"`, link.Trace, link.Span)
		if link.TraceState != "" {
			b = appendText(append(b, `,"traceState":`...), link.TraceState)
		}
		b = fmt.Appendf(appendAttributes(b, ",", link.Attrs), `,"flags":%d}`, link.Flags)
		separator = ","
	}
	if separator == "," {
		b = append(b, ']')
	}
	if n := s.DroppedLinks(); n != 0 {
		b = fmt.Appendf(b, `,"droppedLinksCount":%d`, n)
	}
	b = append(b, `,"status":{`...)
	separator = ""
	if message := s.StatusMessage(); message != "" {
		b = appendText(append(b, `"message":`...), message)
		separator = ","
	}
	if s.Status != model.StatusUnset {
		b = fmt.Appendf(append(b, separator...), `"code":%d`, s.Status)
	}
	return append(b, "}}"...)
}

// appendAttributes appends a member "attributes" behind the separator, nothing
// where there are none.
func appendAttributes(b []byte, separator string, attrs model.Attrs) []byte {
	next := separator + `"attributes":[`
	for key, value := range attrs.All() {
		b = appendKeyValue(append(b, next...), key, value)
		next = ","
	}
	if next == "," {
		b = append(b, ']')
	}
	return b
}

func appendKeyValue(b []byte, key string, value model.Value) []byte {
	b = appendText(append(b, `{"key":`...), key)
	return append(appendValue(append(b, `,"value":`...), value), '}')
}

func appendValue(b []byte, v model.Value) []byte {
	separator := ""
	switch v.Type {
	case model.ValueString:
		return append(appendText(append(b, `{"stringValue":`...), v.Str()), '}')
	case model.ValueBool:
		return fmt.Appendf(b, `{"boolValue":%t}`, v.Bool())
	case model.ValueInt:
		n, _ := v.Int()
		return fmt.Appendf(b, `{"intValue":"%d"}`, n)
	case model.ValueDouble:
		f, _ := v.Double()
		return append(appendDouble(append(b, `{"doubleValue":`...), f), '}')
	case model.ValueBytes:
		text, _ := json.Marshal(v.Bytes())
		return append(append(append(b, `{"bytesValue":`...), text...), '}')
	case model.ValueArray:
		b = append(b, `{"arrayValue":{"values":[`...)
		for element := range v.Array() {
			b = appendValue(append(b, separator...), element)
			separator = ","
		}
		return append(b, "]}}"...)
	case model.ValueMap:
		b = append(b, `{"kvlistValue":{"values":[`...)
		for key, element := range v.Map().All() {
			b = appendKeyValue(append(b, separator...), key, element)
			separator = ","
		}
		return append(b, "]}}"...)
	}
	return append(b, "{}"...)
}

func appendDouble(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(b, `"-Infinity"`...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

func appendText(b []byte, text string) []byte {
	quoted, _ := json.Marshal(text) // of a string: cannot fail
	return append(b, quoted...)
}
