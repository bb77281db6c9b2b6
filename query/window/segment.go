package window

import (
	"math"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/pfptrace/pfptrace/model"
)

// content is all that a segment holds. A copy made under the window's lock is
// what a snapshot reads: of what the writer does later only the heads of chains
// show, and records and links behind the copy's counts are passed over.
type content struct {
	table   table
	entries list[entry]
	records list[record]
	links   list[link]
	details details
	names   []string
	origins []*model.Origin
}

// segment is a stretch of the stream, and the unit of eviction.
type segment struct {
	content
	number uint32 // 0 for the first of a window
	first  uint64 // the window's count of accepted spans before the segment's first
	users  int    // snapshots, and the window while it is not evicted

	opened, newest int64 // unix ns when it got its first and its latest span
	bytes          int   // of memory
	stubs          int   // entries without records
	pending        int   // entries that are pending
	dropped        int   // links that found no room

	nameNumbers   map[string]uint16
	recent        [recentNames]uint16 // names by where their text stands: readers share texts
	originNumbers map[*model.Origin]uint16
	lastOrigin    uint16 // spans of one sender come together
}

const (
	maxNames    = 4096 // a segment's names that are shared
	maxNameSize = 128  // bytes of a name worth sharing
	recentNames = 256
	maxOrigins  = math.MaxUint16

	linksPerSpan = 4 // at most so many links a segment for each span that it may have, on average
	minStubs     = 1024
	stubShare    = 8 // one entry in so many spans may be a stub

	elementBytes = 64  // about what a map and a slice take for a name or an origin
	originBytes  = 192 // about what an origin takes beside its messages
)

// newSegment makes an empty segment for this many spans. bits is how large its
// table is at first.
func newSegment(capacity, bits int, number uint32, first uint64, now int64) *segment {
	s := &segment{
		content: content{
			table:   newTable(bits),
			entries: newList[entry](capacity + maxStubs(capacity)),
			records: newList[record](capacity),
			links:   newList[link](linksPerSpan*capacity + chunkItems),
		},
		number: number, first: first, users: 1, opened: now, newest: now,
		nameNumbers: make(map[string]uint16), originNumbers: make(map[*model.Origin]uint16),
	}
	s.bytes = s.table.bytes() + 24*(len(s.entries.chunks)+len(s.records.chunks)+len(s.links.chunks)) + blockSize
	return s
}

func maxStubs(capacity int) int { return max(minStubs, capacity/stubShare) }

// enter makes an entry for a trace that has none in the open segment.
func (w *Window) enter(s *segment, hash uint32, id model.TraceID, older place) (number uint32) {
	item, number, grown := s.entries.add(&w.memory.entries)
	w.filter.add(hash, s.number)
	*item = entry{trace: id, older: older}
	s.bytes += grown + s.table.add(hash, number)
	return number
}

// record adds a span to the chain of its entry. The sum is that of its message.
func (s *segment) record(m *memory, in uint32, span *model.Span, sum uint32) (number uint32) {
	item, number, grown := s.records.add(&m.records)
	owner := s.entries.at(in)
	name, shared := s.name(span.Name)
	var parts [3][]byte
	var f form
	if shared {
		f, parts[2], m.head = shorten(span, m.head)
	} else {
		f, parts = named, [3][]byte{m.length(len(span.Name)), m.text(span.Name), span.Raw}
	}
	at, offset, length, packed := m.packer.put(&s.details, parts)
	s.bytes += grown + packed
	*item = record{
		id: span.ID, parent: span.Parent, start: span.Start, end: span.End,
		entry: in, earlier: owner.spans,
		block: at, offset: offset, length: uint32(length), sum: sum,
		name: name, origin: s.origin(span.Origin), links: span.Links,
		kind: span.Kind, status: span.Status, form: f,
	}
	if owner.spans == 0 && owner.links != 0 {
		s.stubs--
		if owner.pending {
			owner.pending = false
			s.pending--
		}
	}
	owner.seen |= bitOf(span.ID)
	atomic.StoreUint32(&owner.spans, number+1)
	return number
}

// name returns the number of a name that is shared. The first names that come
// are, which bounds the table; the others are kept with their spans.
func (s *segment) name(text string) (number uint16, shared bool) {
	hint := &s.recent[(uintptr(unsafe.Pointer(unsafe.StringData(text)))>>3^uintptr(len(text)))%recentNames]
	if int(*hint) < len(s.names) && s.names[*hint] == text {
		return *hint, true
	}
	if number, shared = s.nameNumbers[text]; shared {
		*hint = number
		return number, true
	}
	if len(s.names) == maxNames || len(text) > maxNameSize {
		return 0, false
	}
	number, own := uint16(len(s.names)), strings.Clone(text)
	s.names = append(s.names, own)
	s.nameNumbers[own] = number
	s.bytes += elementBytes + len(own)
	return number, true
}

// origin returns the number of an origin, which must have room: see full.
func (s *segment) origin(o *model.Origin) uint16 {
	if last := int(s.lastOrigin); last < len(s.origins) && s.origins[last] == o {
		return s.lastOrigin
	}
	number, ok := s.originNumbers[o]
	if ok {
		s.lastOrigin = number
		return number
	}
	number = uint16(len(s.origins))
	s.lastOrigin = number
	s.origins = append(s.origins, o)
	s.originNumbers[o] = number
	s.bytes += elementBytes
	if o != nil {
		s.bytes += originBytes + len(o.Resource.Message()) + len(o.Scope.Message())
	}
	return number
}

// full reports whether there may be no room for another span.
func (s *segment) full(capacity, bytes int) bool {
	return int(s.records.n) >= capacity || s.bytes >= bytes || len(s.origins) == maxOrigins
}

// holds reports whether the segment has a copy of the span among the latest
// records of an entry. It looks at no more than hops of them, and returns how
// many it may still look at.
func (s *segment) holds(in uint32, span *model.Span, sum uint32, hops int) (copied bool, left int) {
	e := s.entries.at(in)
	if e.seen&bitOf(span.ID) == 0 {
		return false, hops
	}
	for n := e.spans; n != 0 && hops > 0; hops-- {
		r := s.records.at(n - 1)
		if r.id == span.ID && r.sum == sum && r.start == span.Start && r.end == span.End {
			return true, hops
		}
		n = r.earlier
	}
	return false, hops
}
