package file

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pfptrace/pfptrace/model"
)

// stampRecord is a record as Triton writes it.
func stampRecord(id int, name string, ns int) string {
	return fmt.Sprintf(`{"id":%d,"timestamps":[{"name":%q,"ns":%d}]}`, id, name, ns)
}

// outline lists the spans with their times and events, each below its parent.
func outline(l *Loaded) []string {
	var out []string
	for ti := range l.Traces.List {
		trace := &l.Traces.List[ti]
		for i := range trace.Spans {
			span := &trace.Spans[i]
			above := "-"
			if p := trace.Parents[i]; p >= 0 {
				above = trace.Spans[p].Name
			}
			var events []string
			for e := range span.Events() {
				events = append(events, e.Name)
			}
			out = append(out, fmt.Sprintf("%d %s<%s %d-%d %s", ti, span.Name, above, span.Start, span.End, strings.Join(events, ",")))
		}
	}
	slices.Sort(out)
	return out
}

// A request through an ensemble: its own model makes another request, which
// runs an activity of the backend's.
//
//	1 InferRequest  5 ─────────────────────────────────── 90   (idle since 2)
//	1   ens            10 ───────────────────────── 80
//	2     net             20 ──────────────────── 75
//	2       compute          30 ──────────── 60
//	2       TOKENIZE         31 ── 33
func TestTritonBecomesSpans(t *testing.T) {
	records := []string{
		stampRecord(1, "GRPC_WAITREAD_START", 2), stampRecord(1, "GRPC_WAITREAD_END", 5),
		`{"id":1,"model_name":"ens","model_version":1,"request_id":"r1"}`,
		stampRecord(1, "REQUEST_START", 10),
		`{"id":2,"model_name":"net","model_version":3,"parent_id":1}`,
		stampRecord(2, "REQUEST_START", 20), stampRecord(2, "QUEUE_START", 21),
		stampRecord(2, "COMPUTE_START", 30), stampRecord(2, "COMPUTE_INPUT_END", 35),
		stampRecord(2, "TOKENIZE_START", 31), stampRecord(2, "TOKENIZE_END", 33), stampRecord(2, "mark", 34),
		`{"id":2,"activity":"TENSOR_QUEUE_INPUT","tensor":{"name":"x","data":"raw " text with { and [","shape":"1"`,
		stampRecord(2, "COMPUTE_OUTPUT_START", 55), stampRecord(2, "COMPUTE_END", 60), stampRecord(2, "REQUEST_END", 75),
		stampRecord(1, "REQUEST_END", 80), stampRecord(1, "GRPC_SEND_END", 90),
	}
	loaded, err := load("["+strings.Join(records, ",")+"]", Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"0 InferRequest<- 5-90 GRPC_WAITREAD_START,GRPC_WAITREAD_END,GRPC_SEND_END",
		"0 TOKENIZE<net 31-33 TOKENIZE_START,TOKENIZE_END",
		"0 compute<net 30-60 COMPUTE_START,COMPUTE_INPUT_END,COMPUTE_OUTPUT_START,COMPUTE_END",
		"0 ens<InferRequest 10-80 REQUEST_START,REQUEST_END",
		"0 net<ens 20-75 REQUEST_START,QUEUE_START,mark,REQUEST_END",
	}
	if got := outline(loaded); !slices.Equal(got, want) {
		t.Errorf("spans\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for i := range loaded.Traces.List[0].Spans {
		if span := &loaded.Traces.List[0].Spans[i]; span.Name == "net" {
			var attrs []string
			for key, value := range span.Attrs().All() {
				attrs = append(attrs, key+"="+value.Text())
			}
			if want := []string{"triton.model_name=net", "triton.model_version=3", "triton.trace_id=2", "triton.trace_parent_id=1"}; !slices.Equal(attrs, want) {
				t.Errorf("attributes %q, want %q", attrs, want)
			}
			if span.Origin.Service != "triton-inference-server" || span.Origin.ScopeName != "triton-server" || span.Kind != model.KindServer {
				t.Errorf("origin %+v, kind %s", span.Origin, span.Kind)
			}
		}
	}
	if got := loaded.Report.Warnings(); len(got) != 2 || got[1] != "standard input: 1 record of tensors, which are not read" {
		t.Errorf("warnings %q", got)
	}
}

func TestTritonPitfalls(t *testing.T) {
	whole := `[{"id":1,"model_name":"m","model_version":1},` + stampRecord(1, "REQUEST_START", 10) + "," + stampRecord(1, "REQUEST_END", 20)
	other := `[{"id":1,"model_name":"m","model_version":1},` + stampRecord(1, "REQUEST_START", 110) + "," + stampRecord(1, "REQUEST_END", 120)
	two := []string{"0 InferRequest<- 10-20 ", "0 m<InferRequest 10-20 REQUEST_START,REQUEST_END"}
	four := append(two[:2:2], "1 InferRequest<- 110-120 ", "1 m<InferRequest 110-120 REQUEST_START,REQUEST_END")
	for name, test := range map[string]struct {
		content string
		spans   []string
		warning string
	}{
		"closed":                           {whole + "]", two, ""},
		"not closed":                       {whole, two, "the list is not closed"},
		"ends with a comma":                {whole + ",", two, "the list is not closed"},
		"cut in a record":                  {whole + `,{"id":1,"timest`, two, "line 1: cut off"},
		"two runs in one file":             {whole + "]" + other + "]", four, ""},
		"the first run was killed":         {whole + "," + other + "]", four, "the list is not closed"},
		"indented":                         {strings.NewReplacer(",", ",\n ", "{", "{\n ").Replace(whole) + "\n]\n", two, ""},
		"twice the same":                   {whole + "]" + whole + "]", two, ""},
		"no end of the request":            {whole[:strings.LastIndex(whole, ",{")] + "]", []string{"0 InferRequest<- 10-10 ", "0 m<InferRequest 10-10 REQUEST_START"}, "1 request without REQUEST_END"},
		"a time below 0":                   {whole + "," + stampRecord(1, "QUEUE_START", -1) + "]", two, "line 1: a timestamp that is not within 0 and 2^63-1 ns"},
		"times as text":                    {strings.Replace(whole, `"ns":10`, `"ns":"10"`, 1) + "]", two, ""},
		"its own parent":                   {strings.Replace(whole, `"model_version":1`, `"model_version":1,"parent_id":1`, 1) + "]", []string{"0 m<- 10-20 REQUEST_START,REQUEST_END"}, "1 request of ensembles whose parent is not in the file"},
		"a parent that is not in the file": {strings.Replace(whole, `"model_version":1`, `"model_version":1,"parent_id":9`, 1) + "]", []string{"0 m<- 10-20 REQUEST_START,REQUEST_END"}, "1 request of ensembles whose parent is not in the file"},
		"names of before 2021": {
			`[{"model_name":"m","model_version":-1,"id":1,"timestamps":[{"name":"request handler start","ns":10},{"name":"queue start","ns":11},{"name":"compute start","ns":12},{"name":"compute end","ns":18},{"name":"request handler end","ns":20}]}]`,
			[]string{"0 InferRequest<- 10-20 ", "0 compute<m 12-18 COMPUTE_START,COMPUTE_END", "0 m<InferRequest 10-20 REQUEST_START,QUEUE_START,REQUEST_END"},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			loaded, err := load(test.content, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := outline(loaded); !slices.Equal(got, test.spans) {
				t.Errorf("spans %q, want %q", got, test.spans)
			}
			warnings := strings.Join(loaded.Report.Warnings(), "\n")
			if !strings.Contains(warnings, test.warning) || !strings.Contains(warnings, "steady clock") {
				t.Errorf("warnings %s", warnings)
			}
		})
	}
}

// The two files hold the same 120 requests, as Triton writes them in its two
// modes: what profiles measure is equal to the nanosecond.
func TestTritonsTwoModesAreOne(t *testing.T) {
	const folder = "../../testdata/samples/synthetic-from-source/"
	durations := func(name string) map[string]string {
		loaded, err := Load(context.Background(), []string{folder + name}, nil, Options{})
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for ti := range loaded.Traces.List {
			trace := &loaded.Traces.List[ti]
			at, request := map[string]int64{}, ""
			for i := range trace.Spans {
				if id, ok := trace.Spans[i].Attrs().Get("triton.request_id"); ok {
					request = id.Str()
				}
				for e := range trace.Spans[i].Events() {
					at[e.Name] = e.Time
				}
			}
			out[request] = fmt.Sprint(len(trace.Spans), at["HTTP_RECV_END"]-at["HTTP_RECV_START"], at["COMPUTE_START"]-at["QUEUE_START"],
				at["COMPUTE_INPUT_END"]-at["COMPUTE_START"], at["COMPUTE_OUTPUT_START"]-at["COMPUTE_INPUT_END"],
				at["COMPUTE_END"]-at["COMPUTE_OUTPUT_START"], at["REQUEST_END"]-at["REQUEST_START"], at["HTTP_SEND_END"]-at["HTTP_RECV_START"])
		}
		return out
	}
	otel := durations("triton-otel-dynamic-batching.jsonl")
	if len(otel) != 120 {
		t.Fatalf("%d requests, want 120", len(otel))
	}
	for _, name := range []string{"triton-json-dynamic-batching.json", "triton-json-unterminated-while-running.json"} {
		own := durations(name)
		for request, want := range otel {
			if own[request] != want {
				t.Errorf("%s: request %s: %s, want %s", name, request, own[request], want)
			}
		}
	}
}
