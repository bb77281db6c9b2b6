package otlp

import (
	"bytes"
	"encoding/binary"
	"iter"
	"math/bits"

	"github.com/pfptrace/pfptrace/model"
)

// AppendExport appends one ExportTraceServiceRequest with these spans, in
// their order. Neighbours share a ResourceSpans and a ScopeSpans where their
// resource and their scope are the same. Schema URLs are not part of the model
// and do not come back.
func AppendExport(dst []byte, spans []model.Span) []byte {
	for resource := range runs(spans, sameResource) {
		dst = appendResourceSpans(dst, resource)
	}
	return dst
}

// runs yields the runs of neighbours that are the same.
func runs(spans []model.Span, same func(a, b *model.Origin) bool) iter.Seq[[]model.Span] {
	return func(yield func([]model.Span) bool) {
		for first := 0; first < len(spans); {
			last := first + 1
			for last < len(spans) && same(spans[first].Origin, spans[last].Origin) {
				last++
			}
			if !yield(spans[first:last]) {
				return
			}
			first = last
		}
	}
}

func sameOrigin(a, b *model.Origin) bool { return a == b }

// sameResource compares the messages: spans of one decoder share the bytes,
// which makes that cheap.
func sameResource(a, b *model.Origin) bool {
	return a == b || a != nil && b != nil && bytes.Equal(a.Resource.Message(), b.Resource.Message())
}

// appendResourceSpans writes spans of one resource. Sizes come first in
// protobuf, so it adds them up before it writes.
func appendResourceSpans(dst []byte, spans []model.Span) []byte {
	var resource []byte
	if origin := spans[0].Origin; origin != nil {
		resource = origin.Resource.Message()
	}
	size := sizeOf(resource)
	for scope := range runs(spans, sameOrigin) {
		inner := sizeOfScopeSpans(scope)
		size += 1 + sizeOfUvarint(uint64(inner)) + inner
	}
	dst = appendLength(dst, fieldResourceSpans, size)
	if len(resource) > 0 {
		dst = appendBytes(dst, fieldResource, resource)
	}
	for scope := range runs(spans, sameOrigin) {
		dst = appendScopeSpans(dst, scope)
	}
	return dst
}

// sizeOfScopeSpans returns the size of the message that appendScopeSpans
// writes.
func sizeOfScopeSpans(spans []model.Span) int {
	size := sizeOf(scopeOf(spans[0].Origin))
	for i := range spans {
		size += 1 + sizeOfUvarint(uint64(len(spans[i].Raw))) + len(spans[i].Raw)
	}
	return size
}

// appendScopeSpans writes spans of one origin.
func appendScopeSpans(dst []byte, spans []model.Span) []byte {
	dst = appendLength(dst, fieldScopeSpans, sizeOfScopeSpans(spans))
	if scope := scopeOf(spans[0].Origin); len(scope) > 0 {
		dst = appendBytes(dst, fieldScope, scope)
	}
	for i := range spans {
		dst = appendBytes(dst, fieldSpans, spans[i].Raw)
	}
	return dst
}

func scopeOf(origin *model.Origin) []byte {
	if origin == nil {
		return nil
	}
	return origin.Scope.Message()
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
