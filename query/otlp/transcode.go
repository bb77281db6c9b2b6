package otlp

import (
	"encoding/binary"
	"math"
)

// transcoder reads JSON values and writes them to out as protobuf, fields in
// the order of their numbers. It is scratch that one Decoder uses again and
// again; what leaves it is copied.
type transcoder struct {
	scanner
	out     []byte
	guesses guesses
	general bool // no fast paths
}

// begin appends the tag of a submessage and room for a short length; end,
// given what begin returned, fills the length in.
func (t *transcoder) begin(number int) int {
	t.out = append(appendTag(t.out, number, wireBytes), 0)
	return len(t.out)
}

func (t *transcoder) end(start int) {
	size := len(t.out) - start
	if size < 0x80 {
		t.out[start-1] = byte(size)
		return
	}
	var length [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(length[:], uint64(size))
	t.out = append(t.out, length[1:n]...)
	copy(t.out[start-1+n:], t.out[start:start+size])
	copy(t.out[start-1:], length[:n])
}

// part is a range of out.
type part struct{ from, to int }

func (t *transcoder) bytes(p part) []byte { return t.out[p.from:p.to] }

// message returns the part that read appends, an empty one where it fails.
func (t *transcoder) message(read func()) part {
	from := len(t.out)
	read()
	if t.err != nil {
		return part{}
	}
	return part{from, len(t.out)}
}

// settle ends a message whose members may stand in any order in JSON: they
// were gathered behind scratch, then written in their order behind body. Only
// the latter stays.
func (t *transcoder) settle(scratch, body int) {
	t.out = append(t.out[:scratch], t.out[body:]...)
}

// attributeDepth is in how many messages an attribute stands, as Proto counts:
// in those of an event or a link in a span. What is read here can be read there.
const attributeDepth = 2

// keyValues reads an array of KeyValues into fields with this number.
func (t *transcoder) keyValues(number, depth int) (p part) {
	p.from = len(t.out)
	if t.open('[') {
		for t.more(']') {
			if !t.general && t.compactKeyValues(number) {
				continue
			}
			start := t.begin(number)
			t.keyValue(depth)
			t.end(start)
		}
	}
	p.to = len(t.out)
	return p
}

// keyValue reads a KeyValue.
func (t *transcoder) keyValue(depth int) {
	var key []byte
	var value part
	scratch := len(t.out)
	if t.open('{') {
		for t.more('}') {
			switch string(t.key()) {
			case "key":
				key = t.scalar()
			case "value":
				value = t.message(func() { t.value(depth + 1) })
			default:
				t.skip(depth)
			}
		}
	}
	body := len(t.out)
	t.out = appendBytes(t.out, fieldKey, key)
	t.out = appendBytes(t.out, fieldValue, t.bytes(value))
	t.settle(scratch, body)
}

// value reads an AnyValue. Of several alternatives the last counts. A scalar
// that does not read as what its name says is kept as the text it is.
func (t *transcoder) value(depth int) {
	if depth > maxDepth {
		t.fail("values nested too deep")
		return
	}
	if !t.open('{') {
		return
	}
	start := len(t.out)
	for t.more('}') {
		name := t.key()
		if t.peek() == 'n' {
			t.literal("null")
			continue
		}
		end := len(t.out)
		switch string(name) {
		case "stringvalue":
			t.out = appendBytes(t.out, anyString, t.scalar())
		case "intvalue":
			t.intValue(t.scalar())
		case "boolvalue":
			t.boolValue(t.scalar())
		case "doublevalue":
			t.doubleValue(t.scalar())
		case "bytesvalue":
			t.bytesValue(t.scalar())
		case "arrayvalue":
			t.values(anyArray, depth)
		case "kvlistvalue":
			t.values(anyMap, depth)
		case "value": // as Go's structs print: {"Value":{"StringValue":…}}
			t.value(depth + 1)
		default:
			t.skip(depth)
		}
		if len(t.out) > end {
			t.out = append(t.out[:start], t.out[end:]...)
		}
	}
}

// values reads an ArrayValue or a KeyValueList.
func (t *transcoder) values(number, depth int) {
	start := t.begin(number)
	if t.open('{') {
		for t.more('}') {
			if string(t.key()) != "values" {
				t.skip(depth)
				continue
			}
			t.out = t.out[:start]
			if number == anyMap {
				t.keyValues(fieldElement, depth+2)
			} else {
				t.elements(depth + 1)
			}
		}
	}
	t.end(start)
}

// elements reads the AnyValues of an array.
func (t *transcoder) elements(depth int) {
	if !t.open('[') {
		return
	}
	for t.more(']') {
		start := t.begin(fieldElement)
		t.value(depth + 1)
		t.end(start)
	}
}

func (t *transcoder) intValue(text []byte) {
	n, ok := parseInt(text)
	if !ok {
		t.out = appendBytes(t.out, anyString, text)
		return
	}
	t.out = appendVarint(t.out, anyInt, uint64(n))
}

func (t *transcoder) boolValue(text []byte) {
	switch string(text) {
	case "true":
		t.out = appendVarint(t.out, anyBool, 1)
	case "false":
		t.out = appendVarint(t.out, anyBool, 0)
	default:
		t.out = appendBytes(t.out, anyString, text)
	}
}

func (t *transcoder) doubleValue(text []byte) {
	f, ok := parseDouble(text)
	if !ok {
		t.out = appendBytes(t.out, anyString, text)
		return
	}
	t.out = appendFixed64(t.out, anyDouble, math.Float64bits(f))
}

func (t *transcoder) bytesValue(text []byte) {
	start := t.begin(anyBytes)
	var ok bool
	if t.out, ok = appendBase64(t.out, text); !ok {
		t.out = appendBytes(t.out[:start-2], anyString, text)
		return
	}
	t.end(start)
}
