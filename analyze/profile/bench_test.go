package profile_test

import (
	"runtime"
	"syscall"
	"testing"

	"github.com/pfptrace/pfptrace/analyze/profile"
	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp"
	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
)

// workload decodes and groups spans of a batch system under load.
func workload(b *testing.B, spans int) *model.Traces {
	decoder := otlp.NewDecoder()
	var builder model.Builder
	for _, message := range otlptest.Workload(spans, 1) {
		spans, err := decoder.Proto(nil, message)
		if err != nil {
			b.Fatal(err)
		}
		builder.Add(spans...)
	}
	return builder.Build()
}

// cpuTime is that of the process, in ns: machines that tests run on are shared.
func cpuTime() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// BenchmarkResolve measures matching and joining together. Goal: 700 ns of CPU
// time a span.
func BenchmarkResolve(b *testing.B) {
	traces := workload(b, 200_000)
	matcher := profile.NewMatcher(profile.Builtin()...)
	n := traces.Spans()
	runtime.GC()
	b.ReportAllocs()
	before := cpuTime()
	for b.Loop() {
		if world := matcher.Resolve(traces); len(world.Requests) == 0 {
			b.Fatal("no requests")
		}
	}
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N)/float64(n), "cpu-ns/span")
}
