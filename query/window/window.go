package window

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"sync"
	"time"
	"unsafe"

	"github.com/pfptrace/pfptrace/model"
)

// Limits bound what a Window keeps. It evicts a segment at a time, so it is
// between fifteen and sixteen sixteenths full once it was full.
type Limits struct {
	Spans int           // 0: 10 million
	Bytes int64         // of memory, what waits for its next use included; 0: 2 GiB; less than 16 MiB counts as that
	Age   time.Duration // since a span came in; 0: no limit
}

const (
	segments    = 16 // of a full window
	maxSegments = 32 // however they are limited: each costs every look-up

	minBytes  = 16 << 20
	spanBytes = 96 // what a span takes at least

	// maxHops is how many records of a trace are compared with a new span to
	// know a copy. A copy that is not known is kept, and found by
	// [model.Builder] when the trace is read.
	maxHops = 32
)

func (l Limits) withDefaults() Limits {
	if l.Spans <= 0 {
		l.Spans = 10_000_000
	}
	if l.Bytes <= 0 {
		l.Bytes = 2 << 30
	}
	l.Bytes = max(l.Bytes, minBytes)
	if l.Age <= 0 {
		l.Age = math.MaxInt64
	}
	return l
}

// Window keeps the latest spans. It is safe for concurrent use: one caller at a
// time adds, readers take snapshots.
type Window struct {
	limits   Limits
	capacity int // spans of a segment
	hasher   hasher
	seed     maphash.Seed

	mu       sync.Mutex
	sealed   []*segment // oldest first
	open     *segment
	memory   memory
	filter   filter
	now      int64 // unix ns, the latest that Add or Expire was told
	accepted uint64
	gone     gone
	pinned   int // bytes of segments that are evicted and still read
}

// memory is what segments are made of, and scratch space for the writer.
type memory struct {
	entries pool[entry]
	records pool[record]
	links   pool[link]
	packer  packer
	head    []byte
	varint  [binary.MaxVarintLen64]byte
}

// length returns n as a varint that stands before a text.
func (m *memory) length(n int) []byte { return binary.AppendUvarint(m.varint[:0], uint64(n)) }

// text returns the bytes of a string, which must not be modified.
func (m *memory) text(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// New returns an empty window.
func New(limits Limits) *Window {
	w := &Window{limits: limits.withDefaults(), hasher: newHasher(), seed: maphash.MakeSeed()}
	w.capacity = max(1, min(w.limits.Spans, int(w.limits.Bytes/spanBytes))/segments)
	w.filter = newFilter(segments * w.capacity)
	w.memory = memory{
		entries: pool[entry]{items: chunkItems},
		records: pool[record]{items: chunkItems},
		links:   pool[link]{items: chunkItems},
		packer:  newPacker(),
	}
	return w
}

// Add keeps copies of the spans, which came in at now, in unix ns. A now that
// is before an earlier one counts as that.
func (w *Window) Add(spans []model.Span, now int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.expire(now)
	for i := range spans {
		w.add(&spans[i])
	}
}

// Expire evicts what is too old at now, in unix ns, as Add does. It is for
// times in which nothing comes in.
func (w *Window) Expire(now int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.expire(now)
}

func (w *Window) add(span *model.Span) {
	s := w.writable()
	hash, sum := w.hasher.of(span.Trace), uint32(maphash.Bytes(w.seed, span.Raw))
	in, ok := s.table.find(hash, span.Trace, &s.entries)
	var older place
	if !ok {
		older = w.lookBack(hash, span.Trace)
	}
	if w.has(s, in, ok, older, span, sum) {
		w.gone.duplicates++
		return
	}
	if !ok {
		in = w.enter(s, hash, span.Trace, older)
	}
	number := s.record(&w.memory, in, span, sum)
	s.newest = w.now
	w.accepted++
	if span.Links > 0 {
		w.join(s, number, span)
	}
}

// has reports whether the window has a copy of the span: in the open segment,
// where its trace may have an entry, or in older ones.
func (w *Window) has(s *segment, in uint32, here bool, older place, span *model.Span, sum uint32) (copied bool) {
	hops := maxHops
	if here {
		if copied, hops = s.holds(in, span, sum, hops); copied {
			return true
		}
		older = s.entries.at(in).older
	}
	for older.segment != 0 && hops > 0 {
		// Numbers of segments count up by one: an evicted one is below all.
		i := int(older.segment) - 1 - int(w.oldest())
		if i < 0 {
			return false
		}
		if copied, hops = w.sealed[i].holds(older.entry, span, sum, hops); copied {
			return true
		}
		older = w.sealed[i].entries.at(older.entry).older
	}
	return false
}

// oldest returns the number of the oldest segment.
func (w *Window) oldest() uint32 {
	if len(w.sealed) > 0 {
		return w.sealed[0].number
	}
	return w.open.number
}
