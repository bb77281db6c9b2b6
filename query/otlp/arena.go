package otlp

import (
	"strings"
	"unsafe"
)

// arenaChunk is how much memory for details is allocated at a time.
const arenaChunk = 256 << 10

// arena keeps the messages of transcoded spans. Chunks are never reused: spans
// refer to them for as long as they live. A chunk is a strings.Builder because
// that is the one way to memory that is not zeroed before it is written.
type arena struct {
	chunk *strings.Builder
}

// join returns the three put together, which must not be modified.
func (a *arena) join(head, middle, tail []byte) []byte {
	size := len(head) + len(middle) + len(tail)
	if a.chunk == nil || size > a.chunk.Cap()-a.chunk.Len() {
		if size > arenaChunk/8 {
			return append(append(append(make([]byte, 0, size), head...), middle...), tail...)
		}
		a.chunk = new(strings.Builder)
		a.chunk.Grow(arenaChunk)
	}
	start := a.chunk.Len()
	a.chunk.Write(head)
	a.chunk.Write(middle)
	a.chunk.Write(tail)
	text := a.chunk.String()[start:]
	return unsafe.Slice(unsafe.StringData(text), len(text))
}
