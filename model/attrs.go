package model

import (
	"encoding/base64"
	"iter"
	"math"
	"strconv"
	"strings"
	"unsafe"
)

// Attrs is a read-only view of the attributes in an OTLP message: of a span, an
// event, a link, a resource, a scope or a key-value list. The zero Attrs is
// empty. Strings that come out of it alias the message, which never changes.
type Attrs struct {
	msg    []byte
	number int // of the field that holds a KeyValue
}

// NewAttrs views the KeyValue fields with this number in msg.
func NewAttrs(msg []byte, number int) Attrs { return Attrs{msg, number} }

// Message returns the message that a views, which must not be modified.
func (a Attrs) Message() []byte { return a.msg }

// All yields keys and values in the order of the wire. A key that stands twice
// comes twice.
func (a Attrs) All() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for f, rest, ok := next(a.msg); ok; f, rest, ok = next(rest) {
			if f.number != a.number || f.wire != wireBytes {
				continue
			}
			key, value := keyValue(f.bytes)
			if !yield(key, value) {
				return
			}
		}
	}
}

// Get returns the first value with this key.
func (a Attrs) Get(key string) (Value, bool) {
	for k, v := range a.All() {
		if k == key {
			return v, true
		}
	}
	return Value{}, false
}

// Len returns how many attributes there are.
func (a Attrs) Len() (n int) {
	for range a.All() {
		n++
	}
	return n
}

func keyValue(msg []byte) (key string, value Value) {
	// As nearly all SDKs write it: a short key, then a short value, and no more.
	if len(msg) > 2 && msg[0] == fieldKey<<3|wireBytes && msg[1] < 0x80 {
		if end := 2 + int(msg[1]); end+2 <= len(msg) && msg[end] == fieldValue<<3|wireBytes && int(msg[end+1]) == len(msg)-end-2 && msg[end+1] < 0x80 {
			return viewString(msg[2:end]), parseValue(msg[end+2:])
		}
	}
	for f, rest, ok := next(msg); ok; f, rest, ok = next(rest) {
		if f.wire != wireBytes {
			continue
		}
		switch f.number {
		case fieldKey:
			key = viewString(f.bytes)
		case fieldValue:
			value = parseValue(f.bytes)
		}
	}
	return key, value
}

// ValueType says which of its alternatives an attribute value holds.
type ValueType uint8

// The alternatives of OTLP's AnyValue; the numbers are those of the wire.
const (
	ValueEmpty ValueType = iota
	ValueString
	ValueBool
	ValueInt
	ValueDouble
	ValueArray
	ValueMap
	ValueBytes
)

// Value is one typed attribute value. The zero Value is empty.
type Value struct {
	Type  ValueType
	num   uint64
	bytes []byte
}

func parseValue(msg []byte) (v Value) {
	// A short string and no more is what most values are.
	if len(msg) >= 2 && msg[0] == byte(ValueString)<<3|wireBytes && int(msg[1]) == len(msg)-2 && msg[1] < 0x80 {
		return Value{Type: ValueString, bytes: msg[2:]}
	}
	for f, rest, ok := next(msg); ok; f, rest, ok = next(rest) {
		t := ValueType(f.number)
		switch {
		case f.wire == wireBytes && (t == ValueString || t == ValueArray || t == ValueMap || t == ValueBytes),
			f.wire == wireVarint && (t == ValueBool || t == ValueInt),
			f.wire == wireFixed64 && t == ValueDouble:
			if f.number < 256 {
				v = Value{t, f.num, f.bytes}
			}
		}
	}
	return v
}

// Str returns the text of a string value, "" for any other.
func (v Value) Str() string {
	if v.Type != ValueString {
		return ""
	}
	return viewString(v.bytes)
}

// Bool returns a bool value, false for any other.
func (v Value) Bool() bool { return v.Type == ValueBool && v.num != 0 }

// Bytes returns the bytes of a bytes value, nil for any other.
func (v Value) Bytes() []byte {
	if v.Type != ValueBytes {
		return nil
	}
	return v.bytes
}

// Int returns the value as an integer: an int, a whole double, or a string of
// digits (some exporters write numbers as text).
func (v Value) Int() (int64, bool) {
	switch v.Type {
	case ValueInt:
		return int64(v.num), true
	case ValueDouble:
		f := math.Float64frombits(v.num)
		if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return int64(f), true
		}
	case ValueString:
		n, err := strconv.ParseInt(v.Str(), 10, 64)
		return n, err == nil
	}
	return 0, false
}

// Double returns the value as a number: a double, an int, or text of a number.
func (v Value) Double() (float64, bool) {
	switch v.Type {
	case ValueDouble:
		return math.Float64frombits(v.num), true
	case ValueInt:
		return float64(int64(v.num)), true
	case ValueString:
		f, err := strconv.ParseFloat(v.Str(), 64)
		return f, err == nil
	}
	return 0, false
}

// Array yields the elements of an array value.
func (v Value) Array() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Type != ValueArray {
			return
		}
		for msg := range messages(v.bytes, 1) {
			if !yield(parseValue(msg)) {
				return
			}
		}
	}
}

// Map returns a view of a key-value list value.
func (v Value) Map() Attrs {
	if v.Type != ValueMap {
		return Attrs{}
	}
	return NewAttrs(v.bytes, 1)
}

// maxNesting bounds how deep Text follows arrays and maps inside each other.
const maxNesting = 32

// Text returns the value as text: strings as they are, bytes in base64, arrays
// and maps in a JSON-like form. It is data from a stranger: a printer must
// still strip control characters.
func (v Value) Text() string {
	if v.Type == ValueString {
		return v.Str()
	}
	var b strings.Builder
	v.appendText(&b, 0)
	return b.String()
}

func (v Value) appendText(b *strings.Builder, depth int) {
	if depth > maxNesting {
		b.WriteString("…")
		return
	}
	switch v.Type {
	case ValueString:
		b.WriteString(strconv.Quote(v.Str()))
	case ValueBool:
		b.WriteString(strconv.FormatBool(v.num != 0))
	case ValueInt:
		b.WriteString(strconv.FormatInt(int64(v.num), 10))
	case ValueDouble:
		b.WriteString(strconv.FormatFloat(math.Float64frombits(v.num), 'g', -1, 64))
	case ValueBytes:
		b.WriteString(base64.StdEncoding.EncodeToString(v.bytes))
	case ValueArray:
		b.WriteByte('[')
		separator := ""
		for e := range v.Array() {
			b.WriteString(separator)
			e.appendText(b, depth+1)
			separator = ", "
		}
		b.WriteByte(']')
	case ValueMap:
		b.WriteByte('{')
		separator := ""
		for key, e := range v.Map().All() {
			b.WriteString(separator + strconv.Quote(key) + ": ")
			e.appendText(b, depth+1)
			separator = ", "
		}
		b.WriteByte('}')
	}
}

// viewString is a string over bytes that never change.
func viewString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
