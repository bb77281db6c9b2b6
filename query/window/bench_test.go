//go:build linux

package window

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
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
// Costs are processor time: of the thread that adds for cpu-ns/span, of the
// whole process for gc-percent.
func BenchmarkAdd(b *testing.B) {
	size := windowSpans(b, 300_000)
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	for b.Loop() {
		before := residentBytes(b)
		w := New(Limits{Spans: size, Bytes: 1 << 40})
		load := newLoad(1)
		add := func(spans []model.Span) { w.Add(spans, spans[0].Start) }
		feed(b, load, size, add)
		gc, process := gcTime(), processTime(b)
		cost, worst := feed(b, load, size, add)
		stats := w.Stats()
		b.ReportMetric(cost, "cpu-ns/span")
		b.ReportMetric(float64(worst.Microseconds()), "worst-request-us")
		b.ReportMetric(100*(gcTime()-gc)/(processTime(b)-process).Seconds(), "gc-percent")
		b.ReportMetric(float64(residentBytes(b)-before)/float64(stats.Spans), "rss-B/span")
		b.ReportMetric(float64(stats.Bytes)/float64(stats.Spans), "B/span")
		naive := newNaive(min(size, 300_000))
		feed(b, load, naive.limit, naive.add)
		baseline, _ := feed(b, load, naive.limit, naive.add)
		b.ReportMetric(baseline/cost, "x-baseline")
		runtime.KeepAlive(w)
	}
}

// feed adds spans a request at a time. It returns the thread's ns a span and
// the time of its longest request.
func feed(tb testing.TB, l *load, count int, add func([]model.Span)) (perSpan float64, worst time.Duration) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	total, added := time.Duration(0), 0
	for added < count {
		spans := l.next(request)
		before := threadTime(tb)
		add(spans)
		took := threadTime(tb) - before
		total, worst = total+took, max(worst, took)
		added += len(spans)
	}
	return float64(total.Nanoseconds()) / float64(added), worst
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

// BenchmarkRead reads a batch with its 64 members from a window of a third of a
// million spans, or WINDOW_SPANS, each time another batch in a new snapshot.
func BenchmarkRead(b *testing.B) {
	w := New(Limits{Spans: windowSpans(b, 300_000), Bytes: 1 << 40})
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

// BenchmarkPack packs a block, which is a part of what BenchmarkAdd measures.
func BenchmarkPack(b *testing.B) {
	spans := newLoad(1).next(request)
	p := newPacker()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, packed := threadTime(b), 0
	for b.Loop() {
		var d details
		for i := range spans {
			_, rest, _ := shorten(&spans[i], nil)
			p.put(&d, [3][]byte{rest})
		}
		p.seal(&d)
		p.recycle(&d)
		packed += len(spans)
	}
	b.ReportMetric(float64((threadTime(b)-before).Nanoseconds())/float64(packed), "cpu-ns/span")
}
