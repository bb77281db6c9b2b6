package profile_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/pfptrace/pfptrace/model"
)

// Things that the samples do not show.
func TestSystems(t *testing.T) {
	for _, test := range []struct{ name, notation, want string }{
		{"collector: a batch of one is a child without a link", `
		trace 1
		  span a 0..10 name=receiver/otlp/TraceDataReceived kind=server
		  span q 4..9 parent=a name=exporter/enqueue event="Enqueued item."@8
		  span e 12..40 parent=q name=exporter/otlp/traces data_type=traces items.sent=70`, `
		request 1/a collector 0..40 async
		  gateway 0..40
		  queue 8..9 open
		batch 1/e collector 12..40
		  gpu 12..40
		  member 1/a`},
		{"kafka: one message at a time, in the trace that sent it", `
		trace 1
		  span a 0..10 name="POST /"
		  span s 4..9 parent=a name="jobs publish" kind=producer messaging.system=kafka messaging.operation.type=publish
		  span p 30..50 parent=s name="jobs process" kind=consumer messaging.system=kafka messaging.operation.type=process`, `
		request 1/a kafka 0..50 async
		  gateway 0..50
		  queue 9..9 open
		  implicit 30..50
		  gpu 30..50`},
		{"kafka: a process span that begins a trace is a batch of one; old names of attributes", `
		trace 1
		  span a 0..10 name="POST /"
		  span s 4..9 parent=a name="jobs send" kind=producer messaging.system=rabbitmq messaging.operation=publish
		trace 2
		  span p 30..50 name="jobs process" kind=consumer messaging.system=rabbitmq messaging.operation=process link=1/s
		  span x 35..60 parent=p name=work`, `
		request 1/a kafka 0..50 async
		  gateway 0..50
		  queue 9..9 open
		batch 2/p kafka 30..50 links=1
		  member 1/a queue=s`},
		{"tgi: a waiting span's batch is no membership, and work whose batch is lost is the request's own", `
		trace 1
		  span r 0..100 name=generate
		  span q 1..9 parent=r name=queued kind=internal
		  span i 10..20 parent=r name=infer kind=internal link=7/b
		  span w 20..30 parent=r name=waiting kind=internal link=2/b
		trace 2
		  span b 21..29 name=batch batch_size=0 link=1/w`, `
		request 1/r tgi 0..100
		  gateway 0..100
		  queue 1..9
		  queue 20..30
		  implicit 10..20
		  gpu 10..20 of=1
		batch 2/b tgi 21..29`},
		{"triton: an ensemble's own queue has no compute to end it", `
		trace 1
		  span r 0..100 name=InferRequest kind=server
		  span e 1..99 parent=r name=ensemble triton.model_name=ensemble triton.model_version=1 event=REQUEST_START@1 event=QUEUE_START@2 event=REQUEST_END@99
		  span m 5..50 parent=e name=resnet triton.model_name=resnet triton.model_version=2 event=REQUEST_START@5 event=QUEUE_START@6 event=REQUEST_END@50
		  span c 20..40 parent=m name=compute event=COMPUTE_START@20 event=COMPUTE_INPUT_END@22 event=COMPUTE_OUTPUT_START@35 event=COMPUTE_END@40`, `
		request 1/r triton 0..100
		  gateway 1..99
		  queue 6..20
		  implicit 20..40
		  server 20..40
		  prep 20..22
		  gpu 22..35
		  post 35..40
		batch "resnet/2@20" triton 20..40
		  server 20..40
		  prep 20..22
		  gpu 22..35
		  post 35..40
		  member 1/r queue=m`},
		{"vllm: times that cannot be are counted", `
		trace 1
		  span r 0..100 name=llm_request gen_ai.latency.time_in_queue=-1 gen_ai.latency.time_in_model_prefill=inf gen_ai.latency.time_to_first_token=0.00000005`, `
		request 1/r vllm 0..100
		  gateway 0..100
		warning: 2 attributes should hold a time, a length or a count and do not`},
		{"pubsub: the message itself may begin the trace", `
		trace 1
		  span c 0..10 name="jobs create" messaging.system=gcp_pubsub event="publish end"@9
		  span w 1..3 parent=c name="publisher batching"
		  span s 40..60 parent=c name="sub subscribe" messaging.system=gcp_pubsub
		  span p 45..55 parent=s name="sub process" scope=pubsub`, `
		request 1/c pubsub 0..60 async
		  gateway 0..60
		  queue 1..1
		  queue 9..45
		  implicit 40..60
		  server 40..60
		  gpu 45..55`},
		{"kafka: what a consumer sends on is no request in the trace of its batch", `
		trace 2
		  span p 30..50 name="jobs process" messaging.system=kafka messaging.operation.type=process messaging.batch.message_count=4
		  span s 35..36 parent=p name="results send" kind=producer messaging.system=kafka messaging.operation.type=send`, `
		batch 2/p kafka 30..50 size=4
		warning: batches that say another size than is linked: 1 say 4 members, 0 are linked, senders dropped 0 links (the first: "00000000000000000000000000000002")`},
		{"a batch that calls triton: its work is the batch's, and no request", `
		trace 1
		  span a 0..100 pfptrace.role=request
		trace 2
		  span b 10..90 pfptrace.role=batch link=1/a
		  span r 20..80 parent=b name=InferRequest kind=server
		  span m 21..79 parent=r name=resnet triton.model_name=resnet event=QUEUE_START@22
		  span c 30..70 parent=m name=compute event=COMPUTE_START@30 event=COMPUTE_INPUT_END@32 event=COMPUTE_OUTPUT_START@60 event=COMPUTE_END@70`, `
		request 1/a pfptrace 0..100
		batch 2/b pfptrace 10..90 links=1
		  server 30..70
		  prep 30..32
		  gpu 32..60
		  post 60..70
		  member 1/a`},
		{"a gateway that says its role and calls vllm: the engine's times count", `
		trace 1
		  span a 0..100 pfptrace.role=request
		  span r 10..90 parent=a name=llm_request gen_ai.latency.time_in_queue=0.00000002 gen_ai.latency.time_in_model_prefill=0.00000003 gen_ai.latency.time_to_first_token=0.00000006`, `
		request 1/a pfptrace 0..100
		  gateway 10..90
		  queue 20..40
		  implicit 40..70
		  gpu 40..70`},
		{"two systems in one trace: each span has its own", `
		trace 1
		  span a 0..100 pfptrace.role=request
		  span q 10..20 parent=a pfptrace.role=queue
		  span e 30..40 parent=a name=exporter/enqueue
		trace 2
		  span b 15..90 pfptrace.role=batch link=1/q`, `
		request 1/a pfptrace 0..100
		  queue 10..20
		  queue 30..40 open
		batch 2/b pfptrace 15..90 links=1
		  member 1/a queue=q`},
	} {
		t.Run(test.name, func(t *testing.T) {
			equal(t, show(builtin().Resolve(parse(t, test.notation))), test.want)
		})
	}
}

// Where links and a count differ the report says so.
func TestMissingLinksAreSaid(t *testing.T) {
	text := model.FormatNotation(sample(t, "recorded/kafkajs-eachbatch.jsonl.gz").List)
	link := regexp.MustCompile(` link=\S+`)
	for range 3 {
		at := link.FindStringIndex(text)
		text = text[:at[0]] + text[at[1]:]
	}
	world := builtin().Resolve(parse(t, text))
	if len(world.Warnings) != 1 || !strings.Contains(world.Warnings[0], "2 say 3 members, 0 are linked") {
		t.Errorf("warnings %q", world.Warnings)
	}
}

// Uses of one key that are far apart are different batches, and equal lengths
// on different hosts are too.
func TestJoins(t *testing.T) {
	forward := func(id, host, start, end, bid string) string {
		return "trace " + id + "\nspan a 0s..9s name=\" Req " + id + "\" module=sglang::request host=" + host +
			"\nspan f " + start + ".." + end + " parent=a name=prefill_forward host=" + host + " event=schedule@" + start + "{bid:" + bid + ",batch_size:2}\n"
	}
	world := builtin().Resolve(parse(t, forward("1", "h", "1s", "2s", "b1")+forward("2", "h", "1001ms", "2s", "b1")+
		forward("3", "h", "5s", "6s", "b1")+forward("4", "g", "1s", "2s", "b1")))
	var got []string
	for _, b := range world.Batches {
		var members []string
		for _, m := range b.Members {
			members = append(members, trace(m.Request.Trace))
		}
		got = append(got, b.Key+": "+strings.Join(members, " "))
	}
	if got, want := strings.Join(got, "; "), "b1: 1 2; b1/2: 4; b1/3: 3"; got != want {
		t.Errorf("batches %s, want %s", got, want)
	}
	if len(world.Warnings) != 1 || !strings.Contains(world.Warnings[0], "2 say 4 members, 2 are linked") {
		t.Errorf("warnings %q", world.Warnings)
	}
}
