//go:build linux

package window

import (
	"bytes"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pfptrace/pfptrace/model"
)

// BenchmarkAdd fills a window and as much again, and measures the second part:
// what a span costs when each one evicts another. WINDOW_SPANS says how large.
// Costs are processor time: of the thread that adds for cpu-ns/span, of which
// packing details takes pack-ns/span, of the whole process for gc-percent. The
// baseline, with the garbage collection that it causes, keeps at most 300,000
// spans and takes turns with the window.
func BenchmarkAdd(b *testing.B) {
	size := windowSpans(b, 200_000)
	for b.Loop() {
		before := residentBytes(b)
		w := New(Limits{Spans: size, Bytes: 1 << 40})
		l := newLoad(1)
		add := func(spans []model.Span) { w.Add(spans, spans[0].Start) }
		feed(b, l, size, add)
		gc, process := gcTime(), processTime(b)
		times := feed(b, l, size, add, newPacking().add)
		b.ReportMetric(times[0].perSpan, "cpu-ns/span")
		b.ReportMetric(times[1].perSpan, "pack-ns/span")
		b.ReportMetric(float64(times[0].worst.Microseconds()), "worst-request-us")
		b.ReportMetric(100*(gcTime()-gc)/(processTime(b)-process).Seconds(), "gc-percent")
		stats := w.Stats()
		b.ReportMetric(float64(residentBytes(b)-before)/float64(stats.Spans), "rss-B/span")
		b.ReportMetric(float64(stats.Bytes)/float64(stats.Spans), "B/span")
		naive := newNaive(min(size, 300_000))
		feed(b, l, naive.limit, naive.add)
		runtime.GC() // the metric counts whole cycles
		gc = gcTime()
		times = feed(b, l, naive.limit, add, naive.add)
		collecting := (gcTime() - gc) * 1e9 / float64(naive.limit)
		b.ReportMetric((times[1].perSpan+collecting)/times[0].perSpan, "x-baseline")
		runtime.KeepAlive(w)
	}
}

// spent is what adding took: ns a span, and the longest request.
type spent struct {
	perSpan float64
	worst   time.Duration
}

// feed gives spans to all adders in turns, a request at a time.
func feed(tb testing.TB, l *load, count int, adders ...func([]model.Span)) []spent {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	out, added := make([]spent, len(adders)), 0
	for added < count {
		spans := l.next(request)
		for i, add := range adders {
			before := threadTime(tb)
			add(spans)
			took := threadTime(tb) - before
			out[i].perSpan += float64(took.Nanoseconds())
			out[i].worst = max(out[i].worst, took)
		}
		added += len(spans)
	}
	for i := range out {
		out[i].perSpan /= float64(added)
	}
	return out
}

// packing is the packing of details alone.
type packing struct {
	packer  packer
	details details
	head    []byte
}

func newPacking() *packing { return &packing{packer: newPacker()} }

func (p *packing) add(spans []model.Span) {
	for i := range spans {
		var rest []byte
		_, rest, p.head = shorten(&spans[i], p.head)
		p.packer.put(&p.details, [3][]byte{rest})
	}
	if len(p.details.slabs) > 16 {
		p.packer.recycle(&p.details)
		p.details.blocks = p.details.blocks[:0]
	}
}

func windowSpans(tb testing.TB, otherwise int) int {
	text := os.Getenv("WINDOW_SPANS")
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func threadTime(tb testing.TB) time.Duration  { return clock(tb, unix.CLOCK_THREAD_CPUTIME_ID) }
func processTime(tb testing.TB) time.Duration { return clock(tb, unix.CLOCK_PROCESS_CPUTIME_ID) }

func clock(tb testing.TB, id int32) time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(id, &now); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(now.Nano())
}

// gcTime returns the seconds of processor time that garbage collection took.
func gcTime() float64 {
	sample := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/gc/mark/idle:cpu-seconds"}}
	metrics.Read(sample)
	return sample[0].Value.Float64() - sample[1].Value.Float64()
}

func residentBytes(tb testing.TB) int {
	status, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		tb.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(status))[1])
	if err != nil {
		tb.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// naive is a window as one would first write it.
type naive struct {
	limit   int
	traces  map[model.TraceID][]*model.Span
	spans   map[model.Ref]*model.Span
	linking map[model.TraceID][]*model.Span
	order   []*model.Span
}

func newNaive(limit int) *naive {
	return &naive{limit, map[model.TraceID][]*model.Span{}, map[model.Ref]*model.Span{}, map[model.TraceID][]*model.Span{}, nil}
}

func (n *naive) add(spans []model.Span) {
	for i := range spans {
		if n.spans[spans[i].Ref()] != nil {
			continue
		}
		span := new(model.Span)
		*span = spans[i]
		span.Raw = bytes.Clone(span.Raw)
		n.spans[span.Ref()] = span
		n.traces[span.Trace] = append(n.traces[span.Trace], span)
		for link := range span.LinkSeq() {
			n.linking[link.Trace] = append(n.linking[link.Trace], span)
		}
		n.order = append(n.order, span)
		if len(n.order) > n.limit {
			n.evict(n.order[0])
			n.order = n.order[1:]
		}
	}
}

func (n *naive) evict(span *model.Span) {
	delete(n.spans, span.Ref())
	if rest := n.traces[span.Trace]; len(rest) > 1 {
		n.traces[span.Trace] = rest[1:]
	} else {
		delete(n.traces, span.Trace)
	}
	for link := range span.LinkSeq() {
		if rest := n.linking[link.Trace]; len(rest) > 1 {
			n.linking[link.Trace] = rest[1:]
		} else {
			delete(n.linking, link.Trace)
		}
	}
}

// BenchmarkRead reads a batch with its 64 members from a window of 200,000
// spans, or WINDOW_SPANS, each time another batch in a new snapshot.
func BenchmarkRead(b *testing.B) {
	w := New(Limits{Spans: windowSpans(b, 200_000), Bytes: 1 << 40})
	l := newLoad(1)
	feed(b, l, w.limits.Spans, func(spans []model.Span) { w.Add(spans, spans[0].Start) })
	var batches []model.TraceID
	s := w.Snapshot()
	for _, id := range s.Touched(0) {
		if refs := s.Linking(id); len(refs) > 0 && (len(batches) == 0 || batches[len(batches)-1] != refs[0].Trace) {
			batches = append(batches, refs[0].Trace)
		}
	}
	s.Release()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var worst time.Duration
	n := 0
	for b.Loop() {
		before := threadTime(b)
		s := w.Snapshot()
		batch := s.Trace(batches[n*7919%len(batches)])
		for i := range batch.Spans {
			for link := range batch.Spans[i].LinkSeq() {
				if member := s.Trace(link.Trace); member == nil && s.Stats().Evicted == 0 || len(s.Linking(link.Trace)) != 1 {
					b.Fatalf("member %s of batch %s is not here", link.Trace, batch.ID)
				}
			}
		}
		s.Release()
		worst, n = max(worst, threadTime(b)-before), n+1
	}
	b.ReportMetric(float64(worst.Microseconds()), "worst-us")
}
