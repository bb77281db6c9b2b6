package profile_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/model"
)

// What each request of a sample says of itself must come out of the profile and
// the method to the nanosecond.
func TestProfilesMeanWhatTheySay(t *testing.T) {
	queued := func(names ...string) func(*model.Trace) int64 {
		return func(trace *model.Trace) int64 { return covered(spansNamed(trace, names...)) }
	}
	for _, test := range []struct {
		file      string
		wait, gpu func(*model.Trace) int64
		forming   bool // the wait holds batch formation too
	}{
		{
			"vllm-llm_request.jsonl",
			func(trace *model.Trace) int64 { return seconds(trace, "gen_ai.latency.time_in_queue") },
			func(trace *model.Trace) int64 {
				return seconds(trace, "gen_ai.latency.time_in_model_prefill") + seconds(trace, "gen_ai.latency.time_in_model_decode")
			},
			false,
		},
		{"tgi-continuous-batching.jsonl", queued("queued", "waiting"), queued("infer"), false},
		{"sglang-schedule-bid.jsonl", queued("prefill_waiting"), queued("prefill_forward", "decode_forward"), false},
		{"triton-otel-dynamic-batching.jsonl", between("QUEUE_START", "COMPUTE_START"), between("COMPUTE_INPUT_END", "COMPUTE_OUTPUT_START"), true},
		{"triton-json-dynamic-batching.json", between("QUEUE_START", "COMPUTE_START"), between("COMPUTE_INPUT_END", "COMPUTE_OUTPUT_START"), true},
	} {
		t.Run(test.file, func(t *testing.T) {
			traces := sample(t, "synthetic-from-source/"+test.file)
			world := builtin().Resolve(traces)
			analysis := analyze.New(world, analyze.Options{})
			for _, r := range world.Requests {
				stages := analysis.Decompose(r).Stages
				trace := traces.Get(r.Trace)
				wait := stages[analyze.QueueWait]
				if test.forming {
					wait += stages[analyze.BatchFormation]
				}
				if want := test.wait(trace); wait != want {
					t.Errorf("%s waits %d ns, want %d", r.Trace, wait, want)
				}
				if want := test.gpu(trace); stages[analyze.GPUCompute] != want {
					t.Errorf("%s computes %d ns, want %d", r.Trace, stages[analyze.GPUCompute], want)
				}
			}
		})
	}
}

func spansNamed(trace *model.Trace, names ...string) (out []model.Span) {
	for _, s := range trace.Spans {
		if slices.Contains(names, s.Name) {
			out = append(out, s)
		}
	}
	return out
}

// covered is the length of the union of spans, which are sorted by start.
func covered(spans []model.Span) (ns int64) {
	end := int64(0)
	for _, s := range spans {
		from := max(s.Start, end)
		if s.End > from {
			ns += s.End - from
			end = s.End
		}
	}
	return ns
}

// seconds reads an attribute in seconds by its decimal digits.
func seconds(trace *model.Trace, key string) int64 {
	for i := range trace.Spans {
		if v, ok := trace.Spans[i].Attrs().Get(key); ok {
			f, _ := v.Double()
			digits := strings.Replace(strconv.FormatFloat(f, 'f', 9, 64), ".", "", 1)
			ns, _ := strconv.ParseInt(digits, 10, 64)
			return ns
		}
	}
	return -1
}

// between is the time from one event of a trace to another.
func between(from, to string) func(*model.Trace) int64 {
	return func(trace *model.Trace) int64 {
		at := make(map[string]int64)
		for i := range trace.Spans {
			for e := range trace.Spans[i].Events() {
				at[e.Name] = e.Time
			}
		}
		return at[to] - at[from]
	}
}
