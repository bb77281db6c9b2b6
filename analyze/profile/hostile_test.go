package profile_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// within fails a test that takes far longer than work in proportion to the
// input does: what grows with the square of these inputs takes minutes.
func within(t *testing.T, limit time.Duration, work func()) {
	t.Helper()
	start := time.Now()
	work()
	if took := time.Since(start); took > limit {
		t.Errorf("took %v, want at most %v", took, limit)
	}
}

func numbered(i int) model.SpanID {
	return model.SpanID{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i), 1}
}

var plain = model.MakeOrigin("", model.String("service.name", "s"))

// A chain of spans, each a child of the one before, of names that make profiles
// look up and down.
func TestDeepChains(t *testing.T) {
	const depth = 200_000
	for _, name := range []string{"gpu process", "infer", "api.handle", "waiting"} {
		var b model.Builder
		for i := range depth {
			d := model.Draft{Trace: model.TraceID{1}, ID: numbered(i), Name: name, Kind: model.KindServer, Start: int64(depth - i), End: depth}
			if i > 0 {
				d.Parent = numbered(i - 1)
			}
			if name == "gpu process" {
				d.Attrs = []model.KeyValue{model.String("messaging.system", "gcp_pubsub")}
			}
			b.Add(d.Span(plain))
		}
		traces := b.Build()
		within(t, 20*time.Second, func() { builtin().Resolve(traces) })
	}
}

// One batch span links to very many spans of one trace, of which each is a
// queue span, and to very many traces.
func TestManyLinks(t *testing.T) {
	const links = 100_000
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
	traces := b.Build()
	within(t, 20*time.Second, func() {
		world := builtin().Resolve(traces)
		if got := world.Batches[0]; got.Links != 2*links || len(got.Dangling) != links || len(got.Members) != 1 || len(got.Members[0].Queues) != links {
			t.Errorf("%d links, %d dangling, %d members", got.Links, len(got.Dangling), len(got.Members))
		}
	})
}

// Very many batches and requests in one trace, each linked with each next one.
func TestManyUnitsInOneTrace(t *testing.T) {
	const n = 100_000
	var b model.Builder
	for i := range n {
		d := model.Draft{Trace: model.TraceID{1}, ID: numbered(i), Start: int64(i), End: n, Attrs: []model.KeyValue{model.String("pfptrace.role", role.Names[1+i%5])}}
		d.Links = []model.DraftLink{{Ref: model.Ref{Trace: d.Trace, Span: numbered((i + 1) % n)}}, {Ref: model.Ref{Trace: d.Trace, Span: model.SpanID{9}}}}
		b.Add(d.Span(plain))
	}
	traces := b.Build()
	within(t, 20*time.Second, func() { builtin().Resolve(traces) })
}

// Very many events on a span that very many others read.
func TestManyEvents(t *testing.T) {
	const n = 50_000
	var b model.Builder
	create := model.Draft{Trace: model.TraceID{1}, ID: numbered(n), Name: "x create", End: 9, Attrs: []model.KeyValue{model.String("messaging.system", "gcp_pubsub")}}
	for i := range n {
		create.Events = append(create.Events, model.DraftEvent{Time: int64(i), Name: "publish end"})
		process := model.Draft{Trace: create.Trace, ID: numbered(i), Parent: create.ID, Name: "x process", Start: n, End: n}
		b.Add(process.Span(model.MakeOrigin("pubsub")))
	}
	b.Add(create.Span(plain))
	traces := b.Build()
	within(t, 20*time.Second, func() {
		world := builtin().Resolve(traces)
		want := "45904 attributes and events beyond the first 4096 of a span are not looked at"
		if len(world.Requests) != 1 || len(world.Requests[0].Queues) != n || len(world.Warnings) != 1 || world.Warnings[0] != want {
			t.Errorf("%d requests, warnings %q", len(world.Requests), world.Warnings)
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
	within(t, 10*time.Second, func() {
		world := builtin().Resolve(build([]model.Span{d.Span(plain)}))
		for _, text := range world.Warnings {
			if len(text) > 200 {
				t.Errorf("a warning of %d bytes", len(text))
			}
		}
	})
}
