package window

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sort"
	"sync/atomic"

	"github.com/pfptrace/pfptrace/model"
)

// Snapshot is the window as it was at one moment. It is for one goroutine at a
// time, and must be released. What its methods return is the caller's, and
// lives on.
type Snapshot struct {
	window *Window
	views  []view // oldest first
	open   *buffer
	stats  Stats
	blocks blocks
}

// view is what a snapshot sees of a segment.
type view struct {
	content
	segment *segment
	first   uint64
}

// Snapshot returns the window as it is. It holds up whoever adds for as long as
// it takes to copy a few hundred bytes a segment.
func (w *Window) Snapshot() *Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &Snapshot{window: w, stats: w.stats(), views: make([]view, 0, len(w.sealed)+1)}
	for _, sealed := range w.sealed {
		s.see(sealed)
	}
	if w.open != nil {
		s.see(w.open)
		s.open = w.memory.packer.open
		s.open.users++
	}
	return s
}

func (s *Snapshot) see(g *segment) {
	g.users++
	s.views = append(s.views, view{content: g.content, segment: g, first: g.first})
}

// Release ends the use of the snapshot, which is empty from now on.
func (s *Snapshot) Release() {
	w := s.window
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range s.views {
		w.leave(s.views[i].segment)
	}
	if s.open != nil {
		w.memory.packer.drop(s.open)
	}
	s.views, s.open, s.blocks = nil, nil, blocks{}
}

// Stats returns the window's counts when the snapshot was taken.
func (s *Snapshot) Stats() Stats { return s.stats }

// Epoch returns a number for [Snapshot.Touched] of a later snapshot: what came
// in after this one.
func (s *Snapshot) Epoch() uint64 { return s.stats.Accepted }

// Trace returns the spans with this trace id, or nil if there are none. Of
// spans that came more than once one is kept, as [model.Builder] does.
func (s *Snapshot) Trace(id model.TraceID) *model.Trace {
	var builder model.Builder
	hash, raw := s.window.hasher.of(id), arena{size: arenaForTrace}
	for i := range s.views {
		v := &s.views[i]
		in, ok := v.table.find(hash, id, &v.entries)
		if !ok {
			continue
		}
		for n := atomic.LoadUint32(&v.entries.at(in).spans); n != 0; n = v.records.at(n - 1).earlier {
			if n <= v.records.n {
				builder.Add(s.span(v, n-1, &raw))
			}
		}
	}
	if builder.Len() == 0 {
		return nil
	}
	return &builder.Build().List[0]
}

// Linking returns the spans of other traces that link to this trace, in the
// order of their ids. Of a span that came more than once the links of all
// copies count, also of those that Trace does not return.
func (s *Snapshot) Linking(id model.TraceID) []model.Ref {
	var refs []model.Ref
	hash := s.window.hasher.of(id)
	for i := range s.views {
		v := &s.views[i]
		to, ok := v.table.find(hash, id, &v.entries)
		if !ok {
			continue
		}
		for n := atomic.LoadUint32(&v.entries.at(to).links); n != 0; {
			l := v.links.at(n - 1)
			if n <= v.links.n {
				from := v.records.at(l.from)
				refs = append(refs, model.Ref{Trace: v.entries.at(from.entry).trace, Span: from.id})
			}
			n = l.earlier
		}
	}
	slices.SortFunc(refs, compareRefs)
	return slices.Compact(refs)
}

func compareRefs(x, y model.Ref) int {
	return cmp.Or(x.Trace.Compare(y.Trace), x.Span.Compare(y.Span))
}

// Touched returns the traces that got spans, or links from other traces, since
// the snapshot with this epoch, in the order of their ids. Spans that are
// evicted since have touched nothing: compare the Evicted of [Stats].
func (s *Snapshot) Touched(since uint64) []model.TraceID {
	var ids []model.TraceID
	for i := range s.views {
		v := &s.views[i]
		if v.first+uint64(v.records.n) <= since {
			continue
		}
		start := uint32(max(since, v.first) - v.first)
		touched := make([]bool, v.entries.n)
		for n := start; n < v.records.n; n++ {
			touched[v.records.at(n).entry] = true
		}
		firstLink := sort.Search(int(v.links.n), func(n int) bool { return v.links.at(uint32(n)).from >= start })
		for n := uint32(firstLink); n < v.links.n; n++ {
			touched[v.links.at(n).to] = true
		}
		for n, is := range touched {
			if is {
				ids = append(ids, v.entries.at(uint32(n)).trace)
			}
		}
	}
	slices.SortFunc(ids, model.TraceID.Compare)
	return slices.Compact(ids)
}

// Spans yields all spans in the order in which they came in, with copies of
// those that came more than once if they differ or came late.
func (s *Snapshot) Spans(yield func(model.Span) bool) {
	raw := arena{size: arenaForAll}
	for i := range s.views {
		v := &s.views[i]
		for n := range v.records.n {
			if !yield(s.span(v, n, &raw)) {
				return
			}
		}
	}
}

// Traces returns all traces. It takes several times the memory that the window
// does.
func (s *Snapshot) Traces() *model.Traces {
	var builder model.Builder
	for span := range s.Spans {
		builder.Add(span)
	}
	return builder.Build()
}

// span makes a span out of its record and its details.
func (s *Snapshot) span(v *view, n uint32, raw *arena) model.Span {
	r := v.records.at(n)
	span := model.Span{
		Trace: v.entries.at(r.entry).trace, ID: r.id, Parent: r.parent, Start: r.start, End: r.end,
		Origin: v.origins[r.origin], Links: r.links, Kind: r.kind, Status: r.status,
	}
	var details []byte
	if r.length > 0 {
		details = s.blocks.get(v, r.block)[r.offset:][:r.length]
	}
	if r.form == named {
		size, n := binary.Uvarint(details)
		span.Name = string(details[n:][:size])
		details = details[n:][size:]
	} else {
		span.Name = v.names[r.name]
	}
	b := raw.room(maxHead + len(span.Name) + len(details))
	if r.form == headed || r.form == emptyParent {
		b = appendHead(b, &span, r.form)
	}
	span.Raw = raw.keep(append(b, details...))
	return span
}
