package otlp

import "encoding/binary"

// Tags of a Span's fields as one byte (two for flags), with their wire types.
const (
	tagTraceID    = fieldSpanTraceID<<3 | wireBytes
	tagSpanID     = fieldSpanID<<3 | wireBytes
	tagParentID   = fieldSpanParentID<<3 | wireBytes
	tagName       = fieldSpanName<<3 | wireBytes
	tagKind       = fieldSpanKind<<3 | wireVarint
	tagStart      = fieldSpanStart<<3 | wireFixed64
	tagEnd        = fieldSpanEnd<<3 | wireFixed64
	tagAttributes = fieldSpanAttributes<<3 | wireBytes
	tagStatus     = fieldSpanStatus<<3 | wireBytes
	tagFlags      = fieldSpanFlags<<3&0x7f | 0x80 | wireFixed32 // and a second byte, 1

	tagKey   = fieldKey<<3 | wireBytes
	tagValue = fieldValue<<3 | wireBytes

	tagString = anyString<<3 | wireBytes
	tagBool   = anyBool<<3 | wireVarint
	tagInt    = anyInt<<3 | wireVarint
	tagDouble = anyDouble<<3 | wireFixed64
)

// prefix reads the fields that stand at the front of a Span message in the
// order and form in which SDKs write them, each in straight line: the branches
// are always taken the same way. It returns what it does not know, for
// general: a value that general would not read the same way must end it.
func (h *header) prefix(b []byte) []byte {
	if len(b) < 28 || b[0] != tagTraceID || b[1] != 16 || b[18] != tagSpanID || b[19] != 8 {
		return b
	}
	h.trace, h.id = b[2:18], b[20:28]
	b = b[28:]
	if len(b) >= 10 && b[0] == tagParentID && b[1] == 8 {
		h.parent, b = b[2:10], b[10:]
	}
	if len(b) >= 2 && b[0] == tagName && b[1] < 0x80 && int(b[1]) <= len(b)-2 {
		h.name, b = b[2:2+b[1]], b[2+b[1]:]
	}
	if len(b) >= 20 && b[0] == tagKind && b[1] < 0x80 && b[2] == tagStart && b[11] == tagEnd {
		h.kind = uint64(b[1])
		h.start = binary.LittleEndian.Uint64(b[3:])
		h.end = binary.LittleEndian.Uint64(b[12:])
		b = b[20:]
	}
	b = skipAttributes(b)
	if len(b) >= 2 && b[0] == tagStatus && b[1] == 0 {
		b = b[2:]
	}
	if len(b) >= 6 && b[0] == tagFlags && b[1] == 1 {
		b = b[6:]
	}
	return b
}

// skipAttributes moves over the attributes at the front of b that have the
// form of every day.
func skipAttributes(b []byte) []byte {
	for len(b) >= 2 && b[0] == tagAttributes && b[1] < 0x80 {
		size := int(b[1])
		if size > len(b)-2 || !everyday(b[2:2+size]) {
			break
		}
		b = b[2+size:]
	}
	return b
}

// everyday reports whether a KeyValue message is a key and then a string, int,
// bool or double, with lengths of one byte and nothing else: well-formed for
// certain. It is false for all else, be it good or bad.
func everyday(b []byte) bool {
	if len(b) < 2 || b[0] != tagKey || b[1] >= 0x80 {
		return false
	}
	value := 2 + int(b[1])
	if len(b) < value+4 || b[value] != tagValue || int(b[value+1]) != len(b)-value-2 {
		return false
	}
	b = b[value+2:]
	switch b[0] {
	case tagString:
		return int(b[1]) == len(b)-2
	case tagInt, tagBool:
		return len(b) == 2 && b[1] < 0x80 || oneVarint(b[1:])
	case tagDouble:
		return len(b) == 9
	}
	return false
}

// oneVarint reports whether b is one varint and nothing else.
func oneVarint(b []byte) bool {
	_, n := binary.Uvarint(b)
	return n == len(b)
}
