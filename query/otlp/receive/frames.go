package receive

import (
	"runtime"
	"sync"
	"sync/atomic"
	"weak"
)

// frames is gRPC's pool of buffers, charged to the budget: what it has lent is
// what gRPC holds. gRPC does not give back the frames of a stream that breaks
// off; they are found when the garbage collector frees them.
//
// Rejected: counting what connections read (what of it is still held, nobody
// tells), a pool that trusts Put (it would run full with every request that is
// too large).
type frames struct {
	budget *budget
	frames sync.Pool // of *[]byte of frameSize
	steps  sync.Pool // of *[]byte of stepSize
	loans  sync.Map  // of *loan, by weak.Pointer[[]byte]
}

// The sizes of buffers that are kept for the next, in bytes: of an HTTP/2 frame
// and of a step of decompression.
const (
	frameSize = 16 << 10
	stepSize  = 32 << 10
)

// loan is what is known of one buffer.
type loan struct {
	size int64
	out  atomic.Bool
}

// Get lends a buffer of this length.
func (f *frames) Get(length int) *[]byte {
	buffer := f.find(length)
	*buffer = (*buffer)[:length]
	if l := f.loan(buffer); l != nil && l.out.CompareAndSwap(false, true) {
		f.budget.used.Add(l.size)
	}
	return buffer
}

// Put takes a buffer back.
func (f *frames) Put(buffer *[]byte) {
	l := f.loan(buffer)
	if l == nil || !l.out.CompareAndSwap(true, false) {
		return
	}
	f.budget.give(l.size)
	*buffer = (*buffer)[:cap(*buffer)]
	switch cap(*buffer) {
	case frameSize:
		f.frames.Put(buffer)
	case stepSize:
		f.steps.Put(buffer)
	}
}

func (f *frames) loan(buffer *[]byte) *loan {
	known, ok := f.loans.Load(weak.Make(buffer))
	if !ok {
		return nil
	}
	return known.(*loan)
}

func (f *frames) find(length int) *[]byte {
	size, idle := frameSize, &f.frames
	if length > frameSize {
		size, idle = stepSize, &f.steps
	}
	if length > stepSize {
		return f.make(length)
	}
	if buffer, ok := idle.Get().(*[]byte); ok {
		return buffer
	}
	return f.make(size)
}

func (f *frames) make(size int) *[]byte {
	memory := make([]byte, size)
	buffer := &memory
	key := weak.Make(buffer)
	f.loans.Store(key, &loan{size: int64(size)})
	runtime.AddCleanup(buffer, f.freed, key)
	return buffer
}

// freed forgets a buffer that nobody holds any more.
func (f *frames) freed(key weak.Pointer[[]byte]) {
	known, ok := f.loans.LoadAndDelete(key)
	if ok && known.(*loan).out.CompareAndSwap(true, false) {
		f.budget.give(known.(*loan).size)
	}
}
