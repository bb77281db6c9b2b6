package analyze

import (
	"errors"
	"strings"
	"testing"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// filterRow is a request of 1 s that waited 500 ms in the queue, tried twice.
func filterRow(t *testing.T) *Row {
	t.Helper()
	draft := model.Draft{
		Trace: model.TraceID{0xab}, ID: model.SpanID{1}, Name: "POST /infer", End: 1e9,
		Attrs: []model.KeyValue{model.String("http.route", "/x y"), model.Int("tokens", 128)},
	}
	span := draft.Span(model.MakeOrigin("", model.String("service.name", "api"), model.String("region", "eu")))
	retried, ok := FlagByName("retried")
	if !ok {
		t.Fatal("no flag retried")
	}
	row := &Row{
		Request: &role.RequestInfo{Trace: span.Trace, Span: &span, Service: "api", Profile: "tgi", Status: role.Error, Weight: 7},
		E2E:     1e9, Flags: retried, Attempts: 2, BatchSize: 8,
	}
	row.Stages[QueueWait] = 500e6
	row.Stages[GPUCompute] = 125e6
	return row
}

func TestFilterMatches(t *testing.T) {
	row := filterRow(t)
	for text, want := range map[string]bool{
		`e2e=1s`:     true,
		`e2e>999ms`:  true,
		`e2e>1.0s`:   false,
		`e2e>=1s`:    true,
		`e2e<1s`:     false,
		`e2e<=1s`:    true,
		`e2e!=1s`:    false,
		`e2e<2m`:     true,
		`e2e>1000us`: true,
		`e2e>20µs`:   true,

		`stage.queue_wait=50%`:              true,
		`stage.queue_wait>49.999999%`:       true,
		`stage.queue_wait>50.000001%`:       false,
		`stage.gpu_compute=12.5%`:           true,
		`stage.gpu_compute=125ms`:           true,
		`stage.batch_formation>0ns`:         false,
		`stage.queue_wait > 400ms`:          true,
		`service="api"`:                     true,
		`service=api`:                       true,
		`service=~"^a"`:                     true,
		`service!~p`:                        false,
		`service!=gateway`:                  true,
		`name="POST /infer"`:                true,
		`name=~'inf.r'`:                     true,
		`profile=tgi`:                       true,
		`status=error`:                      true,
		`status!=ok`:                        true,
		`trace=~"^ab00"`:                    true,
		`flag=retried`:                      true,
		`flag!=retried`:                     false,
		`not flag=retried`:                  false,
		`flag=missing:gpu`:                  false,
		`flag!=missing:gpu`:                 true,
		`flag=~"^re"`:                       true,
		`flag!~missing`:                     true,
		`attempts>1`:                        true,
		`batch.size>=8`:                     true,
		`weight=7`:                          true,
		`attr."http.route"="/x y"`:          true,
		`attr.http.route=~"^/x"`:            true,
		`attr.http.route!="/x y"`:           false,
		`attr.region=eu`:                    true,
		`attr.tokens>=128`:                  true,
		`attr.tokens>128`:                   false,
		`attr.tokens=128`:                   true,
		`attr.http.route>1`:                 false,
		`attr.absent=x`:                     false,
		`attr.absent!=x`:                    true,
		`attr.absent!~x`:                    true,
		`attr.absent<1`:                     false,
		`attempts=1 or e2e=1s`:              true,
		`attempts=1 and e2e=1s`:             false,
		`attempts=2 or e2e=2s and e2e=3s`:   true, // and binds tighter
		`(attempts=2 or e2e=2s) and e2e=3s`: false,
		`not (attempts=1 or not e2e=1s)`:    true,
		`not not e2e=1s`:                    true,
		`e2e>500ms and stage.queue_wait>40% and not flag=links_dropped`: true,
	} {
		filter, err := ParseFilter(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := filter.Match(row); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	if (*Filter)(nil).Match(row) != true {
		t.Error("no filter must pick everything")
	}
}

// Every error names its column and what was expected there.
func TestFilterErrors(t *testing.T) {
	for _, test := range []struct {
		text   string
		column int
		reason string
	}{
		{``, 1, "expected a field such as"},
		{`e2e`, 4, "expected an operator"},
		{`e2e>`, 5, "expected a value"},
		{`e2e>500`, 5, "expected a duration such as"},
		{`e2e>1.5ns`, 5, "expected a duration such as"},
		{`e2e>1..5s`, 5, "expected a duration such as"},
		{`e2e=~"x"`, 4, "for a number"},
		{`e2e>99999999999999999999s`, 5, "expected a duration"},
		{`latency>5ms`, 1, "expected a field: e2e"},
		{`stage.queue>5ms`, 1, "one of ingress admission queue_wait"},
		{`stage.queue_wait>4x%`, 18, "expected a percentage"},
		{`service>"x"`, 8, "for a text"},
		{`service=~"("`, 10, "not a pattern"},
		{`service="x`, 9, "never closed"},
		{`service=x and`, 14, "expected a field such as"},
		{`service=x e2e>5ms`, 11, `expected "and", "or" or the end, got "e2e"`},
		{`(service=x`, 11, `expected "and", "or" or ")"`},
		{`flag=retryed`, 6, "expected a flag of the method"},
		{`attempts>x`, 10, "expected a whole number"},
		{`attr.=x`, 1, "expected attr.KEY"},
		{`attr.n>x`, 8, "expected a number"},
		{`service ! x`, 9, "expected != or !~"},
		{`service=$x`, 9, "need quotes"},
		{`trace=~^ab`, 8, "need quotes"},
		{`service=ü e2e>1`, 11, "expected \"and\""},
		{strings.Repeat("(", 100) + "e2e>1s", 66, "nested deeper than 64"},
		{strings.Repeat("not ", 100) + "e2e>1s", 261, "nested deeper than 64"},
		{strings.Repeat("x", 5000), 1, "longer than 4096 bytes"},
		{"service=\xff", 1, "not valid UTF-8"},
	} {
		_, err := ParseFilter(test.text)
		var at *FilterError
		if !errors.As(err, &at) {
			t.Errorf("%q: error %v", test.text, err)
			continue
		}
		if at.Column != test.column || !strings.Contains(at.Reason, test.reason) {
			t.Errorf("%q: column %d: %s; want column %d: …%s…", test.text, at.Column, at.Reason, test.column, test.reason)
		}
	}
}

func TestFilterQuotes(t *testing.T) {
	for text, want := range map[string]string{
		`name="a\"b"`:   `a"b`,
		`name="a\d\\"`:  `a\d\\`,
		`name='a\"b\'`:  `a\"b\`,
		`name="it's"`:   `it's`,
		`name="héllo→"`: `héllo→`,
	} {
		row := filterRow(t)
		row.Request.Span.Name = want
		filter, err := ParseFilter(text)
		if err != nil || !filter.Match(row) || filter.String() != text {
			t.Errorf("%s: %v, %v", text, filter, err)
		}
	}
}

// Whatever is parsed can be asked, and says the same when parsed again.
func FuzzParseFilter(f *testing.F) {
	for _, seed := range []string{`e2e>500ms and not (flag=retried or attr."k"="v")`, `stage.prep<=0.5%`, `name!~'['`, "\"", "not not", "attr.x<nan"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := ParseFilter(text)
		if err != nil {
			var at *FilterError
			if !errors.As(err, &at) || at.Column < 1 {
				t.Fatalf("%q: %v names no column", text, err)
			}
			return
		}
		row := filterRow(t)
		again, err := ParseFilter(filter.String())
		if err != nil || again.Match(row) != filter.Match(row) {
			t.Fatalf("%q: parsed again: %v", text, err)
		}
	})
}
