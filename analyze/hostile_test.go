package analyze_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/profile"
	"github.com/pfptrace/pfptrace/model"
)

// Spans whose times, weights and delays are as large as the wire allows: no
// panic, no endless loop, exact sums where they fit, and a word where they do
// not.
func TestExtremeNumbers(t *testing.T) {
	traces := parse(t, `
trace 1
  span 1 svc=c host=C name=request 0ns..9223372036854775807ns pfptrace.role=request pfptrace.weight=9223372036854775807
  span 2 svc=g host=G name=queue 0ns..9223372036854775807ns parent=1 pfptrace.role=queue
trace 2
  span 1 svc=c host=C name=request 0ns..9223372036854775807ns pfptrace.role=request pfptrace.weight=-5
  span 2 svc=g host=G name=queue 0ns..1ns parent=1 pfptrace.role=queue
trace 3
  span 1 svc=k host=K name=batch 0ns..9223372036854775807ns pfptrace.role=batch link=1/2 link=2/2 pfptrace.batch.max_delay_ns=9223372036854775807 pfptrace.batch.max_size=2
  span 2 svc=k host=K name=form 0ns..9223372036854775806ns parent=1 pfptrace.role=form
  span 3 svc=s host=S name=server 9223372036854775806ns..9223372036854775807ns parent=1 pfptrace.role=server
  span 4 svc=s host=S name=gpu 0ns..9223372036854775807ns parent=3 pfptrace.role=gpu pfptrace.device=gpu0
  span 5 svc=s host=S name=gpu 0ns..9223372036854775807ns parent=3 pfptrace.role=gpu pfptrace.device=gpu0
`)
	for _, skew := range []analyze.SkewMode{analyze.SkewNone, analyze.SkewMin} {
		a := analyze.New(profile.NewMatcher(profile.Builtin()...).Resolve(traces), analyze.Options{Quantum: math.MaxInt64, Skew: skew})
		report, ok := a.Inspect(model.TraceID{15: 1}, model.SpanID{})
		if !ok {
			t.Fatal("no request")
		}
		sum := int64(0)
		for _, ns := range report.Request.Stages {
			sum += ns
		}
		if sum != math.MaxInt64 || report.Request.E2E != math.MaxInt64 {
			t.Errorf("stages sum to %d of %d", sum, report.Request.E2E)
		}
		warnings := strings.Join(report.Warnings, "\n")
		for _, want := range []string{"2^63-1", "1 requests have a weight", "1 attributes should hold"} {
			if !strings.Contains(warnings, want) {
				t.Errorf("warnings lack %q:\n%s", want, warnings)
			}
		}
		top := a.Top(analyze.TopQuery{Slowest: 5, GroupBy: "service"})
		if got := top.E2E.Total.String(); got != "18446744073709551614" {
			t.Errorf("total %s", got)
		}
		if _, err := json.Marshal(top); err != nil {
			t.Error(err)
		}
	}
}

// A request of as many steps as a long answer of a language model has tokens,
// each in a batch of its own: the work grows with n log n.
func TestManyAttempts(t *testing.T) {
	const steps = 20_000
	var b model.Builder
	request := model.TraceID{15: 1}
	origin := model.MakeOrigin("test", model.String("service.name", "api"))
	role := func(name string) model.KeyValue { return model.String("pfptrace.role", name) }
	add := func(d model.Draft) { b.Add(d.Span(origin)) }
	add(model.Draft{Trace: request, ID: model.SpanID{7: 1}, Name: "request", Start: 1000, End: 1000 + steps*10, Attrs: []model.KeyValue{role("request")}})
	for i := range steps {
		start := int64(1000 + i*10)
		queue, batch := model.SpanID{1, 4: byte(i >> 8), 5: byte(i)}, model.TraceID{1, 2: byte(i >> 8), 3: byte(i)}
		add(model.Draft{Trace: request, ID: queue, Parent: model.SpanID{7: 1}, Name: "queue", Start: start, End: start + 2, Attrs: []model.KeyValue{role("queue")}})
		add(model.Draft{
			Trace: batch, ID: model.SpanID{7: 1}, Name: "batch", Start: start + 2, End: start + 9, Attrs: []model.KeyValue{role("batch")},
			Links: []model.DraftLink{{Ref: model.Ref{Trace: request, Span: queue}}},
		})
		add(model.Draft{Trace: batch, ID: model.SpanID{7: 2}, Parent: model.SpanID{7: 1}, Name: "gpu", Start: start + 3, End: start + 8, Attrs: []model.KeyValue{role("gpu")}})
	}
	a := analyze.New(profile.NewMatcher(profile.Builtin()...).Resolve(b.Build()), analyze.Options{})
	report, ok := a.Inspect(request, model.SpanID{})
	if !ok || report.Request.Attempts != steps {
		t.Fatalf("attempts: %+v", report)
	}
	if got := report.Request.Stages[analyze.GPUCompute]; got != 5*steps {
		t.Errorf("gpu_compute %d, want %d", got, 5*steps)
	}
}

func parse(t *testing.T, notation string) *model.Traces {
	t.Helper()
	spans, err := model.ParseNotation(notation)
	if err != nil {
		t.Fatal(err)
	}
	var b model.Builder
	b.Add(spans...)
	return b.Build()
}
