package window

import "math/bits"

// gone counts what is not in the window, or not found in it.
type gone struct {
	duplicates uint64
	evicted    uint64
	expired    uint64
	links      uint64 // of evicted segments
	next       uint32 // number of the next segment
}

// writable returns the open segment, which has room for a span.
func (w *Window) writable() *segment {
	if w.open != nil && w.open.full(w.capacity, w.segmentBytes()) {
		w.seal()
	}
	if w.open == nil {
		w.begin()
	}
	return w.open
}

// segmentBytes is how many bytes make a segment full: as many as fit 16 times
// beside the one that is being filled.
func (w *Window) segmentBytes() int {
	return int((w.limits.Bytes - int64(w.filter.bytes())) / (segments + 1))
}

// seal ends the open segment, from now on immutable.
func (w *Window) seal() {
	w.open.bytes += w.memory.packer.seal(&w.open.details)
	w.sealed = append(w.sealed, w.open)
	w.open = nil
}

// begin opens a segment. Before, it evicts what leaves no room for a full one,
// whose memory the new segment takes over.
func (w *Window) begin() {
	for len(w.sealed) > 0 && w.crowded() {
		w.evict()
	}
	w.filter.sweep(w.live())
	tableBits := minTableBits
	if last := len(w.sealed) - 1; last >= 0 {
		tableBits = max(tableBits, bits.Len(uint(w.sealed[last].table.used()/3*4)))
	}
	w.open = newSegment(w.capacity, tableBits, w.gone.next, w.accepted, w.now)
	w.gone.next++
}

// live returns the bits of the sealed segments.
func (w *Window) live() (set uint64) {
	for _, s := range w.sealed {
		set |= bitOfSegment(s.number)
	}
	return set
}

// crowded reports whether the sealed segments leave no room for a full one.
func (w *Window) crowded() bool {
	spans, bytes := w.capacity, int64(w.segmentBytes()+w.filter.bytes())
	for _, s := range w.sealed {
		spans += int(s.records.n)
		bytes += int64(s.bytes)
	}
	return spans > w.limits.Spans || bytes > w.limits.Bytes || len(w.sealed) == maxSegments
}

// evict takes the oldest sealed segment out of the window. Memory that waits
// since an earlier eviction is given up: what waits is one segment's at most.
func (w *Window) evict() {
	w.memory.trim()
	s := w.sealed[0]
	copy(w.sealed, w.sealed[1:])
	w.sealed[len(w.sealed)-1] = nil
	w.sealed = w.sealed[:len(w.sealed)-1]
	w.gone.evicted += uint64(s.records.n)
	w.gone.expired += uint64(s.pending)
	w.gone.links += uint64(s.dropped)
	w.pinned += s.bytes
	w.leave(s)
}

// leave says that one user of a segment is done. The last one gives its memory
// back.
func (w *Window) leave(s *segment) {
	s.users--
	if s.users > 0 {
		return
	}
	w.pinned -= s.bytes
	s.entries.recycle(&w.memory.entries)
	s.records.recycle(&w.memory.records)
	s.links.recycle(&w.memory.links)
	w.memory.packer.recycle(&s.details)
}

// expire evicts segments whose spans are all too old. The open one is sealed
// when it has been open for a sixteenth of the age, so that its turn comes.
func (w *Window) expire(now int64) {
	w.now = max(w.now, now)
	if w.open != nil && w.now-w.open.opened >= int64(w.limits.Age)/segments && w.open.records.n > 0 {
		w.seal()
	}
	for len(w.sealed) > 0 && w.now-w.sealed[0].newest > int64(w.limits.Age) {
		w.evict()
	}
}

// trim gives up all chunks that wait for their next use.
func (m *memory) trim() {
	m.entries.trim()
	m.records.trim()
	m.links.trim()
	m.packer.slabs.trim()
}
