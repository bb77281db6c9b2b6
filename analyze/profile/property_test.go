package profile_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// someWorld draws spans that look like those of all the systems at once, with
// parents, links and times that make no sense.
func someWorld(t *rapid.T) []model.Span {
	names := []string{
		"POST /x", "gateway", "queue.wait", "batch", "InferRequest", "compute", "llm_request", "generate", "queued", "waiting", "infer",
		"prefill_forward", "requests create", "requests publish", "w ack", "publisher batching", "w process", "poll x", "exporter/enqueue",
		"exporter/a/traces", "dataloader.batch u", "dataloader.load u", "api.handle",
	}
	attrs := [][]model.KeyValue{
		nil,
		{model.String("messaging.system", "kafka"), model.String("messaging.operation.type", "process"), model.Int("messaging.batch.message_count", 2)},
		{model.String("messaging.system", "gcp_pubsub"), model.Int("messaging.batch.message_count", 3)},
		{model.Int("batch_size", 2), model.String("data_type", "traces"), model.String("validation_time", "1ms")},
		{model.String("triton.model_name", "m")},
		{model.Double("gen_ai.latency.time_in_queue", 1e-9), model.Double("gen_ai.latency.time_in_model_prefill", 3e-9), model.Double("gen_ai.latency.time_to_first_token", 9e-9)},
		{model.String("pfptrace.batch.id", model.TraceID{1}.String())},
	}
	for _, name := range role.Names[1:] {
		attrs = append(attrs, []model.KeyValue{model.String("pfptrace.role", name)})
	}
	events := []string{"QUEUE_START", "COMPUTE_START", "COMPUTE_INPUT_END", "COMPUTE_OUTPUT_START", "COMPUTE_END", "publish end", "Enqueued item.", "schedule", "pfptrace.first_response"}
	scopes := []*model.Origin{
		model.MakeOrigin("", model.String("service.name", "a"), model.String("host.name", "h")),
		model.MakeOrigin("cloud.google.com/go/pubsub/v2", model.String("service.name", "b")),
		model.MakeOrigin("@opentelemetry/instrumentation-dataloader"),
	}
	small := rapid.Uint8Range(1, 6)
	var out []model.Span
	for range rapid.IntRange(1, 30).Draw(t, "spans") {
		d := model.Draft{
			Trace: model.TraceID{rapid.Uint8Range(1, 4).Draw(t, "trace")}, ID: model.SpanID{small.Draw(t, "id")},
			Name: rapid.SampledFrom(names).Draw(t, "name"), Kind: model.Kind(rapid.IntRange(0, 5).Draw(t, "kind")),
			Start: int64(rapid.IntRange(0, 50).Draw(t, "start")), End: int64(rapid.IntRange(0, 50).Draw(t, "end")),
			Status: model.StatusCode(rapid.IntRange(0, 2).Draw(t, "status")),
			Attrs:  slices.Clone(rapid.SampledFrom(attrs).Draw(t, "attrs")),
		}
		if rapid.Bool().Draw(t, "child") {
			d.Parent = model.SpanID{small.Draw(t, "parent")}
		}
		for range rapid.IntRange(0, 2).Draw(t, "links") {
			d.Links = append(d.Links, model.DraftLink{Ref: model.Ref{Trace: model.TraceID{rapid.Uint8Range(0, 5).Draw(t, "link")}, Span: model.SpanID{small.Draw(t, "to")}}, Flags: uint32(rapid.SampledFrom([]int{0, 1, 0x100, 0x301}).Draw(t, "flags"))})
		}
		for range rapid.IntRange(0, 4).Draw(t, "events") {
			d.Events = append(d.Events, model.DraftEvent{
				Time: int64(rapid.IntRange(0, 50).Draw(t, "at")), Name: rapid.SampledFrom(events).Draw(t, "event"),
				Attrs: []model.KeyValue{model.String("bid", "b"), model.Int("batch_size", 1)},
			})
		}
		out = append(out, d.Span(rapid.SampledFrom(scopes).Draw(t, "origin")))
	}
	return out
}

func build(spans []model.Span) *model.Traces {
	var b model.Builder
	b.Add(spans...)
	return b.Build()
}

// Whatever the spans are: the order in which they come changes nothing, and the
// world is in the order and shape that package role promises.
func TestAnyWorld(t *testing.T) {
	matcher := builtin()
	rapid.Check(t, func(t *rapid.T) {
		spans := someWorld(t)
		world := matcher.Resolve(build(spans))
		checkWorld(t, world)

		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		random.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
		again := matcher.Resolve(build(append(spans, spans...)))
		if x, y := everything(world), everything(again); x != y {
			t.Fatalf("in another order, with all spans twice:\n%s\ninstead of\n%s", y, x)
		}
	})
}

func everything(w *role.World) string {
	text := fmt.Sprintf("%s%v %v %d\n", show(w), w.Links, w.Profiles, w.Spans)
	for _, r := range w.Requests {
		text += fmt.Sprintln(r.Can, len(r.Members), len(r.Joined))
	}
	return text
}

func checkWorld(t *rapid.T, w *role.World) {
	in := make(map[*role.Membership]bool)
	for i, b := range w.Batches {
		if i > 0 && b.Start < w.Batches[i-1].Start {
			t.Fatalf("batch %d starts before the one before it", i)
		}
		checkWork(t, b)
		for k, m := range b.Members {
			if m.Batch != b || b.Span != nil && !slices.Contains(m.Request.Members, m) {
				t.Fatalf("the membership of %s is not that of its batch and request", m.Request.Trace)
			}
			if k > 0 && m.Request == b.Members[k-1].Request {
				t.Fatalf("%s is a member twice", m.Request.Trace)
			}
			for _, q := range m.Queues {
				if !slices.Contains(m.Request.Queues, q) {
					t.Fatalf("a membership names a queue that %s has not", m.Request.Trace)
				}
			}
			in[m] = true
		}
	}
	for i, r := range w.Requests {
		if i > 0 && r.Start < w.Requests[i-1].Start {
			t.Fatalf("request %d starts before the one before it", i)
		}
		if r.End < r.Start || r.FirstResponse != 0 && (r.FirstResponse < r.Start || r.FirstResponse >= r.End) {
			t.Fatalf("request %s: %d..%d, first response %d", r.Trace, r.Start, r.End, r.FirstResponse)
		}
		for _, m := range r.Members {
			if !in[m] {
				t.Fatalf("request %s has a membership that no batch has", r.Trace)
			}
		}
		for k, q := range r.Queues {
			if q.End < q.Start || k > 0 && q.Start < r.Queues[k-1].Start || q.Start < 0 {
				t.Fatalf("request %s: queue %d..%d", r.Trace, q.Start, q.End)
			}
		}
		if r.Implicit != nil {
			checkWork(t, r.Implicit)
		}
	}
}

func checkWork(t *rapid.T, b *role.BatchInfo) {
	for _, list := range [][]*role.Interval{b.GPU, b.Prep, b.Post, b.Scatter} {
		for k, iv := range list {
			inside := b.Start <= iv.Start && iv.End <= b.End
			if iv.End < iv.Start || iv.Span == nil || k > 0 && iv.Start < list[k-1].Start || b.Implicit && !inside {
				t.Fatalf("batch %s %d..%d: %s %d..%d", b.Trace, b.Start, b.End, iv.Role, iv.Start, iv.End)
			}
		}
	}
}
