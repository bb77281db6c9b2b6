package otlp_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp"
)

// ours are recordings of ours, and files that we made from the sources of
// systems: each a line of OTLP JSON a document.
const ours = "../../testdata/samples"

// samples is where third-party recordings are. This repository holds none.
const samples = "../../../shared/samples"

func TestOurSamples(t *testing.T) {
	for file, want := range map[string]struct{ spans, traces, links int }{
		"recorded/pubsub-go-batch.jsonl":                           {336, 56, 168},
		"recorded/otelcol-exporterhelper-batch.jsonl":              {137, 77, 60},
		"recorded/dataloader-js-batch.jsonl":                       {98, 40, 40},
		"recorded/kafkajs-eachbatch.jsonl.gz":                      {486, 183, 120},
		"synthetic-from-source/tgi-continuous-batching.jsonl":      {127, 21, 150},
		"synthetic-from-source/triton-otel-dynamic-batching.jsonl": {360, 120, 0},
		"synthetic-from-source/sglang-schedule-bid.jsonl":          {48, 8, 24},
		"synthetic-from-source/vllm-llm_request.jsonl":             {24, 12, 0},
	} {
		decoder := otlp.NewDecoder()
		var spans []model.Span
		for _, line := range lines(t, filepath.Join(ours, file)) {
			var err error
			if spans, err = decoder.JSON(spans, line); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			agreeJSON(t, line)
		}
		traces, links := map[model.TraceID]bool{}, 0
		for i := range spans {
			traces[spans[i].Trace] = true
			links += int(spans[i].Links)
		}
		if len(spans) != want.spans || len(traces) != want.traces || links != want.links || len(decoder.Refused()) > 0 {
			t.Errorf("%s: %d spans, %d traces, %d links, refused %v; want %+v", file, len(spans), len(traces), links, decoder.Refused(), want)
		}
	}
}

func lines(t *testing.T, path string) [][]byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil && filepath.Ext(path) == ".gz" {
		var unpacked *gzip.Reader
		if unpacked, err = gzip.NewReader(bytes.NewReader(data)); err == nil {
			data, err = io.ReadAll(unpacked)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(data), []byte("\n"))
}

// Third-party files: read, or refused with the right reason.
func TestForeignSamples(t *testing.T) {
	if _, err := os.Stat(samples); err != nil {
		t.Skip("third-party samples are not part of this repository: ", err)
	}
	for _, test := range []struct {
		file   string
		spans  int
		reason string // part of the error or of a refusal
	}{
		{"otlp/otlp-proto-example-trace.json", 1, ""},
		{"otlp/otlp2parquet-synthetic-traces.pb", 19, ""},
		{"otlp-edge/jaeger-ui-otlp2jaeger-in-error.json", 1, ""},
		{"otlp-edge/otlp2parquet-malformed.json", 0, "at byte 447"},
		{"otlp-edge/otlp2parquet-trace_invalid_base64.json", 0, "trace id does not read"},
		{"otlp-edge/otlp2parquet-trace_mixed_encoding.json", 0, "trace id does not read"},
		{"otlp-edge/otlp2parquet-trace_invalid_kind.json", 1, "span kind is unknown"},
		{"otlp-edge/otlp2parquet-synthetic-enum-names.jsonl", 19, ""},
		{"otlp-edge/robotframework-simple_trace.jsonl", 4, ""},
		{"otlp-edge/robotframework-pabot_trace.jsonl", 18, ""},
		{"jaeger/jaeger-v2-head-apiv3-find-batches-only.json", 6, ""},
		{"jaeger/jaeger-v2-head-apiv3-find-otelcol.json", 137, ""},
		{"jaeger/jaeger-v2-head-apiv3-find-pubsub.json", 336, ""},
		{"jaeger/jaeger-v2-head-apiv3-get-batch-trace.json", 1, ""},
		{"tempo/trace-v1-request.pb", 8, ""},
		{"tempo/trace-v1-request.json", 8, ""},
		{"tempo/trace-v2-request.json", 8, ""},
		{"tempo/fresh-trace-v2-batch.json", 1, ""},
		{"tempo/trace-v2-unknown.json", 0, ""},
	} {
		spans, reasons := readSample(t, filepath.Join(samples, test.file))
		if spans != test.spans || !strings.Contains(reasons, test.reason) || test.reason == "" && reasons != "" {
			t.Errorf("%s: %d spans, %q; want %d, %q", test.file, spans, reasons, test.spans, test.reason)
		}
	}
}

// readSample reads a file as one document, or as one a line, and returns how
// many spans it holds and what was wrong.
func readSample(t *testing.T, path string) (count int, reasons string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	decoder, documents := otlp.NewDecoder(), [][]byte{data}
	read := decoder.JSON
	switch filepath.Ext(path) {
	case ".pb":
		read = decoder.Proto
		agree(t, data)
	case ".jsonl":
		documents = lines(t, path)
	}
	for _, document := range documents {
		spans, err := read(nil, document)
		count += len(spans)
		if err != nil {
			reasons += err.Error()
		}
		if filepath.Ext(path) != ".pb" {
			agreeJSON(t, document)
		}
	}
	for _, refusal := range decoder.Refused() {
		reasons += refusal.Reason
	}
	return count, reasons
}
