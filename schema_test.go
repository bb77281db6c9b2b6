package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pfptrace/pfptrace/analyze"
)

// output runs the program and returns what it wrote to standard output.
func output(t *testing.T, args ...string) []byte {
	t.Helper()
	return outputAt(t, "120", args...)
}

// outputAt is output on a terminal of this width.
func outputAt(t *testing.T, columns string, args ...string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := []string{"LANG=C.UTF-8", "COLUMNS=" + columns}
	if status := run(args, strings.NewReader(""), &stdout, &stderr, env); status != 0 {
		t.Fatalf("pfptrace %s: status %d\n%s", strings.Join(args, " "), status, stderr.String())
	}
	return stdout.Bytes()
}

// samples are the files in testdata that hold traces.
func samples(t *testing.T) (paths []string) {
	t.Helper()
	for _, folder := range []string{"testdata/examples/otlp", "testdata/samples"} {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				paths = append(paths, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(paths) < 20 {
		t.Fatalf("only %d samples: %v", len(paths), paths)
	}
	return paths
}

// What the program prints for every sample is what the published schemas say,
// and the stages of every request sum to its duration.
func TestOutputsFollowTheirSchemas(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	top, err := compiler.Compile("testdata/schema/pfptrace.top.1.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	inspect, err := compiler.Compile("testdata/schema/pfptrace.inspect.1.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range samples(t) {
		report := output(t, "top", "--from", path, "-o", "json", "--slowest", "100000", "--group-by", "service")
		checkSchema(t, top, path, report)
		var all analyze.TopReport
		if err := json.Unmarshal(report, &all); err != nil {
			t.Fatal(err)
		}
		if len(all.Slowest) != all.Requests || all.Requests == 0 {
			t.Errorf("%s: %d requests, %d listed", path, all.Requests, len(all.Slowest))
		}
		for i, request := range all.Slowest {
			checkSum(t, path, request.Stages, request.E2E)
			if i >= 5 {
				continue // the rest are alike, and reading the file for each takes long
			}
			report := output(t, "inspect", request.TraceID, "--span", request.SpanID, "--from", path, "-o", "ndjson")
			checkSchema(t, inspect, path+" "+request.TraceID, report)
			var one analyze.InspectReport
			if err := json.Unmarshal(report, &one); err != nil {
				t.Fatal(err)
			}
			checkTiling(t, path, one.Request)
			for _, batch := range one.Batches {
				if batch.TraceID != "" && i == 0 {
					checkSchema(t, inspect, path+" "+batch.TraceID, output(t, "inspect", batch.TraceID, "--from", path, "-o", "json"))
				}
			}
		}
	}
}

func checkSchema(t *testing.T, schema *jsonschema.Schema, what string, report []byte) {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(report))
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if err := schema.Validate(document); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

func checkSum(t *testing.T, what string, stages analyze.StageMap, e2e int64) {
	t.Helper()
	sum := int64(0)
	for _, ns := range stages {
		sum += ns
	}
	if sum != e2e {
		t.Errorf("%s: stages sum to %d of %d", what, sum, e2e)
	}
}

// checkTiling fails where segments leave a gap, overlap, or disagree with the
// stages.
func checkTiling(t *testing.T, what string, request *analyze.RequestReport) {
	t.Helper()
	at, stages := int64(0), analyze.StageMap{}
	for _, segment := range request.Segments {
		if segment.Start != at || segment.End <= at {
			t.Errorf("%s: segment [%d,%d) after %d", what, segment.Start, segment.End, at)
		}
		at = segment.End
		stages[segment.Stage] += segment.End - segment.Start
	}
	if at != request.E2E || stages != request.Stages {
		t.Errorf("%s: segments reach %d of %d, and make %v of %v", what, at, request.E2E, stages, request.Stages)
	}
	checkSum(t, what, request.Stages, request.E2E)
}

// The schemas refuse what they should: a stage that nobody knows, a number that
// is a text, a field too many.
func TestSchemasRefuse(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("testdata/schema/pfptrace.inspect.1.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	good := string(output(t, "inspect", "d35b6b", "--from", "testdata/examples/otlp/ex01-basic.jsonl", "-o", "ndjson"))
	for _, change := range []struct{ from, to string }{
		{`"queue_wait":70`, `"queueing":70`},
		{`"e2e_ns":1000`, `"e2e_ns":"1000"`},
		{`"profiles":`, `"extra":1,"profiles":`},
		{`"pfptrace.inspect/1"`, `"pfptrace.inspect/2"`},
	} {
		bad := strings.Replace(good, change.from, change.to, 1)
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
		if err != nil || bad == good {
			t.Fatalf("%v: %v", change, err)
		}
		if schema.Validate(document) == nil {
			t.Errorf("accepted with %s", change.to)
		}
	}
}
