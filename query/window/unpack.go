package window

// cachedBlocks is how many unpacked blocks a snapshot keeps: the members of a
// batch mostly lie near each other.
const cachedBlocks = 64

// blocks are blocks that were unpacked lately.
type blocks struct{ slots [cachedBlocks]unpacked }

type unpacked struct {
	view   *view
	number uint32
	data   []byte
}

// get returns the contents of a block, which stay until the next call.
func (b *blocks) get(v *view, number uint32) []byte {
	if int(number) == len(v.details.blocks) {
		return v.details.open
	}
	slot := &b.slots[(v.segment.number*cachedBlocks/segments+number)%cachedBlocks]
	if slot.view == v && slot.number == number {
		return slot.data
	}
	data := v.details.unpack(slot.data, number)
	if len(data) <= blockSize { // larger ones hold one span each
		*slot = unpacked{v, number, data}
	}
	return data
}

const (
	maxHead       = 80       // bytes of appendHead without the name
	arenaForTrace = 4 << 10  // a trace keeps what it needs
	arenaForAll   = 64 << 10 // all spans need many
)

// arena is memory for messages, a chunk at a time. It is never used again.
type arena struct {
	size  int // of a chunk
	chunk []byte
}

// room returns an empty slice that n bytes can be appended to.
func (a *arena) room(n int) []byte {
	if cap(a.chunk)-len(a.chunk) < n {
		a.chunk = make([]byte, 0, max(a.size, n))
	}
	return a.chunk[len(a.chunk):]
}

// keep says that b, which was appended to what room returned, is used.
func (a *arena) keep(b []byte) []byte {
	a.chunk = a.chunk[:len(a.chunk)+len(b)]
	return b[:len(b):len(b)]
}
