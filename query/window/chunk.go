package window

import "unsafe"

const (
	chunkBits  = 10
	chunkItems = 1 << chunkBits
)

// list holds up to a fixed number of items, numbered from 0, in chunks that do
// not move. A copy of a list is a view of the items that it had when copied:
// whoever adds to the original touches none of them.
//
// Rejected: one slice of the full length. Its first use would cost tens of
// milliseconds of zeroing in one insert, and a segment that stays small would
// cost as much as a full one.
type list[T any] struct {
	chunks [][]T // nil where nothing was added yet
	n      uint32
}

func newList[T any](capacity int) list[T] {
	return list[T]{chunks: make([][]T, (capacity+chunkItems-1)/chunkItems)}
}

func (l *list[T]) full() bool { return int(l.n)>>chunkBits == len(l.chunks) }

func (l *list[T]) at(i uint32) *T { return &l.chunks[i>>chunkBits][i%chunkItems] }

// add returns the place of a new item and its number, and how many bytes of
// memory it took. What stands there is left from an earlier use. The list must
// not be full.
func (l *list[T]) add(free *pool[T]) (item *T, number uint32, grown int) {
	chunk := &l.chunks[l.n>>chunkBits]
	if *chunk == nil {
		*chunk = free.take()
		grown = sizeOf(*chunk)
	}
	number = l.n
	l.n++
	return &(*chunk)[number%chunkItems], number, grown
}

func (l *list[T]) recycle(free *pool[T]) {
	for _, chunk := range l.chunks {
		if chunk != nil {
			free.give(chunk)
		}
	}
	l.chunks = nil
}

func sizeOf[T any](chunk []T) int { return len(chunk) * int(unsafe.Sizeof(*new(T))) }

// pool keeps chunks of one size that nobody reads any more for their next use.
type pool[T any] struct {
	items  int // of a chunk
	free   [][]T
	poison func(chunk []T) // nil but in tests: spoils what is given back
}

func (p *pool[T]) take() []T {
	last := len(p.free) - 1
	if last < 0 {
		return make([]T, p.items)
	}
	chunk := p.free[last]
	p.free[last] = nil
	p.free = p.free[:last]
	return chunk
}

func (p *pool[T]) give(chunk []T) {
	if p.poison != nil {
		p.poison(chunk)
	}
	p.free = append(p.free, chunk)
}

// trim gives up what waits.
func (p *pool[T]) trim() {
	clear(p.free)
	p.free = p.free[:0]
}
