//go:build unix

package profile_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
)

// linear runs work of size n/4 and of size n. Four times the input may cost four
// times as much and some, not the sixteen times of what grows with the square.
// It compares processor time within one run; a machine's speed does not matter.
func linear(t *testing.T, n int, prepare func(n int) (work func())) {
	t.Helper()
	cost := func(n int) float64 {
		work := prepare(n)
		return otlptest.Cost(t, n, func() int { work(); return n })
	}
	small, large := cost(n/4), cost(n)
	if large > 0.2 && large > 10*small {
		t.Errorf("%d takes %.2f s of CPU, %d takes %.2f s", n/4, small, n, large)
	}
}

func numbered(i int) model.SpanID {
	return model.SpanID{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i), 1}
}

var plain = model.MakeOrigin("", model.String("service.name", "s"))

// A chain of spans, each a child of the one before, of names that make profiles
// look up and down.
func TestDeepChains(t *testing.T) {
	for _, name := range []string{"gpu process", "infer", "api.handle", "waiting"} {
		linear(t, 200_000, func(depth int) func() {
			traces := chain(name, depth)
			return func() { builtin().Resolve(traces) }
		})
	}
}

func chain(name string, depth int) *model.Traces {
	var b model.Builder
	for i := range depth {
		d := model.Draft{Trace: model.TraceID{1}, ID: numbered(i), Name: name, Kind: model.KindServer, Start: int64(depth - i), End: int64(depth)}
		if i > 0 {
			d.Parent = numbered(i - 1)
		}
		if name == "gpu process" {
			d.Attrs = []model.KeyValue{model.String("messaging.system", "gcp_pubsub")}
		}
		b.Add(d.Span(plain))
	}
	return b.Build()
}

// One batch span links to very many spans of one trace, of which each is a
// queue span, and to very many traces.
func TestManyLinks(t *testing.T) {
	linear(t, 100_000, func(links int) func() {
		traces := linkedToAll(links)
		return func() {
			world := builtin().Resolve(traces)
			if got := world.Batches[0]; got.Links != 2*links || len(got.Dangling) != links || len(got.Members) != 1 || len(got.Members[0].Queues) != links {
				t.Errorf("%d links, %d dangling, %d members", got.Links, len(got.Dangling), len(got.Members))
			}
		}
	})
}

func linkedToAll(links int) *model.Traces {
	var b model.Builder
	batch := model.Draft{Trace: model.TraceID{2}, ID: numbered(0), Name: "batch", Attrs: []model.KeyValue{model.String("pfptrace.role", "batch")}, End: 9}
	root := model.Draft{Trace: model.TraceID{1}, ID: numbered(links), Name: "r", Attrs: []model.KeyValue{model.String("pfptrace.role", "request")}, End: 9}
	b.Add(root.Span(plain))
	for i := range links {
		queue := model.Draft{Trace: model.TraceID{1}, ID: numbered(i), Parent: root.ID, End: 9, Attrs: []model.KeyValue{model.String("pfptrace.role", "queue")}}
		b.Add(queue.Span(plain))
		far := model.TraceID{3, byte(i >> 16), byte(i >> 8), byte(i)}
		batch.Links = append(batch.Links, model.DraftLink{Ref: model.Ref{Trace: queue.Trace, Span: queue.ID}}, model.DraftLink{Ref: model.Ref{Trace: far, Span: numbered(i)}})
	}
	b.Add(batch.Span(plain))
	return b.Build()
}

// Very many batches and requests in one trace, each linked with each next one.
func TestManyUnitsInOneTrace(t *testing.T) {
	linear(t, 100_000, func(n int) func() {
		var b model.Builder
		for i := range n {
			d := model.Draft{Trace: model.TraceID{1}, ID: numbered(i), Start: int64(i), End: int64(n), Attrs: []model.KeyValue{model.String("pfptrace.role", role.Names[1+i%5])}}
			d.Links = []model.DraftLink{{Ref: model.Ref{Trace: d.Trace, Span: numbered((i + 1) % n)}}, {Ref: model.Ref{Trace: d.Trace, Span: model.SpanID{9}}}}
			b.Add(d.Span(plain))
		}
		traces := b.Build()
		return func() { builtin().Resolve(traces) }
	})
}

// Very many events on a span that very many others read: each looks at a
// bounded number of them.
func TestManyEvents(t *testing.T) {
	linear(t, 20_000, func(n int) func() {
		var b model.Builder
		create := model.Draft{Trace: model.TraceID{1}, ID: numbered(n), Name: "x create", End: 9, Attrs: []model.KeyValue{model.String("messaging.system", "gcp_pubsub")}}
		for i := range n {
			create.Events = append(create.Events, model.DraftEvent{Time: int64(i), Name: "publish end"})
			process := model.Draft{Trace: create.Trace, ID: numbered(i), Parent: create.ID, Name: "x process", Start: int64(n), End: int64(n)}
			b.Add(process.Span(model.MakeOrigin("pubsub")))
		}
		b.Add(create.Span(plain))
		traces := b.Build()
		return func() {
			world := builtin().Resolve(traces)
			want := fmt.Sprintf("%d attributes and events beyond the first 4096 of a span are not looked at", n-4096)
			if len(world.Requests) != 1 || len(world.Requests[0].Queues) != n || len(world.Warnings) != 1 || world.Warnings[0] != want {
				t.Errorf("%d requests, warnings %q", len(world.Requests), world.Warnings)
			}
		}
	})
}

// Parent cycles, huge attributes and times at the ends of what there is.
func TestOddSpans(t *testing.T) {
	world := builtin().Resolve(parse(t, `
		trace 1
		  span a 0..100 pfptrace.role=request parent=b
		  span b 0..9223372036854775807 pfptrace.role=queue parent=a
		trace 2
		  span a 9223372036854775807..0 name=llm_request gen_ai.latency.time_in_queue=9e9 gen_ai.latency.time_in_model_prefill=9e9 gen_ai.latency.time_to_first_token=9e9`))
	equal(t, show(world), `
		request 1/a pfptrace 0..100
		  queue 0..9223372036854775807
		request 2/a vllm 9223372036854775807..9223372036854775807
		  gateway 9223372036854775807..9223372036854775807
		warning: 2 times that rules compute are out of range`)

	huge := strings.Repeat("queue ", 2_000_000)
	d := model.Draft{Trace: model.TraceID{1}, ID: numbered(1), Name: huge, End: math.MaxInt64, Attrs: []model.KeyValue{
		model.String("pfptrace.role", huge), model.String("messaging.system", huge), model.String(huge, huge),
	}}
	for _, text := range builtin().Resolve(build([]model.Span{d.Span(plain)})).Warnings {
		if len(text) > 200 {
			t.Errorf("a warning of %d bytes", len(text))
		}
	}
}
