package file

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pfptrace/pfptrace/model"
)

const jaegerExample = `{"data": [{
  "traceID": "a1",
  "spans": [
    {"traceID": "a1", "spanID": "1", "operationName": "root", "references": [], "startTime": 1700000000000001, "duration": 10,
     "tags": [{"key": "span.kind", "type": "string", "value": "server"}, {"key": "otel.scope.name", "type": "string", "value": "lib"},
              {"key": "size", "type": "int64", "value": 7}, {"key": "big", "type": "int64", "value": "9223372036854775807"},
              {"key": "ratio", "type": "float64", "value": 0.5}, {"key": "ok", "type": "bool", "value": true},
              {"key": "blob", "type": "binary", "value": "AAE="}, {"key": "untyped", "value": 3},
              {"key": "wrong", "type": "int64", "value": "many"}, {"key": "internal.span.format", "type": "string", "value": "otlp"}],
     "logs": [{"timestamp": 1700000000000005, "fields": [{"key": "event", "type": "string", "value": "closed"}, {"key": "n", "type": "int64", "value": 2}]}],
     "processID": "p1", "warnings": null},
    {"traceID": "a1", "spanID": "2", "operationName": "batch", "startTime": 1700000000000002, "duration": 4, "processID": "p2",
     "references": [{"refType": "FOLLOWS_FROM", "traceID": "00000000000000000000000000000b2", "spanID": "9"},
                    {"refType": "CHILD_OF", "traceID": "a1", "spanID": "1", "span": {"traceID": "a1", "references": [{"span": {"x": 1}}]}},
                    {"refType": "CHILD_OF", "traceID": "b3", "spanID": "8"}],
     "tags": [{"key": "error", "type": "bool", "value": true}, {"key": "otel.status_code", "type": "string", "value": "ERROR"},
              {"key": "otel.status_description", "type": "string", "value": "out of memory"}],
     "logs": [], "warnings": ["This span's timestamps were adjusted by 1.5ms"]}],
  "processes": {"p1": {"serviceName": "api", "tags": [{"key": "hostname", "type": "string", "value": "h1"}]}, "p2": {"serviceName": "gpu"}}
}], "total": 0, "errors": null}`

func TestJaegerBecomesOTLP(t *testing.T) {
	loaded, err := load(jaegerExample, Options{})
	if err != nil {
		t.Fatal(err)
	}
	spans := loaded.Traces.List[0].Spans
	root, batch := &spans[0], &spans[1]
	if root.Trace.String() != "000000000000000000000000000000a1" || root.ID != (model.SpanID{7: 1}) || root.Start != 1700000000000001000 || root.End != 1700000000000011000 || root.Kind != model.KindServer {
		t.Errorf("root %+v", root)
	}
	if root.Origin.Service != "api" || root.Origin.Domain != "h1" || root.Origin.ScopeName != "lib" {
		t.Errorf("origin %+v", root.Origin)
	}
	var attrs []string
	for key, value := range root.Attrs().All() {
		attrs = append(attrs, fmt.Sprintf("%s %d %s", key, value.Type, value.Text()))
	}
	want := []string{"size 3 7", "big 3 9223372036854775807", "ratio 4 0.5", "ok 2 true", "blob 7 AAE=", "untyped 3 3", "wrong 1 many"}
	if !slices.Equal(attrs, want) {
		t.Errorf("attributes %q, want %q", attrs, want)
	}
	for event := range root.Events() {
		if n, ok := event.Attrs.Get("n"); event.Name != "closed" || event.Time != 1700000000000005000 || !ok || n.Text() != "2" || event.Attrs.Len() != 1 {
			t.Errorf("event %+v", event)
		}
	}
	if batch.Parent != root.ID || batch.Status != model.StatusError || batch.StatusMessage() != "out of memory" || batch.Attrs().Len() != 0 {
		t.Errorf("batch %+v", batch)
	}
	var links []string
	for link := range batch.LinkSeq() {
		kind, _ := link.Attrs.Get("opentracing.ref_type")
		links = append(links, fmt.Sprintf("%x/%x %s", link.Trace[15:], link.Ref.Span[7:], kind.Text()))
	}
	if !slices.Equal(links, []string{"b2/09 ", "b3/08 child_of"}) {
		t.Errorf("links %q", links)
	}
	if loaded.Report.QuantumNS != 1000 {
		t.Errorf("quantum %d", loaded.Report.QuantumNS)
	}
	warnings := []string{
		"standard input: Jaeger's JSON keeps microseconds, and of links neither attributes nor flags: a quantum of 1 µs is advised",
		"standard input: Jaeger has moved the times of 1 span (its correction of clock skew): they are not as measured",
	}
	if got := loaded.Report.Warnings(); !slices.Equal(got, warnings) {
		t.Errorf("warnings %q", got)
	}
}

func TestJaegerSpansThatCannotBe(t *testing.T) {
	for change, want := range map[string]string{
		`"spanID": "2"|"spanID": "xyz"`:                    "once: the span id is no hex number above 0",
		`"spanID": "2"|"spanID": "0"`:                      "once: the span id is no hex number above 0",
		`"traceID": "a1", "spanID": "2"|"traceID": "a1zz"`: "once: the trace id is no hex number above 0",
		`1700000000000002|"yesterday"`:                     "once: its times are missing or out of range",
		`1700000000000002|9223372036854775807`:             "once: its times are missing or out of range",
		`1700000000000002|-5`:                              "once: its times are missing or out of range",
		`"duration": 4|"duration": 9223372036854775`:       "once: its times are missing or out of range",
		`"spanID": "8"|"spanID": "-"`:                      "once: a reference holds an id that is no hex number",
		`"operationName": "batch"|"operationName": {}`:     "malformed",
	} {
		from, to, _ := strings.Cut(change, "|")
		loaded, err := load(strings.Replace(jaegerExample, from, to, 1), Options{})
		if err != nil {
			t.Errorf("%s: %v", change, err)
			continue
		}
		got := strings.Join(loaded.Report.Warnings(), "\n")
		if want == "malformed" {
			want = "cannot unmarshal object" // named; the span is kept without its name
		} else if names(loaded) != "root" {
			t.Errorf("%s: spans %q", change, names(loaded))
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s", change, got)
		}
	}
}

// The same spans through Jaeger and not: names, parents, links and times to
// the microsecond are equal.
func TestJaegerAgainstOTLP(t *testing.T) {
	for jaegerFile, otlpFile := range map[string]string{
		"jaeger-v2-head-transform-pubsub-go-batch.json":              "pubsub-go-batch.jsonl",
		"jaeger-v2-head-transform-kafkajs-eachbatch.json":            "kafkajs-eachbatch.jsonl",
		"jaeger-v2-head-transform-dataloader-js-batch.json":          "dataloader-js-batch.jsonl",
		"jaeger-v2-head-transform-otelcol-exporterhelper-batch.json": "otelcol-exporterhelper-batch.jsonl",
	} {
		through, direct := sample(t, "jaeger/"+jaegerFile), sample(t, "recorded/"+otlpFile)
		for _, trace := range direct.Traces.List {
			for i := range trace.Spans {
				want := &trace.Spans[i]
				got := through.Traces.Span(want.Ref())
				if got == nil {
					t.Fatalf("%s: span %s is missing", jaegerFile, want.ID)
				}
				if got.Name != want.Name || got.Parent != want.Parent || got.Kind != want.Kind || got.Origin.Service != want.Origin.Service ||
					got.Links != want.Links || got.Start != want.Start/1000*1000 || got.Origin.ScopeName != want.Origin.ScopeName {
					t.Fatalf("%s: span %+v, want %+v", jaegerFile, got, want)
				}
			}
		}
	}
}
