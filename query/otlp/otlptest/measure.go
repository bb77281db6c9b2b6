//go:build unix

package otlptest

import (
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// Compare runs a reader and its baseline in turns, both of which return how
// many spans they read, and reports the first one's speed and the median of
// the ratios. Without a baseline it reports the speed.
//
// Speeds are processor time of the whole process, garbage collection included:
// the wall clock of a shared machine says little.
func Compare(b *testing.B, spans int, ours, baseline func() int) {
	var costs, ratios []float64
	for b.Loop() {
		cost := Cost(b, spans, ours)
		costs = append(costs, cost)
		if baseline != nil {
			ratios = append(ratios, Cost(b, spans, baseline)/cost)
		}
	}
	b.ReportMetric(float64(spans)/median(costs), "spans/cpu-s")
	b.ReportMetric(median(costs)/float64(spans)*1e9, "cpu-ns/span")
	if baseline != nil {
		b.ReportMetric(median(ratios), "x-baseline")
	}
}

// Cost returns the seconds of processor time that read takes, which must
// return this number of spans.
func Cost(tb testing.TB, spans int, read func() int) float64 {
	runtime.GC() // so that neither side cleans up behind the other
	before := processorTime(tb)
	if got := read(); got != spans {
		tb.Fatalf("%d spans, want %d", got, spans)
	}
	return (processorTime(tb) - before).Seconds()
}

func processorTime(tb testing.TB) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
