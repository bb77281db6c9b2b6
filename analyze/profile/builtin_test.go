package profile_test

import (
	"slices"
	"testing"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/role"
)

// Batches and memberships of every sample, counted by hand (samples are
// described in testdata/README.md).
func TestSamples(t *testing.T) {
	for _, test := range []struct {
		file, profile                  string
		requests, batches, memberships int
	}{
		{"recorded/pubsub-go-batch.jsonl", "pubsub", 40, 6, 40},
		{"recorded/otelcol-exporterhelper-batch.jsonl", "collector", 60, 17, 60},
		{"recorded/kafkajs-eachbatch.jsonl.gz", "kafka", 120, 63, 120},
		{"recorded/dataloader-js-batch.jsonl", "dataloader", 40, 18, 40},
		{"synthetic-from-source/tgi-continuous-batching.jsonl", "tgi", 10, 11, 65},
		{"synthetic-from-source/triton-otel-dynamic-batching.jsonl", "triton", 120, 16, 120},
		{"synthetic-from-source/triton-json-dynamic-batching.json", "triton", 120, 16, 120},
		{"synthetic-from-source/triton-json-unterminated-while-running.json", "triton", 120, 16, 120},
		{"synthetic-from-source/sglang-schedule-bid.jsonl", "sglang", 8, 2, 8},
		{"synthetic-from-source/vllm-llm_request.jsonl", "vllm", 12, 0, 0},
	} {
		t.Run(test.file, func(t *testing.T) {
			world := builtin().Resolve(sample(t, test.file))
			memberships := 0
			for _, b := range world.Batches {
				memberships += len(b.Members)
			}
			if len(world.Requests) != test.requests || len(world.Batches) != test.batches || memberships != test.memberships {
				t.Errorf("%d requests, %d batches, %d memberships, want %d, %d, %d",
					len(world.Requests), len(world.Batches), memberships, test.requests, test.batches, test.memberships)
			}
			if !slices.Equal(world.Profiles, []string{test.profile}) || len(world.Warnings) != 0 || world.Incomplete != 0 {
				t.Errorf("profiles %q, warnings %q, incomplete %d", world.Profiles, world.Warnings, world.Incomplete)
			}
			var whole, unattributed int64
			analysis := analyze.New(world, analyze.Options{})
			for _, r := range world.Requests {
				d := analysis.Decompose(r)
				sum := int64(0)
				for _, ns := range d.Stages {
					sum += ns
				}
				if sum != r.End-r.Start {
					t.Errorf("request %s: stages sum to %d of %d", r.Trace, sum, r.End-r.Start)
				}
				whole += sum
				unattributed += d.Stages[analyze.Unattributed]
			}
			if unattributed*20 > whole {
				t.Errorf("%d of %d ns are unattributed", unattributed, whole)
			}
		})
	}
}

// The first request of each sample and its first batch, checked by hand against the
// file. Times are ns after the request's start.
func TestFirstRequestOfEachSample(t *testing.T) {
	for _, test := range []struct{ file, want string }{
		{"synthetic-from-source/vllm-llm_request.jsonl", `
		request dc252c622eb256f4a77d16a1b0130aef/f129497fbdda9e40 vllm 0..217054589
		  gateway 3000000..215054589
		  queue 32000000..55054589
		  implicit 55054589..213054589
		  gpu 55054589..213054589`},
		{"synthetic-from-source/sglang-schedule-bid.jsonl", `
		request 3fc5bd56f140eeab/2c02e7569f329ae0 sglang 0..107000000
		  gateway 0..107000000
		  queue 2000000..6000000
		  implicit 6000000..106000000
		  gpu 6000000..46000000
		  gpu 46000000..106000000
		batch "cb419b01" sglang 6000000..46000000 size=3
		  gpu 6000000..46000000
		  gpu 6000000..46000000
		  gpu 6000000..46000000
		  member 3fc5bd56f140eeab/2c02e7569f329ae0 queue=911248752b7ae17c
		  member 9f46b9628f695ac9/718806c08e0eb6c6 queue=105ffc780ce9c354
		  member d5108573f50632a0/795f6b215ac79186 queue=9b4f61f75b1b6698`},
		{"synthetic-from-source/tgi-continuous-batching.jsonl", `
		request 8d76174cb707ed14555de164aeb01b8d/53dd404b775e405d tgi 0..129315472
		  gateway 0..129315472
		  queue 200000..11475472
		  queue 41575472..101675472 part=41575472..71575472 part=71675472..101675472
		batch fe2ed717c0978499eec902bd41591527/29899aa6d306c86e tgi 11475472..41475472 size=3 links=3
		  gpu 11475472..41475472 of=8d76174cb707ed14555de164aeb01b8d
		  gpu 11475472..41475472 of=36d8851fad4f932c8e7d2b7e19313cd4
		  gpu 11475472..41475472 of=c561bbccb9b9f8f906e0b32a1031a827
		  member 36d8851fad4f932c8e7d2b7e19313cd4/f9ad33c89d5f3dbb named=11475472
		  member 8d76174cb707ed14555de164aeb01b8d/53dd404b775e405d named=11475472
		  member c561bbccb9b9f8f906e0b32a1031a827/df29e201ebb73846 named=11475472`},
		{"synthetic-from-source/triton-otel-dynamic-batching.jsonl", `
		request c1626e53a13043b026c48bbf33feff92/43a8f506b40928b5 triton 0..25068686
		  gateway 30000..25016439
		  queue 38000..500000
		  implicit 500000..24961439
		  server 500000..24961439
		  prep 500000..1200000
		  gpu 1200000..24611439
		  post 24611439..24961439
		batch "pfp_v7/1@1795334400002848288" triton 500000..24961439
		  server 500000..24961439
		  prep 500000..1200000
		  gpu 1200000..24611439
		  post 24611439..24961439
		  member c1626e53a13043b026c48bbf33feff92/43a8f506b40928b5 queue=b7a767c76fb008f8`},
		{"synthetic-from-source/triton-json-dynamic-batching.json", `
		request 3ecda0a79cb5046d5409f748c92e9ed9/4ae027f7cc71da01 triton 0..25221261
		  gateway 197575..25184014
		  queue 205575..667575
		  implicit 667575..25129014
		  server 667575..25129014
		  prep 667575..1367575
		  gpu 1367575..24779014
		  post 24779014..25129014
		batch "pfp_v7/1@409405002847889" triton 667575..25129014
		  server 667575..25129014
		  prep 667575..1367575
		  gpu 1367575..24779014
		  post 24779014..25129014
		  member 3ecda0a79cb5046d5409f748c92e9ed9/4ae027f7cc71da01 queue=2dc38bed50ca31d5`},
		{"recorded/pubsub-go-batch.jsonl", `
		request 8b80f9e529ecc3d0302e6d59186331cf/a6337cccb0f1be5a pubsub 0..442184119 async
		  gateway 0..442184119
		  queue 185091..185091
		  queue 18569548..404294528
		  implicit 404197562..442184119
		  server 404197562..442184119
		  gpu 404294528..414999985
		batch aeb5a7e71f16106d85c68df5fe7aae8c/40246d324592db4b pubsub 17942459..18566029 size=8 links=8
		  rpc 17942459..18566029
		  member 2c65164dcff8323a58024ca63b2a8d02/1e4ac411f0646299 named=8268429
		  member 54e6d22665be71ba04e445331a126574/12204702a99276fb named=1397708
		  member 6156e46c1c8f10f7db505c949ce3ad77/71ecafb82e6a55d9 named=17737441
		  member 7b7fe927e43a05a2d1756c381ee452be/8d1508f5d772b01d named=17656748
		  member 817c0a68dbaa0c85430ca7dc9c6218e2/49ae368c9e928d1d named=10520681
		  member 85e6e0814f535a6e37b20006f9901f34/30bc18714affc70e named=5629397
		  member 8b80f9e529ecc3d0302e6d59186331cf/a6337cccb0f1be5a named=70936
		  member 932fc418230398c63e04026e1e47194d/c8a43cf63856bc8a named=2489152`},
		{"recorded/kafkajs-eachbatch.jsonl.gz", `
		request 180deea98fc2276c7c9627d6b0646486/6d463cb321a92a6c kafka 0..49810259 async
		  gateway 0..49810259
		  queue 26921201..26921201 open
		batch 5e6a58a05f211f57f8dea3f32458a107/a481f409aade9a60 kafka 32000000..49428118 size=1 links=1
		  gpu 33000000..49810259 of=180deea98fc2276c7c9627d6b0646486
		  member 180deea98fc2276c7c9627d6b0646486/6d463cb321a92a6c queue=922390bd385a3034`},
		{"recorded/otelcol-exporterhelper-batch.jsonl", `
		request 7d6cd862b7742c8c3eb67c676a7afe53/f8e9255e2af97422 collector 0..4584635897 async
		  gateway 0..4584635897
		  queue 91331..93700 open
		batch 1dba88e750caf34040a693b3c1c28b49/70c2b7dd73894170 collector 12704200..4584635897 links=5
		  gpu 12704200..4584635897
		  member 265e9878c40956e91a71eb4169edfe06/514ecd59719edcb0 queue=4b2e6e06f1715e2d
		  member 44e859c352dbb7a1ff637f70b4f96136/a11f3c4341f5abd queue=fc661fcd40d88a6e
		  member 7d6cd862b7742c8c3eb67c676a7afe53/f8e9255e2af97422 queue=619a8012302f2f47
		  member b0aa6bcf24e056b117b01bee2b1df48f/ff83d25bf782415e queue=df4b49920b798466
		  member d28c87caca08d3ab3a4ae804e05adeb0/e8da7d73b8e75ea1 queue=5bc2287cccdf0d46`},
		{"recorded/dataloader-js-batch.jsonl", `
		request 726a78c0d6d39036fba614beac50e502/adc4c424bf9796bc dataloader 0..63320765
		  gateway 0..63320765
		  queue 1000000..63086707 open
		batch 726a78c0d6d39036fba614beac50e502/31227a232d62db4e dataloader 27000000..62379994 links=2
		  gpu 27000000..62379994
		  member 5a3e603f8f89eba834a1b9c2478e0df9/44325ab90185371a queue=891539f49b89daaa
		  member 726a78c0d6d39036fba614beac50e502/adc4c424bf9796bc queue=27fb44e0d0282ab7`},
	} {
		t.Run(test.file, func(t *testing.T) {
			all := builtin().Resolve(sample(t, test.file))
			r := all.Requests[0]
			one := &role.World{Requests: []*role.RequestInfo{r}, Batches: r.Joined}
			if len(r.Members) > 0 {
				one.Batches = []*role.BatchInfo{r.Members[0].Batch}
			}
			equal(t, showFrom(one, r.Start), test.want)
		})
	}
}
