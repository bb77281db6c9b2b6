package analyze

import (
	"cmp"
	"slices"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// closeSource says what a batch's close time was read from (method.md 2.2).
type closeSource uint8

const (
	closeForm closeSource = iota
	closeRPC
	closeServer
	closeGPU
	closeBatch
)

// batchFacts are a batch's milestones (method.md 2.2) and the evidence that is
// the same for all of its members, computed once a batch. All times are after
// the offsets.
type batchFacts struct {
	batch  *role.BatchInfo
	shift  offsets
	b0, b1 int64

	close       int64
	closeFrom   closeSource
	closeDomain string
	open        int64
	hasOpen     bool

	hasRPC    bool
	p0, p1    int64
	hasServer bool
	s0, s1    int64

	gpu, prep, post []timed // its own and its outer batches', by (start, end, span id)
	gFirst, gLast   int64   // first start and last end of gpu
	base            []piece // what the server did when it was neither computing nor preparing
	outer           []level2
	scatter         []timed
}

// timed is an interval after the offsets.
type timed struct {
	start, end int64
	*role.Interval
}

// piece is a stretch of time with its stage.
type piece struct {
	start, end int64
	stage      Stage
}

// level2 is how an outer batch formed around its inner batches.
type level2 struct {
	batch       *role.BatchInfo
	open, close int64 // open is close where no span says it: all waiting is queue_wait
}

// factsOf returns the milestones of a batch under the given offsets.
func (a *Analysis) factsOf(b *role.BatchInfo, shift offsets) *batchFacts {
	if b.Implicit || len(shift) > 0 {
		return a.computeFacts(b, shift)
	}
	if f, ok := a.facts[b]; ok {
		return f
	}
	f := a.computeFacts(b, nil)
	a.facts[b] = f
	return f
}

func (a *Analysis) computeFacts(b *role.BatchInfo, shift offsets) *batchFacts {
	f := &batchFacts{batch: b, shift: shift}
	f.b0, f.b1 = b.Start+shift.at(b.Domain), b.End+shift.at(b.Domain)
	f.gpu, f.prep, f.post = shifted(b.GPU, shift), shifted(b.Prep, shift), shifted(b.Post, shift)
	f.scatter = shifted(b.Scatter, shift)
	for _, outer := range b.Outer {
		f.gpu = append(f.gpu, shifted(outer.GPU, shift)...)
		f.prep = append(f.prep, shifted(outer.Prep, shift)...)
		f.post = append(f.post, shifted(outer.Post, shift)...)
	}
	if len(b.Outer) > 0 || len(shift) > 0 {
		sortTimed(f.gpu)
		sortTimed(f.prep)
		sortTimed(f.post)
	}
	if len(f.gpu) > 0 {
		f.gFirst, f.gLast = f.gpu[0].start, f.gpu[0].end
		for _, g := range f.gpu[1:] {
			f.gLast = max(f.gLast, g.end)
		}
	}
	f.setCalls()
	f.setClose()
	f.setOuter()
	f.setBase(a)
	return f
}

func (f *batchFacts) setCalls() {
	if rpc := f.batch.RPC; rpc != nil {
		f.hasRPC, f.p0, f.p1 = true, rpc.Start+f.shift.at(rpc.Domain), rpc.End+f.shift.at(rpc.Domain)
	}
	if server := f.batch.Server; server != nil {
		f.hasServer, f.s0, f.s1 = true, server.Start+f.shift.at(server.Domain), server.End+f.shift.at(server.Domain)
	}
	if form := f.batch.Form; form != nil {
		f.hasOpen, f.open = true, form.Start+f.shift.at(form.Domain)
	}
}

// setClose takes the end of form, else P0, else S0, else the first GPU start,
// else B0.
func (f *batchFacts) setClose() {
	b := f.batch
	switch {
	case b.Form != nil:
		f.close, f.closeFrom, f.closeDomain = b.Form.End+f.shift.at(b.Form.Domain), closeForm, b.Form.Domain
	case b.RPC != nil:
		f.close, f.closeFrom, f.closeDomain = f.p0, closeRPC, b.RPC.Domain
	case b.Server != nil:
		f.close, f.closeFrom, f.closeDomain = f.s0, closeServer, b.Server.Domain
	case len(f.gpu) > 0:
		f.close, f.closeFrom, f.closeDomain = f.gFirst, closeGPU, f.gpu[0].Domain
	default:
		f.close, f.closeFrom, f.closeDomain = f.b0, closeBatch, b.Domain
	}
}

// setOuter finds when the batches around this one opened and closed.
func (f *batchFacts) setOuter() {
	for _, outer := range f.batch.Outer {
		o := batchFacts{batch: outer, shift: f.shift, gpu: shifted(outer.GPU, f.shift), b0: outer.Start + f.shift.at(outer.Domain)}
		sortTimed(o.gpu)
		if len(o.gpu) > 0 {
			o.gFirst = o.gpu[0].start
		}
		o.setCalls()
		o.setClose()
		if !o.hasOpen {
			o.open = o.close
		}
		f.outer = append(f.outer, level2{outer, o.open, o.close})
	}
}

// setBase cuts the server span where it neither computes nor prepares: up to
// the first GPU start it waits for the device (gpu_queue, while other batches
// have it) or dawdles (host_wait); between the GPU's first start and last end
// it leaves gaps; after that it post-processes. A server span without GPU spans
// gives nothing: that time is unattributed, never guessed.
func (f *batchFacts) setBase(a *Analysis) {
	if !f.hasServer || len(f.gpu) == 0 {
		return
	}
	first := min(f.gFirst, f.s1)
	at := f.s0
	for _, busy := range a.devices.othersBusy(f, f.s0, first) {
		f.addBase(at, busy.Start, HostWait)
		f.addBase(busy.Start, busy.End, GPUQueue)
		at = busy.End
	}
	f.addBase(at, first, HostWait)
	f.addBase(max(f.gFirst, f.s0), min(f.gLast, f.s1), GPUGap)
	f.addBase(max(f.gLast, f.s0), f.s1, Post)
}

func (f *batchFacts) addBase(start, end int64, stage Stage) {
	if start < end {
		f.base = append(f.base, piece{start, end, stage})
	}
}

// owns reports whether the GPU spans of other count as this batch's.
func (f *batchFacts) owns(other *role.BatchInfo) bool {
	return other == f.batch || slices.Contains(f.batch.Outer, other)
}

// handOver returns x(r,b), when r's result was ready to leave the consumer, the
// domain of that time, and the scatter intervals that count for r: those of r,
// else those that name no member.
func (f *batchFacts) handOver(r *role.RequestInfo) (x int64, domain string, firstScatter, lastScatter *timed) {
	for _, own := range []bool{true, false} {
		for i := range f.scatter {
			s := &f.scatter[i]
			if own && !slices.Contains(s.Members, r.Trace) || !own && len(s.Members) > 0 {
				continue
			}
			if firstScatter == nil {
				firstScatter = s
			}
			if lastScatter == nil || s.end > lastScatter.end {
				lastScatter = s
			}
		}
		if lastScatter != nil {
			return lastScatter.end, lastScatter.Domain, firstScatter, lastScatter
		}
	}
	return f.b1, f.batch.Domain, nil, nil
}

// ownWork reports whether the work of a GPU interval was r's: its members are
// unknown, or name r or the inner batch that r is in.
func (f *batchFacts) ownWork(g *role.Interval, r *role.RequestInfo) bool {
	return len(g.Members) == 0 || slices.Contains(g.Members, r.Trace) ||
		f.batch.Span != nil && slices.Contains(g.Members, f.batch.Trace)
}

func shifted(intervals []*role.Interval, shift offsets) []timed {
	if len(intervals) == 0 {
		return nil
	}
	out := make([]timed, len(intervals))
	for i, iv := range intervals {
		by := shift.at(iv.Domain)
		out[i] = timed{iv.Start + by, iv.End + by, iv}
	}
	return out
}

func sortTimed(list []timed) {
	slices.SortFunc(list, func(x, y timed) int {
		return cmp.Or(cmp.Compare(x.start, y.start), cmp.Compare(x.end, y.end), compareSpans(x.Span, y.Span))
	})
}

func compareSpans(x, y *model.Span) int {
	return cmp.Or(x.ID.Compare(y.ID), x.Trace.Compare(y.Trace))
}
