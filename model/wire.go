package model

import (
	"encoding/binary"
	"iter"
)

// Field numbers of opentelemetry/proto/{trace,common,resource}/v1.
const (
	fieldResourceAttributes = 1

	fieldScopeName       = 1
	fieldScopeAttributes = 3

	fieldSpanAttributes   = 9
	fieldSpanEvents       = 11
	fieldSpanLinks        = 13
	fieldSpanDroppedLinks = 14
	fieldSpanStatus       = 15
	fieldStatusMessage    = 2

	fieldEventTime       = 1
	fieldEventName       = 2
	fieldEventAttributes = 3

	fieldLinkTraceID    = 1
	fieldLinkSpanID     = 2
	fieldLinkTraceState = 3
	fieldLinkAttributes = 4
	fieldLinkFlags      = 6

	fieldKey   = 1
	fieldValue = 2
)

// The wire types of protobuf.
const (
	wireVarint     = 0
	wireFixed64    = 1
	wireBytes      = 2
	wireStartGroup = 3
	wireEndGroup   = 4
	wireFixed32    = 5
)

// field is one field of a protobuf message: its number, its wire type, and its
// payload (bytes of a length-delimited field, else a number).
type field struct {
	number int
	wire   int
	bytes  []byte
	num    uint64
}

// next cuts the first field off msg. ok is false at the end of the message and
// at malformed bytes, which readers have refused before: views never fail.
// Groups come out as a field without payload; their end is part of them.
func next(msg []byte) (f field, rest []byte, ok bool) {
	f, rest = cut(msg)
	return f, rest, f.number != 0
}

// cut is next without ok (number 0 says it), so that its results fit in
// registers, and with the form that nearly all fields have tried first: a tag
// and a length of one byte each.
func cut(msg []byte) (f field, rest []byte) {
	if len(msg) >= 2 && msg[0] < 0x80 && msg[0]&7 == wireBytes && msg[1] < 0x80 {
		if end := 2 + int(msg[1]); end <= len(msg) {
			return field{number: int(msg[0] >> 3), wire: wireBytes, bytes: msg[2:end:end]}, msg[end:]
		}
		return field{}, nil
	}
	return cutAny(msg)
}

func cutAny(msg []byte) (f field, rest []byte) {
	tag, n := binary.Uvarint(msg)
	if n <= 0 || tag>>3 == 0 || tag>>3 > 1<<29-1 {
		return field{}, nil
	}
	msg = msg[n:]
	f.number, f.wire = int(tag>>3), int(tag&7)
	switch f.wire {
	case wireVarint:
		if f.num, n = binary.Uvarint(msg); n <= 0 {
			return field{}, nil
		}
		return f, msg[n:]
	case wireFixed64:
		if len(msg) < 8 {
			return field{}, nil
		}
		f.num = binary.LittleEndian.Uint64(msg)
		return f, msg[8:]
	case wireFixed32:
		if len(msg) < 4 {
			return field{}, nil
		}
		f.num = uint64(binary.LittleEndian.Uint32(msg))
		return f, msg[4:]
	case wireBytes:
		size, n := binary.Uvarint(msg)
		if n <= 0 || size > uint64(len(msg)-n) {
			return field{}, nil
		}
		end := n + int(size)
		f.bytes = msg[n:end:end]
		return f, msg[end:]
	case wireStartGroup:
		rest, ok := skipGroup(msg)
		if !ok {
			return field{}, nil
		}
		return f, rest
	}
	return field{}, nil
}

// skipGroup returns what follows the group whose start tag was just read. It
// counts depth instead of recursing: groups are a stranger's data.
func skipGroup(msg []byte) (rest []byte, ok bool) {
	for depth := 1; depth > 0; {
		tag, n := binary.Uvarint(msg)
		if n <= 0 {
			return nil, false
		}
		switch tag & 7 {
		case wireStartGroup:
			depth++
			msg = msg[n:]
		case wireEndGroup:
			depth--
			msg = msg[n:]
		default:
			if _, msg, ok = next(msg); !ok {
				return nil, false
			}
		}
	}
	return msg, true
}

// messages yields the payloads of every length-delimited field with this number.
func messages(msg []byte, number int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for f, rest, ok := next(msg); ok; f, rest, ok = next(rest) {
			if f.number == number && f.wire == wireBytes && !yield(f.bytes) {
				return
			}
		}
	}
}

// lastBytes, lastVarint, lastFixed64 and lastFixed32 return a field that may
// stand once; of several the last counts, as protobuf says.
func lastBytes(msg []byte, number int) (b []byte) {
	for f, rest, ok := next(msg); ok; f, rest, ok = next(rest) {
		if f.number == number && f.wire == wireBytes {
			b = f.bytes
		}
	}
	return b
}

func lastVarint(msg []byte, number int) uint64  { return lastNumber(msg, number, wireVarint) }
func lastFixed64(msg []byte, number int) uint64 { return lastNumber(msg, number, wireFixed64) }
func lastFixed32(msg []byte, number int) uint64 { return lastNumber(msg, number, wireFixed32) }

func lastNumber(msg []byte, number, wire int) (num uint64) {
	for f, rest, ok := next(msg); ok; f, rest, ok = next(rest) {
		if f.number == number && f.wire == wire {
			num = f.num
		}
	}
	return num
}
