package otlp

import (
	"encoding/binary"
	"math"
	"slices"
)

// The pieces of a KeyValue without white space. They are compared in place and
// not by a function, so that the compiler makes two loads of each.
const (
	compactOpen   = `{"key":"`
	compactMiddle = `","value":{"`
	compactString = `stringValue":"`
	compactInt    = `intValue":`
	compactTrue   = `boolValue":true}`
	compactFalse  = `boolValue":false`
	compactDouble = `doubleValue":`

	// compactRoom is more than any two of them: what is left of a document
	// where they are looked for.
	compactRoom = 32
)

// compactKeyValues reads KeyValues as Go's and the Collector's exporters write
// nearly all of them: without white space or escapes, the key before the value,
// the value one of the scalars. It is true where the closing bracket may
// follow, false before a KeyValue that is for the general path, be it good or
// bad.
//
// Rejected: remembering which key came after which, as guesses does for spans.
// Optional attributes break the order so often that nothing is gained.
func (t *transcoder) compactKeyValues(number int) bool {
	doc, out := t.doc, t.out
	tag := byte(number<<3 | wireBytes)
	at, comma := t.at, true
	for comma && len(doc)-at >= compactRoom && string(doc[at:at+len(compactOpen)]) == compactOpen {
		start := at + len(compactOpen)
		end := endOfPlain(doc, start)
		key, rest := doc[start:end], doc[end:]
		if len(rest) < compactRoom || string(rest[:len(compactMiddle)]) != compactMiddle {
			break
		}
		rest = rest[len(compactMiddle):]
		if string(rest[:len(compactString)]) == compactString {
			out, rest = compactText(out, tag, key, rest[len(compactString):])
		} else {
			out, rest = compactScalar(out, tag, key, rest)
		}
		if rest == nil {
			break
		}
		comma = rest[0] == ','
		at = len(doc) - len(rest)
		if comma {
			at++
		}
	}
	t.at, t.out = at, out // once: in the heap, each would cost the garbage collector's barrier
	return !comma
}

// compactText appends an attribute whose text begins rest, and returns what
// follows the attribute: nothing where it cannot read it, or nothing follows.
func compactText(out []byte, tag byte, key, rest []byte) (_, after []byte) {
	size := endOfPlain(rest, 0)
	whole := 6 + len(key) + size
	if whole >= 0x80 || len(rest)-size < 4 || rest[size] != '"' || rest[size+1] != '}' || rest[size+2] != '}' {
		return out, nil
	}
	out = slices.Grow(out, 2+whole)
	out = append(out, tag, byte(whole), tagKey, byte(len(key)))
	out = append(out, key...)
	out = append(out, tagValue, byte(2+size), tagString, byte(size))
	return append(out, rest[:size]...), rest[size+3:]
}

// compactScalar is compactText for an int, a bool or a double.
func compactScalar(out []byte, tag byte, key, rest []byte) (_, after []byte) {
	var value [11]byte
	size := 0
	switch {
	case string(rest[:len(compactInt)]) == compactInt:
		var n uint64
		n, rest = compactNumber(rest[len(compactInt):])
		value[0] = tagInt
		size = 1 + binary.PutUvarint(value[1:], n)
	case string(rest[:len(compactTrue)]) == compactTrue:
		rest = rest[len(compactTrue)-1:]
		value[0], value[1], size = tagBool, 1, 2
	case string(rest[:len(compactFalse)]) == compactFalse:
		rest = rest[len(compactFalse):]
		value[0], value[1], size = tagBool, 0, 2
	case string(rest[:len(compactDouble)]) == compactDouble:
		s := scanner{doc: rest, at: len(compactDouble)}
		f, ok := parseDouble(s.number())
		if !ok || s.err != nil {
			return out, nil
		}
		rest = rest[s.at:]
		value[0], size = tagDouble, 9
		binary.LittleEndian.PutUint64(value[1:], math.Float64bits(f))
	default:
		return out, nil
	}
	whole := 4 + len(key) + size
	if whole >= 0x80 || len(rest) < 3 || rest[0] != '}' || rest[1] != '}' {
		return out, nil
	}
	out = append(out, tag, byte(whole), tagKey, byte(len(key)))
	out = append(out, key...)
	out = append(out, tagValue, byte(size))
	return append(out, value[:size]...), rest[2:]
}

// compactNumber reads an int, in quotes or not. It returns what follows,
// nothing where it is none, and for those of more than 18 digits.
func compactNumber(b []byte) (n uint64, rest []byte) {
	at := 0
	quoted := b[0] == '"'
	if quoted {
		at++
	}
	negative := b[at] == '-'
	if negative {
		at++
	}
	first := at
	for at < len(b) && b[at]-'0' <= 9 {
		n = n*10 + uint64(b[at]-'0')
		at++
	}
	digits := at - first
	switch {
	case digits == 0 || digits > 18 || at == len(b):
		return 0, nil
	case quoted && b[at] == '"':
		at++
	case quoted || digits > 1 && b[first] == '0': // a bare number has no zeros in front
		return 0, nil
	}
	if negative {
		n = -n
	}
	return n, b[at:]
}
