package model

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
)

// Trace is the spans of one trace id with their tree. Spans are sorted by
// (start, end, id); Parents[i] is the index in Spans of span i's parent, or -1
// for a root, an orphan, and the first span of a cycle.
type Trace struct {
	ID      TraceID
	Spans   []Span
	Parents []int32
}

// Index returns where the span with this id stands in Spans, or -1.
func (t *Trace) Index(id SpanID) int {
	for i := range t.Spans {
		if t.Spans[i].ID == id {
			return i
		}
	}
	return -1
}

// IsRoot reports whether span i names no parent. An orphan names one that is
// not here, so it is not a root.
func (t *Trace) IsRoot(i int) bool { return t.Spans[i].Parent.IsZero() }

// TopDown yields indexes so that every parent comes before its children.
// Without it a walk up to the ancestors of each span costs the square of a
// long chain.
func (t *Trace) TopDown(yield func(int) bool) {
	const (
		unseen = iota
		done
	)
	state := make([]uint8, len(t.Spans))
	var path []int
	for i := range t.Spans {
		for j := i; j >= 0 && state[j] == unseen; j = int(t.Parents[j]) {
			path = append(path, j)
		}
		for len(path) > 0 {
			j := path[len(path)-1]
			path = path[:len(path)-1]
			if state[j] == done {
				continue
			}
			state[j] = done
			if !yield(j) {
				return
			}
		}
	}
}

// Traces is an immutable set of traces, sorted by (earliest start, id).
type Traces struct {
	List  []Trace
	Odd   Odd
	index map[TraceID]int32
}

// Odd counts what Builder found and mended or kept; every one of them is worth
// a warning.
type Odd struct {
	Duplicates int // spans that came more than once, all copies equal
	Differing  int // spans that came more than once with different contents
	Cycles     int // parent links cut because they closed a cycle
	Orphans    int // spans whose parent is not loaded
	Reversed   int // spans that end before they start
}

// Number returns where the trace with this id stands in List, or -1.
func (t *Traces) Number(id TraceID) int {
	if i, ok := t.index[id]; ok {
		return int(i)
	}
	return -1
}

// Warnings says in words what was odd, in the order of the fields.
func (o Odd) Warnings() (list []string) {
	add := func(n int, words string) {
		if n > 0 {
			list = append(list, fmt.Sprintf(words, n))
		}
	}
	add(o.Duplicates, "duplicate spans: %d; one of each was kept")
	add(o.Differing, "duplicate spans with different contents: %d; the one that ends last was kept")
	add(o.Cycles, "parent links cut because they closed a cycle: %d")
	add(o.Orphans, "spans whose parent is not loaded: %d")
	add(o.Reversed, "spans that end before they start: %d; they count as empty, at their start")
	return list
}

// Get returns the trace with this id, or nil.
func (t *Traces) Get(id TraceID) *Trace {
	if i := t.Number(id); i >= 0 {
		return &t.List[i]
	}
	return nil
}

// Span returns the span with this key, or nil.
func (t *Traces) Span(ref Ref) *Span {
	if trace := t.Get(ref.Trace); trace != nil {
		if i := trace.Index(ref.Span); i >= 0 {
			return &trace.Spans[i]
		}
	}
	return nil
}

// Spans returns how many spans there are.
func (t *Traces) Spans() (n int) {
	for i := range t.List {
		n += len(t.List[i].Spans)
	}
	return n
}

// Builder collects spans in any order and groups them into Traces. The result
// depends on the set of spans alone, not on their order (invariant I4).
type Builder struct {
	chunks [][]Span
	traces []int32 // of each span, in order of arrival: the number of its trace
	counts []int32 // of each trace
	index  map[TraceID]int32
}

// Chunks grow to 16, 32, … 8192 spans: one grown slice would copy 104 B a span
// again and again, and a chunk of that size at once costs ten spans a megabyte.
const (
	builderFirst     = 16
	builderDoublings = 9
)

// Add keeps copies of the spans.
func (b *Builder) Add(spans ...Span) {
	if b.index == nil {
		b.index = make(map[TraceID]int32)
	}
	for i := range spans {
		last := len(b.chunks) - 1
		if last < 0 || len(b.chunks[last]) == cap(b.chunks[last]) {
			b.chunks = append(b.chunks, make([]Span, 0, builderFirst<<min(len(b.chunks), builderDoublings)))
			last++
		}
		b.chunks[last] = append(b.chunks[last], spans[i])
		number, ok := b.index[spans[i].Trace]
		if !ok {
			number = int32(len(b.counts))
			b.index[spans[i].Trace] = number
			b.counts = append(b.counts, 0)
		}
		b.counts[number]++
		b.traces = append(b.traces, number)
	}
}

// Len returns how many spans were added.
func (b *Builder) Len() int { return len(b.traces) }

// Build groups what was added. The builder must not be used afterwards.
func (b *Builder) Build() *Traces {
	byTrace := b.group()
	out := &Traces{List: make([]Trace, len(b.counts)), index: b.index}
	spans := make([]Span, 0, len(b.traces))
	parents := make([]int32, len(b.traces))
	for number, at := 0, int32(0); number < len(b.counts); number++ {
		group := byTrace[at : at+b.counts[number]]
		at += b.counts[number]
		first := len(spans)
		for _, span := range out.Odd.dedupe(group) {
			spans = append(spans, *span)
		}
		end := len(spans)
		trace := &out.List[number]
		trace.Spans = spans[first:end:end]
		trace.Parents = parents[first:end:end]
		trace.ID = trace.Spans[0].Trace
		out.Odd.link(trace)
	}
	slices.SortFunc(out.List, func(x, y Trace) int {
		return cmp.Or(cmp.Compare(x.Spans[0].Start, y.Spans[0].Start), x.ID.Compare(y.ID))
	})
	for i := range out.List {
		out.index[out.List[i].ID] = int32(i)
	}
	*b = Builder{}
	return out
}

// group returns pointers to all spans, those of a trace side by side, by
// counting: one pass to place each.
func (b *Builder) group() []*Span {
	next := make([]int32, len(b.counts))
	at := int32(0)
	for number, count := range b.counts {
		next[number] = at
		at += count
	}
	out := make([]*Span, len(b.traces))
	i := 0
	for _, chunk := range b.chunks {
		for j := range chunk {
			number := b.traces[i]
			out[next[number]] = &chunk[j]
			next[number]++
			i++
		}
	}
	return out
}

// dedupe sorts the spans of a trace by (start, end, id) and keeps one of those
// with the same id: the one that ends last, then starts last, then has the
// longer encoding, then the larger bytes (method.md 2.1, 2.4.2).
func (o *Odd) dedupe(group []*Span) []*Span {
	if hasTwins(group) {
		slices.SortFunc(group, func(x, y *Span) int {
			return cmp.Or(x.ID.Compare(y.ID), preferred(y, x))
		})
		kept := group[:1]
		for _, span := range group[1:] {
			winner := kept[len(kept)-1]
			switch {
			case span.ID != winner.ID:
				kept = append(kept, span)
			case preferred(winner, span) == 0:
				o.Duplicates++
			default:
				o.Differing++
			}
		}
		group = kept
	}
	slices.SortFunc(group, func(x, y *Span) int {
		return cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(x.End, y.End), x.ID.Compare(y.ID))
	})
	return group
}

func preferred(x, y *Span) int {
	if c := cmp.Or(cmp.Compare(x.End, y.End), cmp.Compare(x.Start, y.Start), cmp.Compare(len(x.Raw), len(y.Raw))); c != 0 {
		return c
	}
	return bytes.Compare(x.Raw, y.Raw)
}

// smallTrace is up to which size comparing all pairs beats a map.
const smallTrace = 24

func hasTwins(group []*Span) bool {
	if len(group) <= smallTrace {
		for i, span := range group {
			for _, other := range group[:i] {
				if span.ID == other.ID {
					return true
				}
			}
		}
		return false
	}
	seen := make(map[SpanID]struct{}, len(group))
	for _, span := range group {
		seen[span.ID] = struct{}{}
	}
	return len(seen) < len(group)
}

// link fills Parents and cuts cycles at their first span.
func (o *Odd) link(t *Trace) {
	find := t.Index
	if len(t.Spans) > smallTrace {
		byID := make(map[SpanID]int, len(t.Spans))
		for i := range t.Spans {
			byID[t.Spans[i].ID] = i
		}
		find = func(id SpanID) int {
			if i, ok := byID[id]; ok {
				return i
			}
			return -1
		}
	}
	forward := false // some parent stands after its child: only then a cycle can be
	for i := range t.Spans {
		span := &t.Spans[i]
		if span.End < span.Start {
			o.Reversed++
		}
		t.Parents[i] = -1
		if span.Parent.IsZero() {
			continue
		}
		parent := find(span.Parent)
		if parent < 0 {
			o.Orphans++
		}
		t.Parents[i] = int32(parent)
		forward = forward || parent >= i
	}
	if forward {
		o.cutCycles(t)
	}
}

// cutCycles follows each span upwards once; meeting the path it came along
// means a cycle, which is cut at the cycle's first span in order.
func (o *Odd) cutCycles(t *Trace) {
	visit := make([]int32, len(t.Spans)) // 0: not yet; else 1 + the span whose walk came here
	for i := range t.Spans {
		j := i
		for j >= 0 && visit[j] == 0 {
			visit[j] = int32(i) + 1
			j = int(t.Parents[j])
		}
		if j < 0 || visit[j] != int32(i)+1 {
			continue
		}
		first := j
		for k := int(t.Parents[j]); k != j; k = int(t.Parents[k]) {
			first = min(first, k)
		}
		t.Parents[first] = -1
		o.Cycles++
	}
}
