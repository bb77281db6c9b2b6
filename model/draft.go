package model

import (
	"encoding/binary"
	"math"
)

// Draft is a span that is being made: by a reader of a format other than
// protobuf, by the text notation, by a test. Span encodes it.
type Draft struct {
	Trace         TraceID
	ID            SpanID
	Parent        SpanID
	Start, End    int64 // unix ns
	Name          string
	Kind          Kind
	Status        StatusCode
	StatusMessage string
	Flags         uint32
	Attrs         []KeyValue
	Events        []DraftEvent
	Links         []DraftLink
	DroppedLinks  uint32
	More          []byte // other fields of the Span message, as encoded
}

// DraftEvent is an event of a Draft.
type DraftEvent struct {
	Time  int64
	Name  string
	Attrs []KeyValue
	More  []byte // other fields of the Event message, as encoded
}

// DraftLink is a link of a Draft.
type DraftLink struct {
	Ref
	Flags      uint32
	TraceState string
	Attrs      []KeyValue
	More       []byte // other fields of the Link message, as encoded
}

// KeyValue is an attribute in OTLP's encoding: a KeyValue message.
type KeyValue []byte

// String makes a string attribute.
func String(key, value string) KeyValue {
	return keyed(key, appendBytes(nil, int(ValueString), value))
}

// Int makes an int attribute.
func Int(key string, value int64) KeyValue {
	return keyed(key, appendVarint(nil, int(ValueInt), uint64(value)))
}

// Double makes a double attribute.
func Double(key string, value float64) KeyValue {
	return keyed(key, appendFixed64(nil, int(ValueDouble), math.Float64bits(value)))
}

// Bool makes a bool attribute.
func Bool(key string, value bool) KeyValue {
	n := uint64(0)
	if value {
		n = 1
	}
	return keyed(key, appendVarint(nil, int(ValueBool), n))
}

// Bytes makes a bytes attribute.
func Bytes(key string, value []byte) KeyValue {
	return keyed(key, appendBytes(nil, int(ValueBytes), value))
}

// Strings makes an attribute that is an array of strings.
func Strings(key string, values ...string) KeyValue {
	var array []byte
	for _, v := range values {
		array = appendBytes(array, 1, appendBytes(nil, int(ValueString), v))
	}
	return keyed(key, appendBytes(nil, int(ValueArray), array))
}

// Key returns the attribute's key.
func (kv KeyValue) Key() string {
	key, _ := keyValue(kv)
	return key
}

// Value returns the attribute's value.
func (kv KeyValue) Value() Value {
	_, value := keyValue(kv)
	return value
}

func keyed(key string, value []byte) KeyValue {
	return appendBytes(appendBytes(nil, fieldKey, key), fieldValue, value)
}

// MakeOrigin builds an origin from resource attributes and a scope name.
func MakeOrigin(scope string, resource ...KeyValue) *Origin {
	var r, s []byte
	for _, kv := range resource {
		r = appendBytes(r, fieldResourceAttributes, []byte(kv))
	}
	if scope != "" {
		s = appendBytes(s, fieldScopeName, scope)
	}
	return NewOrigin(r, s)
}

// Field numbers of a Span that only the encoder needs.
const (
	fieldSpanTraceID  = 1
	fieldSpanID       = 2
	fieldSpanParentID = 4
	fieldSpanName     = 5
	fieldSpanKind     = 6
	fieldSpanStart    = 7
	fieldSpanEnd      = 8
	fieldSpanFlags    = 16
	fieldStatusCode   = 3
)

// Span encodes the draft, fields in the order of their numbers as SDKs write
// them.
func (d *Draft) Span(origin *Origin) Span {
	b := appendBytes(nil, fieldSpanTraceID, d.Trace[:])
	b = appendBytes(b, fieldSpanID, d.ID[:])
	if !d.Parent.IsZero() {
		b = appendBytes(b, fieldSpanParentID, d.Parent[:])
	}
	b = appendBytes(b, fieldSpanName, d.Name)
	b = appendVarint(b, fieldSpanKind, uint64(d.Kind))
	b = appendFixed64(b, fieldSpanStart, uint64(d.Start))
	b = appendFixed64(b, fieldSpanEnd, uint64(d.End))
	for _, kv := range d.Attrs {
		b = appendBytes(b, fieldSpanAttributes, []byte(kv))
	}
	for i := range d.Events {
		b = appendBytes(b, fieldSpanEvents, d.Events[i].encode())
	}
	for i := range d.Links {
		b = appendBytes(b, fieldSpanLinks, d.Links[i].encode())
	}
	if d.DroppedLinks != 0 {
		b = appendVarint(b, fieldSpanDroppedLinks, uint64(d.DroppedLinks))
	}
	if d.Status != StatusUnset || d.StatusMessage != "" {
		var status []byte
		if d.StatusMessage != "" {
			status = appendBytes(status, fieldStatusMessage, d.StatusMessage)
		}
		if d.Status != StatusUnset {
			status = appendVarint(status, fieldStatusCode, uint64(d.Status))
		}
		b = appendBytes(b, fieldSpanStatus, status)
	}
	if d.Flags != 0 {
		b = appendFixed32(b, fieldSpanFlags, d.Flags)
	}
	b = append(b, d.More...)
	return Span{
		Trace: d.Trace, ID: d.ID, Parent: d.Parent, Start: d.Start, End: d.End, Name: d.Name, Kind: d.Kind, Status: d.Status,
		Origin: origin, Raw: b, Links: uint16(min(len(d.Links), math.MaxUint16)),
	}
}

func (e *DraftEvent) encode() []byte {
	b := appendFixed64(nil, fieldEventTime, uint64(e.Time))
	b = appendBytes(b, fieldEventName, e.Name)
	for _, kv := range e.Attrs {
		b = appendBytes(b, fieldEventAttributes, []byte(kv))
	}
	return append(b, e.More...)
}

func (l *DraftLink) encode() []byte {
	b := appendBytes(nil, fieldLinkTraceID, l.Trace[:])
	b = appendBytes(b, fieldLinkSpanID, l.Ref.Span[:])
	if l.TraceState != "" {
		b = appendBytes(b, fieldLinkTraceState, l.TraceState)
	}
	for _, kv := range l.Attrs {
		b = appendBytes(b, fieldLinkAttributes, []byte(kv))
	}
	if l.Flags != 0 {
		b = appendFixed32(b, fieldLinkFlags, l.Flags)
	}
	return append(b, l.More...)
}

func appendTag(b []byte, number, wire int) []byte {
	return binary.AppendUvarint(b, uint64(number)<<3|uint64(wire))
}

func appendBytes[T ~string | ~[]byte](b []byte, number int, payload T) []byte {
	b = binary.AppendUvarint(appendTag(b, number, wireBytes), uint64(len(payload)))
	return append(b, payload...)
}

func appendVarint(b []byte, number int, n uint64) []byte {
	return binary.AppendUvarint(appendTag(b, number, wireVarint), n)
}

func appendFixed64(b []byte, number int, n uint64) []byte {
	return binary.LittleEndian.AppendUint64(appendTag(b, number, wireFixed64), n)
}

func appendFixed32(b []byte, number int, n uint32) []byte {
	return binary.LittleEndian.AppendUint32(appendTag(b, number, wireFixed32), n)
}
