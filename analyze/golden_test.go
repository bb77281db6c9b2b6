package analyze_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp"
)

// goldenExample is a worked example of method.md 2.9: spans in, exact integers
// out. Keys that expect lacks are not asserted.
type goldenExample struct {
	ID      string            `json:"id"`
	IDs     map[string]string `json:"ids"` // trace ids by the names used here
	Quantum int64             `json:"quantum_ns"`
	Expect  struct {
		Requests map[string]map[string]any `json:"requests"`
		Batches  map[string]map[string]any `json:"batches"`
		Skew     map[string]struct {
			Lo, Hi        int64
			Verdict       string
			MinCorrection int64 `json:"min_correction"`
		} `json:"skew"`
		Corrected struct {
			Requests map[string]map[string]any `json:"requests"`
		} `json:"corrected"`
		TTFB map[string]struct {
			E2E    int64            `json:"e2e"`
			Stages analyze.StageMap `json:"stages"`
		} `json:"ttfb"`
		GPUIdle map[string]struct {
			Window  [2]int64
			Classes map[string]int64
		} `json:"gpu_idle"`
	} `json:"expect"`
}

// goldenZero is what the examples' times are later by in the OTLP files.
const goldenZero = 1760000000000000000

func TestGoldenExamples(t *testing.T) {
	examples := filepath.Join("..", "testdata", "examples")
	data, err := os.ReadFile(filepath.Join(examples, "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Examples []goldenExample `json:"examples"`
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Examples) < 20 {
		t.Fatalf("%d examples", len(golden.Examples))
	}
	for _, e := range golden.Examples {
		t.Run(e.ID, func(t *testing.T) {
			world := matcher().Resolve(readLines(t, filepath.Join(examples, "otlp", e.ID+".jsonl")))
			as := analyze.New(world, analyze.Options{Quantum: e.Quantum})
			e.requests(t, as, e.Expect.Requests)
			e.requests(t, analyze.New(world, analyze.Options{Quantum: e.Quantum, Skew: analyze.SkewMin}), e.Expect.Corrected.Requests)
			e.batches(t, as)
			e.skew(t, as, world)
			e.firstBytes(t, as)
			e.devices(t, as)
		})
	}
}

func readLines(t *testing.T, path string) *model.Traces {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	decoder := otlp.NewDecoder()
	var spans []model.Span
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if spans, err = decoder.JSON(spans, lines.Bytes()); err != nil {
			t.Fatalf("%s: %s", path, err)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	var b model.Builder
	b.Add(spans...)
	traces := b.Build()
	if err := model.Check(traces); err != nil {
		t.Fatal(err)
	}
	return traces
}

// inspect returns the report on a trace by its name, as the JSON output has it.
func (e *goldenExample) inspect(t *testing.T, as *analyze.Analysis, name string) (out struct {
	Request map[string]any
	Batches []map[string]any
},
) {
	t.Helper()
	id, err := model.ParseTraceID(e.IDs[name])
	if err != nil {
		t.Fatal(err)
	}
	report, ok := as.Inspect(id, model.SpanID{})
	if !ok {
		t.Fatalf("no request or batch %s", name)
	}
	data, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func (e *goldenExample) requests(t *testing.T, as *analyze.Analysis, want map[string]map[string]any) {
	for name, fields := range want {
		got := e.inspect(t, as, name).Request
		got["e2e"] = got["e2e_ns"]
		e.compare(t, "request "+name, got, fields)
	}
}

func (e *goldenExample) batches(t *testing.T, as *analyze.Analysis) {
	for name, fields := range e.Expect.Batches {
		e.compare(t, "batch "+name, e.inspect(t, as, name).Batches[0], fields)
	}
}

// compare checks what the example expects; a field that is absent from the
// output is 0, or empty.
func (e *goldenExample) compare(t *testing.T, what string, got, want map[string]any) {
	t.Helper()
	for field, value := range want {
		x, y := e.plain(got[field]), e.plain(value)
		if !reflect.DeepEqual(x, y) {
			t.Errorf("%s: %s is %v, want %v", what, field, x, y)
		}
	}
}

// plain makes values comparable: names become ids, zero values nil.
func (e *goldenExample) plain(value any) any {
	switch v := value.(type) {
	case string:
		if id, ok := e.IDs[v]; ok {
			return id
		}
	case float64:
		if v == 0 {
			return nil
		}
	case []any:
		var out []any
		for _, element := range v {
			out = append(out, e.plain(element))
		}
		if out == nil {
			return nil
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key, element := range v {
			if element = e.plain(element); element != nil {
				out[e.plain(key).(string)] = element
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	}
	return value
}

func (e *goldenExample) skew(t *testing.T, as *analyze.Analysis, world *role.World) {
	for pair, want := range e.Expect.Skew {
		from, to, _ := strings.Cut(pair, "->")
		found := ""
		for _, r := range world.Requests {
			report, _ := as.Inspect(r.Trace, r.Span.ID)
			for _, s := range report.Skew {
				if s.From == "host-"+from && s.To == "host-"+to {
					found = fmt.Sprint(*s.Lo, *s.Hi, s.Verdict, s.MinCorrection)
				}
			}
		}
		if wanted := fmt.Sprint(want.Lo, want.Hi, want.Verdict, want.MinCorrection); found != wanted {
			t.Errorf("skew %s is %s, want %s", pair, found, wanted)
		}
	}
}

func (e *goldenExample) firstBytes(t *testing.T, as *analyze.Analysis) {
	for name, want := range e.Expect.TTFB {
		id, _ := model.ParseTraceID(e.IDs[name])
		report, _ := as.Inspect(id, model.SpanID{})
		if got := report.Request.TTFB; got == nil || got.E2E != want.E2E || got.Stages != want.Stages {
			t.Errorf("first byte of %s is %+v, want %+v", name, got, want)
		}
	}
}

func (e *goldenExample) devices(t *testing.T, as *analyze.Analysis) {
	for name, want := range e.Expect.GPUIdle {
		got := ""
		for _, d := range as.Top(analyze.TopQuery{Start: goldenZero + want.Window[0], End: goldenZero + want.Window[1]}).Devices {
			if d.Device == name {
				got += fmt.Sprint(map[string]int64{
					"busy": d.Busy, "host": d.HostWait, "transfer": d.Transfer, "forming": d.Forming, "consumer": d.Consumer, "starved": d.Starved,
				})
			}
		}
		if wanted := fmt.Sprint(want.Classes); got != wanted {
			t.Errorf("device %s is %s, want %s", name, got, wanted)
		}
	}
}
