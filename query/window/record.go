package window

import (
	"bytes"
	"encoding/binary"

	"github.com/pfptrace/pfptrace/model"
)

// record is the header of a span: one cache line without pointers.
//
// Rejected: the span's message alone, 40 bytes less. Decomposing a request
// reads times and parents, and would have to unpack a block for each span.
type record struct {
	id, parent model.SpanID
	start, end int64
	entry      uint32 // of its trace
	earlier    uint32 // record of the same trace, number plus one
	block      uint32 // of its details
	length     uint32 // of its details in the block, bytes
	sum        uint32 // of its message, to know a copy by
	offset     uint16 // in the block
	name       uint16 // number in the segment's names
	origin     uint16 // number in the segment's origins
	links      uint16
	kind       model.Kind
	status     model.StatusCode
	form       form
}

// form says how the details in a block make up a span's message.
type form uint8

const (
	whole       form = iota // the message as it is
	headed                  // the message without the head that the record can write
	emptyParent             // headed, where the head has a parent field without a parent
	named                   // the name after its length, then the message: too many names to share it
)

// The tags of the fields of a Span message that a head consists of.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2

	tagTrace  = 1<<3 | wireBytes
	tagID     = 2<<3 | wireBytes
	tagParent = 4<<3 | wireBytes
	tagName   = 5<<3 | wireBytes
	tagKind   = 6<<3 | wireVarint
	tagStart  = 7<<3 | wireFixed64
	tagEnd    = 8<<3 | wireFixed64
)

// appendHead appends how a message begins that an SDK wrote: the fields of the
// header in the order of their numbers, the empty ones left out.
func appendHead(b []byte, s *model.Span, f form) []byte {
	b = append(append(b, tagTrace, byte(len(s.Trace))), s.Trace[:]...)
	b = append(append(b, tagID, byte(len(s.ID))), s.ID[:]...)
	if !s.Parent.IsZero() {
		b = append(append(b, tagParent, byte(len(s.Parent))), s.Parent[:]...)
	} else if f == emptyParent {
		b = append(b, tagParent, 0)
	}
	if s.Name != "" {
		b = append(binary.AppendUvarint(append(b, tagName), uint64(len(s.Name))), s.Name...)
	}
	if s.Kind != 0 {
		b = binary.AppendUvarint(append(b, tagKind), uint64(s.Kind))
	}
	b = binary.LittleEndian.AppendUint64(append(b, tagStart), uint64(s.Start))
	return binary.LittleEndian.AppendUint64(append(b, tagEnd), uint64(s.End))
}

// shorten returns the form of a message, and what of it is left to keep. The
// head is built in scratch.
func shorten(s *model.Span, scratch []byte) (f form, rest, grown []byte) {
	const parentAt = 2 + len(s.Trace) + 2 + len(s.ID)
	f = headed
	if s.Parent.IsZero() && len(s.Raw) > parentAt && s.Raw[parentAt] == tagParent {
		f = emptyParent
	}
	head := appendHead(scratch[:0], s, f)
	if bytes.HasPrefix(s.Raw, head) {
		return f, s.Raw[len(head):], head
	}
	return whole, s.Raw, head
}
