package window

import (
	"sync/atomic"

	"github.com/pfptrace/pfptrace/model"
)

// link says that a record's span links to a trace. Both stand in the segment of
// the record, so that a link goes when its span goes.
type link struct {
	from    uint32 // record
	to      uint32 // entry
	earlier uint32 // link to the same trace, number plus one
}

// join enters the links of a span that was just recorded, one for each trace
// that it names, its own left out.
//
// Rejected: a table of links whose targets are not here yet. It costs three
// times as much, and needs a rule of its own for what goes when.
func (w *Window) join(s *segment, from uint32, span *model.Span) {
	for l := range span.LinkSeq() {
		if l.Trace == span.Trace || l.Trace.IsZero() {
			continue
		}
		if s.links.full() {
			s.dropped++
			continue
		}
		hash := w.hasher.of(l.Trace)
		to, ok := s.table.find(hash, l.Trace, &s.entries)
		if !ok {
			if s.stubs >= maxStubs(w.capacity) {
				s.dropped++
				continue
			}
			to = w.stub(s, hash, l.Trace)
		}
		target := s.entries.at(to)
		if target.links != 0 && s.links.at(target.links-1).from == from {
			continue // named twice by one span
		}
		item, number, grown := s.links.add(&w.memory.links)
		*item = link{from, to, target.links}
		s.bytes += grown
		atomic.StoreUint32(&target.links, number+1)
	}
}

// stub makes an entry for a trace that a link names and that has no spans in
// this segment.
func (w *Window) stub(s *segment, hash uint32, id model.TraceID) (number uint32) {
	older := w.lookBack(hash, id)
	number = w.enter(s, hash, id, older)
	s.stubs++
	if older.segment == 0 {
		s.entries.at(number).pending = true
		s.pending++
	}
	return number
}

// lookBack returns where the latest spans of a trace stand in older segments.
// A stub that waits for the trace there waits no longer: the trace has come, or
// the newest segment has the stub now.
func (w *Window) lookBack(hash uint32, id model.TraceID) (found place) {
	candidates := w.filter.segments(hash)
	for i := len(w.sealed) - 1; i >= 0 && candidates != 0; i-- {
		s := w.sealed[i]
		bit := bitOfSegment(s.number)
		if candidates&bit == 0 {
			continue
		}
		candidates &^= bit
		number, ok := s.table.find(hash, id, &s.entries)
		if !ok {
			continue
		}
		e := s.entries.at(number)
		if e.pending {
			e.pending = false
			s.pending--
		}
		if e.spans != 0 {
			return place{s.number + 1, number}
		}
	}
	return place{}
}
