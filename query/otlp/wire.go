package otlp

import (
	"encoding/binary"
	"fmt"
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

// maxDepth is how deep values, groups and JSON may nest. Nobody means more.
const maxDepth = 100

// malformed is an error at a place in a message. All slices of a message that
// is being read share its end, so what is left in front of that end (the
// capacity) tells the place without counting along.
type malformed struct {
	left int
	what string
}

func (e *malformed) Error() string { return e.what }

func broken(b []byte, what string) error { return &malformed{cap(b), what} }

// placed adds the offset in msg.
func placed(err error, msg []byte) error {
	if bad, ok := err.(*malformed); ok {
		return fmt.Errorf("malformed OTLP protobuf at byte %d: %s", cap(msg)-bad.left, bad.what)
	}
	return err
}

// field is one field of a message.
type field struct {
	number int
	wire   int
	bytes  []byte // payload of a length-delimited field
	num    uint64 // payload of the others
}

// next cuts the first field off b, which is not empty. A group comes out as a
// field without payload; its end is part of it.
func next(b []byte) (f field, rest []byte, err error) {
	tag, n := binary.Uvarint(b)
	if n <= 0 || tag>>3 == 0 || tag>>3 > 1<<29-1 {
		return f, nil, broken(b, "bad field tag")
	}
	f.number, f.wire = int(tag>>3), int(tag&7)
	if f.wire == wireStartGroup {
		rest, err = skipGroup(b[n:], f.number)
		return f, rest, err
	}
	rest, err = f.payload(b[n:])
	return f, rest, err
}

func (f *field) payload(b []byte) (rest []byte, err error) {
	switch f.wire {
	case wireVarint:
		num, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, broken(b, "bad varint")
		}
		f.num = num
		return b[n:], nil
	case wireFixed64:
		if len(b) < 8 {
			return nil, broken(b, "cut inside a number of 8 bytes")
		}
		f.num = binary.LittleEndian.Uint64(b)
		return b[8:], nil
	case wireFixed32:
		if len(b) < 4 {
			return nil, broken(b, "cut inside a number of 4 bytes")
		}
		f.num = uint64(binary.LittleEndian.Uint32(b))
		return b[4:], nil
	case wireBytes:
		size, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, broken(b, "bad length")
		}
		if size > uint64(len(b)-n) {
			return nil, broken(b, fmt.Sprintf("a field of %d bytes where %d are left", size, len(b)-n))
		}
		f.bytes = b[n : n+int(size)]
		return b[n+int(size):], nil
	case wireEndGroup:
		return nil, broken(b, "end of a group that did not start")
	}
	return nil, broken(b, "unknown wire type")
}

// skipGroup returns what follows the group whose start tag was just read. It
// keeps the open groups in a list and does not recurse.
func skipGroup(b []byte, number int) (rest []byte, err error) {
	var room [8]int
	open := append(room[:0], number)
	for len(open) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 || tag>>3 == 0 || tag>>3 > 1<<29-1 {
			return nil, broken(b, "bad field tag in a group")
		}
		f := field{number: int(tag >> 3), wire: int(tag & 7)}
		switch f.wire {
		case wireStartGroup:
			if len(open) == maxDepth {
				return nil, broken(b, "groups nested too deep")
			}
			open = append(open, f.number)
			b = b[n:]
		case wireEndGroup:
			if open[len(open)-1] != f.number {
				return nil, broken(b, "end of another group")
			}
			open = open[:len(open)-1]
			b = b[n:]
		default:
			if b, err = f.payload(b[n:]); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}
