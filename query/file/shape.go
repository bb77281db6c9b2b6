package file

import (
	"encoding/binary"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/pfptrace/pfptrace/query/otlp"
)

// shape is the fields of a protobuf message type, as far as they tell OTLP
// from other bytes. A field that is not listed does not belong.
type shape []fieldShape

type fieldShape struct {
	number protowire.Number
	wire   protowire.Type
	inside shape // of a message that is worth a look
}

// tracesShape is that of TracesData and ExportTraceServiceRequest, and, by
// these fields alone, of the requests of the other signals.
func tracesShape() shape {
	keyValue := shape{{1, protowire.BytesType, nil}, {2, protowire.BytesType, nil}, {3, protowire.VarintType, nil}}
	resource := shape{{1, protowire.BytesType, keyValue}, {2, protowire.VarintType, nil}, {3, protowire.BytesType, nil}}
	scopeSpans := shape{{1, protowire.BytesType, nil}, {2, protowire.BytesType, nil}, {3, protowire.BytesType, nil}}
	resourceSpans := shape{
		{1, protowire.BytesType, resource},
		{2, protowire.BytesType, scopeSpans},
		{3, protowire.BytesType, nil},
		{1000, protowire.BytesType, scopeSpans}, // InstrumentationLibrarySpans, before 2022
	}
	return shape{{1, protowire.BytesType, resourceSpans}}
}

// answerShape is that of Tempo's answer about one trace: an OTLP message in
// field 1, figures in field 2.
func answerShape() shape {
	return shape{{1, protowire.BytesType, tracesShape()}, {2, protowire.BytesType, nil}}
}

// fits reports whether b reads as a message of this shape; cut says that b may
// be only the beginning of it.
func (s shape) fits(b []byte, cut bool) bool {
	for len(b) > 0 {
		number, wire, n := protowire.ConsumeTag(b)
		if n < 0 {
			return cut && len(b) < binary.MaxVarintLen32
		}
		field, ok := s.field(number)
		if !ok || field.wire != wire {
			return false
		}
		b = b[n:]
		if wire != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(number, wire, b); n < 0 {
				return cut && len(b) < binary.MaxVarintLen64
			}
			b = b[n:]
			continue
		}
		size, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return cut && len(b) < binary.MaxVarintLen64
		}
		if b = b[n:]; size > uint64(len(b)) {
			return cut && (field.inside == nil || field.inside.fits(b, true))
		}
		if field.inside != nil && !field.inside.fits(b[:size], false) {
			return false
		}
		b = b[size:]
	}
	return true
}

func (s shape) field(number protowire.Number) (fieldShape, bool) {
	for _, f := range s {
		if f.number == number {
			return f, true
		}
	}
	return fieldShape{}, false
}

// signalOf looks at the first item of an OTLP message. The requests of all
// signals have the same outer fields: a span starts with a trace id of 16
// bytes and a span id of 8, a log record with a fixed64, a metric with a name.
func signalOf(msg []byte) otlp.Signal {
	item := firstOf(firstOf(firstOf(msg, 1), 2, 1000), 2)
	number, wire, n := protowire.ConsumeTag(item)
	if n < 0 || number > 1 {
		return otlp.Traces
	}
	if wire == protowire.Fixed64Type {
		return otlp.Logs
	}
	first, n := protowire.ConsumeBytes(item[n:])
	if wire != protowire.BytesType || n < 0 || len(first) == 0 || len(first) == 16 && spanIDFollows(item[1+n:]) {
		return otlp.Traces
	}
	for _, c := range first {
		if c < ' ' || c > '~' {
			return otlp.Traces
		}
	}
	return otlp.Metrics
}

func spanIDFollows(b []byte) bool {
	number, wire, n := protowire.ConsumeTag(b)
	if n < 0 || number != 2 || wire != protowire.BytesType {
		return false
	}
	size, _ := protowire.ConsumeVarint(b[n:])
	return size == 8
}

// firstOf returns the payload of the first length-delimited field that has one
// of these numbers, nil if there is none.
func firstOf(msg []byte, numbers ...protowire.Number) []byte {
	for len(msg) > 0 {
		number, wire, n := protowire.ConsumeTag(msg)
		if n < 0 {
			return nil
		}
		for _, wanted := range numbers {
			if number == wanted && wire == protowire.BytesType {
				payload, _ := protowire.ConsumeBytes(msg[n:])
				return payload
			}
		}
		m := protowire.ConsumeFieldValue(number, wire, msg[n:])
		if m < 0 {
			return nil
		}
		msg = msg[n+m:]
	}
	return nil
}
