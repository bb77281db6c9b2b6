package otlp

import (
	"encoding/binary"
	"math/bits"

	"github.com/pfptrace/pfptrace/model"
)

// AppendExport appends one ExportTraceServiceRequest with these spans, in
// their order. Neighbours of one Origin share a ResourceSpans. Schema URLs are
// not part of the model and do not come back.
func AppendExport(dst []byte, spans []model.Span) []byte {
	for len(spans) > 0 {
		n := 1
		for n < len(spans) && spans[n].Origin == spans[0].Origin {
			n++
		}
		dst = appendResourceSpans(dst, spans[:n])
		spans = spans[n:]
	}
	return dst
}

// appendResourceSpans writes spans of one origin. Sizes come first in
// protobuf, so it adds them up before it writes.
func appendResourceSpans(dst []byte, spans []model.Span) []byte {
	var resource, scope []byte
	if origin := spans[0].Origin; origin != nil {
		resource, scope = origin.Resource.Message(), origin.Scope.Message()
	}
	inner := sizeOf(scope)
	for i := range spans {
		inner += 1 + sizeOfUvarint(uint64(len(spans[i].Raw))) + len(spans[i].Raw)
	}
	outer := sizeOf(resource) + 1 + sizeOfUvarint(uint64(inner)) + inner
	dst = appendLength(dst, fieldResourceSpans, outer)
	if len(resource) > 0 {
		dst = appendBytes(dst, fieldResource, resource)
	}
	dst = appendLength(dst, fieldScopeSpans, inner)
	if len(scope) > 0 {
		dst = appendBytes(dst, fieldScope, scope)
	}
	for i := range spans {
		dst = appendBytes(dst, fieldSpans, spans[i].Raw)
	}
	return dst
}

// sizeOf returns how many bytes a submessage with a one-byte tag takes; an
// empty one is left out.
func sizeOf(message []byte) int {
	if len(message) == 0 {
		return 0
	}
	return 1 + sizeOfUvarint(uint64(len(message))) + len(message)
}

func sizeOfUvarint(n uint64) int { return (bits.Len64(n|1) + 6) / 7 }

func appendTag(b []byte, number, wire int) []byte {
	return binary.AppendUvarint(b, uint64(number)<<3|uint64(wire))
}

func appendLength(b []byte, number, size int) []byte {
	return binary.AppendUvarint(appendTag(b, number, wireBytes), uint64(size))
}

func appendBytes(b []byte, number int, payload []byte) []byte {
	return append(appendLength(b, number, len(payload)), payload...)
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
