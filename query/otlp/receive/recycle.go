package receive

import (
	"sync"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp"
)

const (
	maxRecycled      = 32      // buffers, and slices of spans, that are kept
	maxRecycledBytes = 1 << 20 // of a buffer that is kept
	maxRecycledSpans = 16 << 10
	maxDecoders      = 8 // that are kept: each may have caches of some 16 MiB
	firstBuffer      = 32 << 10
)

// recycler keeps the memory of released batches for the next.
//
// Rejected: sync.Pool (no bound on the size of what it keeps), size classes (a
// sink that keeps messages would pay for the difference to the next class).
type recycler struct {
	mu      sync.Mutex
	buffers [][]byte
	spans   [][]model.Span
}

// buffer returns an empty buffer with room for n bytes, and not for many more.
func (r *recycler) buffer(n int) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.buffers) - 1; i >= 0; i-- {
		if b := r.buffers[i]; cap(b) >= n && cap(b) <= max(2*n, firstBuffer) {
			last := len(r.buffers) - 1
			r.buffers[i], r.buffers[last] = r.buffers[last], nil
			r.buffers = r.buffers[:last]
			return b[:0]
		}
	}
	return make([]byte, 0, n)
}

func (r *recycler) spanSlice() []model.Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.spans) - 1
	if last < 0 {
		return nil
	}
	spans := r.spans[last]
	r.spans = r.spans[:last]
	return spans
}

func (r *recycler) put(buffer []byte, spans []model.Span) {
	clear(spans) // they would hold what they point to
	r.mu.Lock()
	defer r.mu.Unlock()
	if cap(buffer) > 0 && cap(buffer) <= maxRecycledBytes {
		if len(r.buffers) == maxRecycled { // the oldest goes: sizes change over time
			r.buffers = append(r.buffers[:0], r.buffers[1:]...)
		}
		r.buffers = append(r.buffers, buffer)
	}
	if cap(spans) > 0 && cap(spans) <= maxRecycledSpans && len(r.spans) < maxRecycled {
		r.spans = append(r.spans, spans[:0])
	}
}

// decoders are those that nobody uses. The one used last comes first, so that
// few have warm caches and make Origins.
type decoders struct {
	mu   sync.Mutex
	idle []*otlp.Decoder
}

func (d *decoders) get() *otlp.Decoder {
	d.mu.Lock()
	defer d.mu.Unlock()
	last := len(d.idle) - 1
	if last < 0 {
		return otlp.NewDecoder()
	}
	decoder := d.idle[last]
	d.idle = d.idle[:last]
	return decoder
}

func (d *decoders) put(decoder *otlp.Decoder) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.idle) < maxDecoders {
		d.idle = append(d.idle, decoder)
	}
}
