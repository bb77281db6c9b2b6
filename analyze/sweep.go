package analyze

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/pfptrace/pfptrace/model"
)

// sweeper cuts [A,Z) at all ends of evidence and gives each piece to the active
// evidence with the largest (rank, attempt, level). Its memory is used again.
//
// A heap with lazy deletion holds the active evidence, so a request of a
// thousand attempts (one a token, in LLM servers) costs n log n; asking every
// piece of evidence for every piece of time would cost its square.
type sweeper struct {
	starts []int32 // evidence by start
	ends   []int32 // evidence by end
	heap   []candidate
	active [numKinds]int
	mask   uint32 // kinds with active > 0
	out    []Segment
}

// candidate is a piece of evidence that has started. Of equal priority the
// earlier one in the order of (start, end, span) owns the piece, so that the
// order of input never decides.
type candidate struct {
	priority uint64
	order    int32 // in starts
	index    int32
}

func (s *sweeper) run(list []evidence, a, z int64, d *Decomposition) {
	s.out = s.out[:0]
	s.prepare(list)
	nextStart, nextEnd := 0, 0
	for at := a; at < z; {
		for nextStart < len(s.starts) && list[s.starts[nextStart]].start <= at {
			s.begin(list, nextStart)
			nextStart++
		}
		for nextEnd < len(s.ends) && list[s.ends[nextEnd]].end <= at {
			s.end(&list[s.ends[nextEnd]])
			nextEnd++
		}
		to := z
		if nextStart < len(s.starts) {
			to = min(to, list[s.starts[nextStart]].start)
		}
		if nextEnd < len(s.ends) {
			to = min(to, list[s.ends[nextEnd]].end)
		}
		owner := s.owner(list, at)
		s.give(owner, at-a, to-a, d)
		if bits.OnesCount32(s.mask) > 1 && s.mask&^together != 0 {
			d.Contested += to - at
		}
		at = to
	}
	d.Segments = s.out
}

func (s *sweeper) prepare(list []evidence) {
	s.starts, s.ends, s.heap = s.starts[:0], s.ends[:0], s.heap[:0]
	s.active, s.mask = [numKinds]int{}, 0
	for i := range list {
		s.starts = append(s.starts, int32(i))
		s.ends = append(s.ends, int32(i))
	}
	slices.SortFunc(s.starts, func(x, y int32) int { return compareEvidence(&list[x], &list[y]) })
	slices.SortFunc(s.ends, func(x, y int32) int { return cmp.Compare(list[x].end, list[y].end) })
}

func compareEvidence(x, y *evidence) int {
	if c := cmp.Or(cmp.Compare(x.start, y.start), cmp.Compare(x.end, y.end), cmp.Compare(x.kind, y.kind)); c != 0 {
		return c
	}
	return compareOptional(x.span, y.span)
}

func compareOptional(x, y *model.Span) int {
	switch {
	case x == y:
		return 0
	case x == nil:
		return -1
	case y == nil:
		return 1
	}
	return compareSpans(x, y)
}

func (s *sweeper) begin(list []evidence, order int) {
	e := &list[s.starts[order]]
	s.active[e.kind]++
	s.mask |= 1 << e.kind
	s.push(candidate{e.priority(), int32(order), s.starts[order]})
}

func (s *sweeper) end(e *evidence) {
	s.active[e.kind]--
	if s.active[e.kind] == 0 {
		s.mask &^= 1 << e.kind
	}
}

// owner returns the strongest evidence at a time, or nil; what has ended is
// dropped on the way.
func (s *sweeper) owner(list []evidence, at int64) *evidence {
	for len(s.heap) > 0 {
		if e := &list[s.heap[0].index]; e.end > at {
			return e
		}
		s.pop()
	}
	return nil
}

// give adds a piece to its stage and to the segments; neighbours with the same
// stage, attempt and level are one segment, and its span is the first piece's.
func (s *sweeper) give(e *evidence, start, end int64, d *Decomposition) {
	piece := Segment{Start: start, End: end, Stage: Unattributed}
	if e != nil {
		piece.Stage, piece.Attempt, piece.Level, piece.Span = e.stage, int(e.attempt), int(e.level()), e.span
	}
	d.Stages[piece.Stage] += end - start
	if n := len(s.out); n > 0 {
		last := &s.out[n-1]
		if last.Stage == piece.Stage && last.Attempt == piece.Attempt && last.Level == piece.Level {
			last.End = end
			return
		}
	}
	s.out = append(s.out, piece)
}

func (c candidate) before(other candidate) bool {
	return c.priority > other.priority || c.priority == other.priority && c.order < other.order
}

func (s *sweeper) push(c candidate) {
	s.heap = append(s.heap, c)
	for i := len(s.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !s.heap[i].before(s.heap[parent]) {
			return
		}
		s.heap[i], s.heap[parent] = s.heap[parent], s.heap[i]
		i = parent
	}
}

func (s *sweeper) pop() {
	n := len(s.heap) - 1
	s.heap[0] = s.heap[n]
	s.heap = s.heap[:n]
	for i := 0; ; {
		child := 2*i + 1
		if child >= n {
			return
		}
		if child+1 < n && s.heap[child+1].before(s.heap[child]) {
			child++
		}
		if !s.heap[child].before(s.heap[i]) {
			return
		}
		s.heap[i], s.heap[child] = s.heap[child], s.heap[i]
		i = child
	}
}
