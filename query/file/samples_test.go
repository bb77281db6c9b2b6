package file

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// samplesFolder holds third-party traces that are not part of the repository.
const samplesFolder = "../../../shared/samples"

func sample(t *testing.T, name string) *Loaded {
	t.Helper()
	path := filepath.Join(samplesFolder, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not there: the samples of others are not part of the repository", path)
	}
	loaded, err := Load(context.Background(), []string{path}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// spanCounts is how many spans and traces files hold.
func spanCounts() map[string][2]int {
	return map[string][2]int{
		"recorded/pubsub-go-batch.jsonl":                                    {336, 56},
		"recorded/otelcol-exporterhelper-batch.jsonl":                       {137, 77},
		"recorded/dataloader-js-batch.jsonl":                                {98, 40},
		"recorded/kafkajs-eachbatch.jsonl":                                  {486, 183},
		"synthetic-from-source/triton-otel-dynamic-batching.jsonl":          {360, 120},
		"synthetic-from-source/triton-json-dynamic-batching.json":           {360, 120},
		"synthetic-from-source/triton-json-unterminated-while-running.json": {360, 120},
		"synthetic-from-source/tgi-continuous-batching.jsonl":               {127, 21},
		"synthetic-from-source/sglang-schedule-bid.jsonl":                   {48, 8},
		"synthetic-from-source/vllm-llm_request.jsonl":                      {24, 12},
		"jaeger/deathstarbench-social-jaeger-ui-nested-refs.json":           {660, 20},
		"jaeger/jaeger-ui-genaiTestTrace.json":                              {57, 1},
		"jaeger/jaeger-ui-model-followsfrom.json":                           {4, 1}, // one of 5 comes twice
		"jaeger/jaeger-v2-head-apiv3-find-batches-only.json":                {6, 6},
		"jaeger/jaeger-v2-head-apiv3-find-otelcol.json":                     {137, 77},
		"jaeger/jaeger-v2-head-apiv3-find-pubsub.json":                      {336, 56},
		"jaeger/jaeger-v2-head-apiv3-get-batch-trace.json":                  {1, 1},
		"jaeger/jaeger-v2-head-transform-dataloader-js-batch.json":          {98, 40},
		"jaeger/jaeger-v2-head-transform-kafkajs-eachbatch.json":            {486, 183},
		"jaeger/jaeger-v2-head-transform-otelcol-exporterhelper-batch.json": {137, 77},
		"jaeger/jaeger-v2-head-transform-pubsub-go-batch.json":              {336, 56},
		"jaeger/jaeger-v2-head-v1json-batch-trace.json":                     {1, 1},
		"jaeger/jaeger-v2-head-v1json-request-trace.json":                   {8, 1},
		"otlp/otlp-proto-example-trace.json":                                {1, 1},
		"otlp/otlp2parquet-synthetic-traces.pb":                             {19, 19},
		"otlp-edge/jaeger-ui-otlp2jaeger-in-error.json":                     {1, 1},
		"otlp-edge/otlp2parquet-synthetic-enum-names.jsonl":                 {19, 19},
		"otlp-edge/otlp2parquet-trace_invalid_kind.json":                    {1, 1},
		"otlp-edge/robotframework-pabot_trace.jsonl":                        {18, 1},
		"otlp-edge/robotframework-simple_trace.jsonl":                       {4, 1},
		"tempo/input-ex02-last-arrival-blame.jsonl":                         {14, 3},
		"tempo/input-pubsub-go-batch.jsonl":                                 {336, 56},
		"tempo/trace-v1-batch.json":                                         {1, 1},
		"tempo/trace-v1-batch.pb":                                           {1, 1},
		"tempo/trace-v1-request.json":                                       {8, 1},
		"tempo/trace-v1-request.pb":                                         {8, 1},
		"tempo/trace-v2-batch-no-accept.json":                               {1, 1},
		"tempo/trace-v2-batch.json":                                         {1, 1},
		"tempo/trace-v2-batch.pb":                                           {1, 1},
		"tempo/trace-v2-ex02-batch.json":                                    {8, 1},
		"tempo/trace-v2-ex02-batch.pb":                                      {8, 1},
		"tempo/trace-v2-ex02-request.json":                                  {3, 1},
		"tempo/trace-v2-ex02-request.pb":                                    {3, 1},
		"tempo/trace-v2-outside-range.json":                                 {8, 1},
		"tempo/trace-v2-request.json":                                       {8, 1},
		"tempo/trace-v2-request.pb":                                         {8, 1},
		"tempo/trace-v2-short-id.json":                                      {8, 1},
		"tempo/fresh-trace-v2-batch.json":                                   {1, 1},
		"tempo/fresh-trace-v2-batch.pb":                                     {1, 1},
		"tempo/fresh-trace-v2-request.json":                                 {8, 1},
		"tempo/fresh-trace-v2-request.pb":                                   {8, 1},
		"tempo/trace-v2-unknown.json":                                       {0, 0},
		"tempo/trace-v2-unknown.pb":                                         {0, 0},
		"triton/docs-old-format-2019-2020.json":                             {3, 1},
		"triton/docs-trace-example.json":                                    {3, 1},
		"triton/issue6512-triton-mode-trace.json":                           {3, 1},
	}
}

// refusal returns why a sample is refused, "" if it is read.
func refusal(name string) string {
	switch base := filepath.Base(name); {
	case base == "skew.json":
		return "Zipkin JSON"
	case base == "otlp2parquet-malformed.json":
		return "line 21: malformed JSON"
	case base == "otlp2parquet-trace_invalid_base64.json", base == "otlp2parquet-trace_mixed_encoding.json":
		return "none of its spans can be read: trace id does not read as 16 bytes"
	case strings.HasPrefix(base, "trace-v1-unknown.") && !strings.HasSuffix(base, ".txt"):
		return "it is empty"
	case strings.HasSuffix(base, ".txt"), strings.HasSuffix(base, ".body"), strings.HasSuffix(base, ".md"):
		return "plain text"
	case strings.Contains(base, "search-tag"):
		return "Tempo's answer about tags"
	case strings.Contains(base, "search-"):
		return "Tempo's answer to a search"
	case base == "status-buildinfo.json":
		return `JSON with the keys "version", "revision"`
	}
	return ""
}

// Every sample is read with the spans that it holds, or refused with its
// reason.
func TestEverySampleIsReadOrRefused(t *testing.T) {
	if _, err := os.Stat(samplesFolder); err != nil {
		t.Skipf("%s is not there: the samples of others are not part of the repository", samplesFolder)
	}
	counts := spanCounts()
	err := filepath.WalkDir(samplesFolder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, _ := filepath.Rel(samplesFolder, path)
		loaded, err := Load(context.Background(), []string{path}, nil, Options{})
		if reason := refusal(name); reason != "" {
			if err == nil || !strings.Contains(err.Error(), reason) {
				t.Errorf("%s: %v, want it refused: %s", name, err, reason)
			}
			return nil
		}
		if err != nil {
			t.Error(err)
			return nil
		}
		want, ok := counts[filepath.ToSlash(name)]
		if got := [2]int{loaded.Traces.Spans(), len(loaded.Traces.List)}; ok && got != want {
			t.Errorf("%s: %d spans and traces, want %d", name, got, want)
		}
		if f := loaded.Report.Files[0]; f.Problems > 0 {
			t.Errorf("%s: problems %q", name, loaded.Report.Problems)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The repository's own copies are read too, the one in gzip among them.
func TestOwnSamples(t *testing.T) {
	loaded, err := Load(context.Background(), []string{"../../testdata/samples/recorded"}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := loaded.Traces.Spans(); got != 98+486+137+336 {
		t.Errorf("%d spans: %q", got, loaded.Report.Warnings())
	}
}
