package receive

import (
	"runtime"
	"sync/atomic"
	"time"
)

// budget is how many bytes of requests are here: on their way in, being
// decoded, or with the sink that has not answered yet.
type budget struct {
	limit int64
	used  atomic.Int64
	swept atomic.Int64 // unix ns of the last sweep
}

// hard is at which multiple of the limit connections are closed. Frames of
// requests that gRPC has begun to read come in whatever the budget says.
const hard = 2

// take charges n bytes, or reports that there is no room for them.
func (b *budget) take(n int64) bool {
	if b.used.Add(n) > b.limit {
		b.used.Add(-n)
		return false
	}
	return true
}

func (b *budget) give(n int64) { b.used.Add(-n) }

func (b *budget) full() bool { return b.used.Load() >= b.limit }

func (b *budget) exceeded() bool { return b.used.Load() > hard*b.limit }

// sweep has the garbage collector find frames that gRPC lost, with a
// pause between: while clients are refused, too little may be allocated for it
// to run by itself.
func (b *budget) sweep() {
	last, now := b.swept.Load(), time.Now().UnixNano()
	if now-last >= int64(shedPause) && b.swept.CompareAndSwap(last, now) {
		go runtime.GC()
	}
}
