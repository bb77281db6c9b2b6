package profile_test

import (
	"testing"

	"github.com/pfptrace/pfptrace/analyze/role"
)

// Why a link dangles can be said only where its sender writes sampled bits:
// method.md 4.2.
func TestLinkClasses(t *testing.T) {
	const go147 = " resource={service.name:s,telemetry.sdk.language:go,telemetry.sdk.version:1.47}"
	const python = " resource={service.name:p,telemetry.sdk.language:python,telemetry.sdk.version:1.40}"
	world := builtin().Resolve(parse(t, `
		trace 1
		  span a 0..100 pfptrace.role=request
		trace 2
		  span b 1..9 pfptrace.role=batch`+go147+` link=1/a(flags=257) link=1/lost(flags=257) link=8/a(flags=257) link=9/a(flags=256) link=0/0 dropped_links=5
		trace 3
		  span b 1..9 pfptrace.role=batch`+python+` link=7/a(flags=256)`))
	var want role.LinkCounts
	want.ByClass[role.Live] = 1
	want.ByClass[role.TraceOnly] = 1
	want.ByClass[role.DanglingLost] = 1
	want.ByClass[role.DanglingUnsampled] = 1
	want.ByClass[role.DanglingUnknown] = 1
	want.ByClass[role.Invalid] = 1
	want.Truncated = 5
	if world.Links != want {
		t.Errorf("links %+v, want %+v", world.Links, want)
	}
	if b := world.Batches[0]; b.Links != 4 || len(b.Dangling) != 2 {
		t.Errorf("%d links, dangling %v", b.Links, b.Dangling)
	}
}

// What a profile cannot produce is never missing.
func TestCan(t *testing.T) {
	set := func(roles ...role.Role) (s role.Set) {
		for _, r := range roles {
			s = s.With(r)
		}
		return s
	}
	vllm := builtin().Resolve(sample(t, "synthetic-from-source/vllm-llm_request.jsonl"))
	if got, want := vllm.Requests[0].Implicit.Can, set(role.Request, role.Gateway, role.Queue, role.GPU); got != want {
		t.Errorf("vllm can %b, want %b", got, want)
	}
	pubsub := builtin().Resolve(sample(t, "recorded/pubsub-go-batch.jsonl"))
	if got := pubsub.Batches[0].Can; got.Has(role.Server) || got.Has(role.GPU) || !got.Has(role.RPC) {
		t.Errorf("a publish batch can %b", got)
	}
	if got := pubsub.Requests[0].Implicit.Can; !got.Has(role.Server) || !got.Has(role.GPU) || got.Has(role.RPC) {
		t.Errorf("a subscription can %b", got)
	}
}

func TestExplain(t *testing.T) {
	e := builtin().Explain(parse(t, `
		trace 1
		  span a 0..100 name=InferRequest kind=server
		  span m 1..99 parent=a name=resnet triton.model_name=resnet event=QUEUE_START@2
		  span x 3..4 parent=m name=other
		  span y 4..5 parent=m name=other
		trace 2
		  span a 0..100 name=run pfptrace.role=request`))
	if len(e.Profiles) != 2 || e.Profiles[0].Name != "pfptrace" || e.Profiles[1].Name != "triton" || e.Profiles[1].Traces != 1 {
		t.Fatalf("profiles %+v", e.Profiles)
	}
	explicit := e.Profiles[0].Rules
	if last := explicit[len(explicit)-1]; last.Name != "pfptrace.role=request" || last.Spans != 1 || last.Examples[0] != "run" {
		t.Errorf("explicit rule %+v", last)
	}
	// No compute span: the end of the queue cannot be computed.
	if model := e.Profiles[1].Rules[1]; model.Name != "model" || model.Spans != 1 || model.Skipped != 1 || len(model.Roles) != 2 {
		t.Errorf("rule %+v", model)
	}
	if len(e.Unmatched) != 1 || e.Unmatched[0].Name != "other" || e.Unmatched[0].Spans != 2 || e.Distinct != 1 {
		t.Errorf("unmatched %+v", e.Unmatched)
	}
}
