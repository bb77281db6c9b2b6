package otlp_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp"
)

// spelling is a document that must read, and what comes out.
type spelling struct{ name, doc, want string }

// one wraps the members of a span, beside its ids, into a document.
func one(members string) string {
	return export(`{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"a1a2a3a4a5a6a7a8",` + members + `}`)
}

func export(spans string) string {
	return `{"resourceSpans":[{"scopeSpans":[{"spans":[` + spans + `]}]}]}`
}

// withID gives a document whose span has these ids, as they stand in JSON.
func withID(trace, span string) string {
	return export(`{"traceId":` + trace + `,"spanId":` + span + `,"name":"n"}`)
}

func spellings() []spelling {
	return slices.Concat(idSpellings(), valueSpellings(), shapeSpellings(), []spelling{
		{"names of kind and status", one(`"name":"n","kind":"SPAN_KIND_SERVER","status":{"code":"STATUS_CODE_ERROR","message":"m"}`), "n server error(m)"},
		{"short names of kind and status", one(`"name":"n","kind":"client","status":{"code":"Ok"}`), "n client ok"},
		{"numbers as text", one(`"name":"n","kind":"5","status":{"code":"2"},"flags":"257","droppedLinksCount":"3"`), "n consumer error() flags=257 dropped=3"},
		{"times as numbers", one(`"name":"n","startTimeUnixNano":1795333155776381998,"endTimeUnixNano":"1795333155777005568"`), "n 1795333155776381998..1795333155777005568"},
		{"times with an exponent", one(`"name":"n","startTimeUnixNano":1.5e3,"endTimeUnixNano":"1795333155776381998.0"`), "n 1500..1795333155776381998"},
		{"end before start", one(`"name":"n","startTimeUnixNano":"5","endTimeUnixNano":"4"`), "n 5..4"},
		{"escapes", one(`"name":"a\"\\\/\b\f\n\r\té\ud83d\ude00\ud83d!\udc00"`), "a\"\\/\b\f\n\r\té😀\ufffd!\ufffd"},
		{"raw control characters", one("\"name\":\"a\tb\x1b\""), "a\tb\x1b"},
		{"members twice", one(`"name":"x","name":"n","attributes":[{"key":"a","value":{"intValue":1}}],"attributes":[{"key":"b","value":{"intValue":2}}]`), "n b=2"},
		{"unknown members", one(`"what":{"a":[1,{"b":null}],"c":"}"},"name":"n","else":-1.5e-7`), "n"},
		{"null members", one(`"name":"n","kind":null,"status":null,"attributes":null,"links":null,"events":null,"parentSpanId":null,"traceState":null`), "n"},
		{"details before the header", export(`{"attributes":[{"key":"a","value":{"intValue":1}}],"links":[{"spanId":"02","traceId":"01","flags":1}],"name":"n","spanId":"a1a2a3a4a5a6a7a8","traceId":"0102030405060708090a0b0c0d0e0f10"}`), "n a=1 link=1/2,1,,"},
		{
			"links and events", one(`"name":"n","links":[{"traceId":"0x1","spanId":"2","traceState":"x=y","flags":257,"attributes":[{"key":"k","value":{"stringValue":"v"}}]},{"traceId":"zzz","spanId":""}],"events":[{"name":"e","timeUnixNano":"7"},{"timeUnixNano":-1}]`),
			`n link=1/2,257,x=y,k="v" link=/,0,, event=e@7, event=@-1,`,
		},
	})
}

func idSpellings() []spelling {
	return []spelling{
		{"hex", withID(`"0102030405060708090a0b0c0d0e0f10"`, `"a1a2a3a4a5a6a7a8"`), "n"},
		{"upper-case hex", withID(`"0102030405060708090A0B0C0D0E0F10"`, `"A1A2A3A4A5A6A7A8"`), "n"},
		{"0x", withID(`"0x0102030405060708090a0b0c0d0e0f10"`, `"0xa1a2a3a4a5a6a7a8"`), "n"},
		{"without leading zeros", withID(`"102030405060708090a0b0c0d0e0f10"`, `"a1a2a3a4a5a6a7a8"`), "n"},
		{"base64 of the bytes", withID(`"AQIDBAUGBwgJCgsMDQ4PEA=="`, `"oaKjpKWmp6g="`), "n"},
		{"base64 of the hex text", withID(`"MDEwMjAzMDQwNTA2MDcwODA5MGEwYjBjMGQwZTBmMTA="`, `"YTFhMmEzYTRhNWE2YTdhOA=="`), "n"},
		{"arrays of bytes", withID(`[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]`, `[161, 162, 163, 164, 165, 166, 167, 168]`), "n"},
		{"64 bits", withID(`"a1"`, `"b2"`), "a1/b2 n"},
	}
}

func valueSpellings() []spelling {
	value := func(v string) string { return one(`"name":"n","attributes":[{"key":"a","value":` + v + `}]`) }
	return []spelling{
		{"int as text", value(`{"intValue":"-9223372036854775808"}`), "n a=-9223372036854775808"},
		{"int with an exponent", value(`{"intValue":1e3}`), "n a=1000"},
		{"int beyond 64 bits", value(`{"intValue":"9223372036854775808"}`), `n a="9223372036854775808"`},
		{"int that is none", value(`{"intValue":"many"}`), `n a="many"`},
		{"bool as text", value(`{"boolValue":"true"}`), "n a=true"},
		{"double without a number", value(`{"doubleValue":"NaN"}`), "n a=NaN"},
		{"infinite double", value(`{"doubleValue":"-Infinity"}`), "n a=-Inf"},
		{"double as text", value(`{"doubleValue":"0.25"}`), "n a=0.25"},
		{"bytes", value(`{"bytesValue":"AP8="}`), "n a=AP8="},
		{"bytes in the other alphabet", value(`{"bytesValue":"-_8"}`), "n a=+/8="},
		{"array", value(`{"arrayValue":{"values":[{"stringValue":"x"},{"intValue":"1"},{}]}}`), `n a=["x", 1, ]`},
		{"empty array", value(`{"arrayValue":{}}`), `n a=[]`},
		{"map", value(`{"kvlistValue":{"values":[{"key":"k","value":{"boolValue":false}}]}}`), `n a={"k": false}`},
		{"empty value", value(`{}`), "n a="},
		{"null value", value(`null`), "n a="},
		{"as Go prints it", value(`{"Value":{"StringValue":"x"}}`), `n a="x"`},
		{"snake case", value(`{"string_value":"x"}`), `n a="x"`},
		{"two alternatives", value(`{"stringValue":"x","intValue":2}`), "n a=2"},
		{"value before key", one(`"name":"n","attributes":[{"value":{"intValue":1},"key":"a"}]`), "n a=1"},
		{"long value", value(`{"stringValue":"` + strings.Repeat("é", 100) + `"}`), `n a="` + strings.Repeat("é", 100) + `"`},
	}
}

func shapeSpellings() []spelling {
	const spans = `[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"a1a2a3a4a5a6a7a8","name":"n"}]`
	const service = `{"attributes":[{"key":"service.name","value":{"stringValue":"svc"}}]}`
	return []spelling{
		{"snake case", `{"resource_spans":[{"resource":` + service + `,"scope_spans":[{"scope":{"name":"lib"},"spans":[{"trace_id":"0102030405060708090a0b0c0d0e0f10","span_id":"a1a2a3a4a5a6a7a8","name":"n","start_time_unix_nano":"1","end_time_unix_nano":"2"}]}]}]}`, "n 1..2 svc/lib"},
		{"before scopes", `{"resourceSpans":[{"resource":` + service + `,"instrumentationLibrarySpans":[{"instrumentationLibrary":{"name":"lib"},"spans":` + spans + `}]}]}`, "n svc/lib"},
		{"resource and scope behind the spans", `{"resourceSpans":[{"scopeSpans":[{"spans":` + spans + `,"scope":{"name":"lib"}}],"resource":` + service + `}]}`, "n svc/lib"},
		{"Jaeger's answer", `{"result":{"resourceSpans":[{"scopeSpans":[{"spans":` + spans + `}]}]}}`, "n"},
		{"Tempo's answer", `{"trace":{"resourceSpans":[{"scopeSpans":[{"spans":` + spans + `}]}]},"metrics":{}}`, "n"},
		{"Tempo's old answer", `{"batches":[{"scopeSpans":[{"spans":` + spans + `}]}]}`, "n"},
		{"white space", " {\r\n\t\"resourceSpans\" : [ { \"scopeSpans\" : [ { \"spans\" : " + spans + " } ] } ] } \n", "n"},
		{"schema URLs", `{"resourceSpans":[{"schemaUrl":"x","scopeSpans":[{"spans":` + spans + `,"schemaUrl":"y"}]}]}`, "n"},
	}
}

// A span that cannot be one is counted with the reason, and its neighbours are
// kept.
func TestJSONRefusals(t *testing.T) {
	const good = `{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"a1a2a3a4a5a6a7a8","name":"good"}`
	for _, test := range []struct {
		span string
		kept int // of the span and its two neighbours
		want otlp.Refusal
	}{
		{`{"traceId":"!!!INVALID!!!","spanId":"01"}`, 2, otlp.Refusal{Reason: "trace id does not read as 16 bytes", Count: 1, Example: "!!!INVALID!!!"}},
		{`{"traceId":"zzz","spanId":"xyz"}`, 2, otlp.Refusal{Reason: "trace id does not read as 16 bytes", Count: 1, Example: "zzz"}},
		{`{"traceId":[1,2,3],"spanId":"01"}`, 2, otlp.Refusal{Reason: "trace id does not read as 16 bytes", Count: 1, Example: "[1,2,3]"}},
		{`{"name":"who","spanId":"01"}`, 2, otlp.Refusal{Reason: "trace id is missing or zero", Count: 1, Example: "who"}},
		{`{"name":"who","traceId":"00000000000000000000000000000000","spanId":"01"}`, 2, otlp.Refusal{Reason: "trace id is missing or zero", Count: 1, Example: "who"}},
		{`{"traceId":"01","spanId":"0102030405060708090a"}`, 2, otlp.Refusal{Reason: "span id does not read as 8 bytes", Count: 1, Example: "0102030405060708090a"}},
		{`{"traceId":"01","spanId":"","name":"who"}`, 2, otlp.Refusal{Reason: "span id is missing or zero", Count: 1, Example: "who"}},
		{`{"traceId":"01","spanId":"01","parentSpanId":"!"}`, 2, otlp.Refusal{Reason: "parent span id does not read as 8 bytes", Count: 1, Example: "!"}},
		{`{"traceId":"01","spanId":"01","startTimeUnixNano":"9223372036854775808"}`, 2, otlp.Refusal{Reason: "start time is not within 0 and 2^63-1 ns", Count: 1, Example: "9223372036854775808"}},
		{`{"traceId":"01","spanId":"01","startTimeUnixNano":-1}`, 2, otlp.Refusal{Reason: "start time is not within 0 and 2^63-1 ns", Count: 1, Example: "-1"}},
		{`{"traceId":"01","spanId":"01","endTimeUnixNano":"now"}`, 2, otlp.Refusal{Reason: "end time is not within 0 and 2^63-1 ns", Count: 1, Example: "now"}},
		{`{"traceId":"01","spanId":"01","kind":"SPAN_KIND_INVALID_TYPE"}`, 3, otlp.Refusal{Reason: "span kind is unknown, kept as unspecified", Count: 1, Example: "SPAN_KIND_INVALID_TYPE"}},
		{`{"traceId":"01","spanId":"01","kind":6}`, 3, otlp.Refusal{Reason: "span kind is unknown, kept as unspecified", Count: 1, Example: "6"}},
		{`{"traceId":"01","spanId":"01","status":{"code":"BAD"}}`, 3, otlp.Refusal{Reason: "status code is unknown, kept as unset", Count: 1, Example: "BAD"}},
		{`{"traceId":"01","spanId":"01","flags":"x"}`, 3, otlp.Refusal{Reason: "number does not read as one, kept as 0", Count: 1, Example: "x"}},
	} {
		decoder := otlp.NewDecoder()
		spans, err := decoder.JSON(nil, []byte(export(good+","+test.span+","+good)))
		if err != nil || len(spans) != test.kept || spans[len(spans)-1].Name != "good" {
			t.Errorf("%s: %d spans, error %v", test.span, len(spans), err)
		}
		test.want.Dropped = test.kept == 2
		if got := decoder.Refused(); !slices.Equal(got, []otlp.Refusal{test.want}) {
			t.Errorf("%s: refused %v, want %v", test.span, got, test.want)
		}
	}
}

func TestJSONOfOtherThings(t *testing.T) {
	decoder := otlp.NewDecoder()
	for _, doc := range []string{`{"resourceLogs":[{}]}`, `{"resourceLogs":[]}`, `{"resource_metrics":[{"x":1}]}`, `{"resourceProfiles":[]}`, `{"error":{"code":5}}`, `{}`, `{"result":null}`} {
		if spans, err := decoder.JSON(nil, []byte(doc)); err != nil || len(spans) != 0 {
			t.Errorf("%s: %d spans, error %v", doc, len(spans), err)
		}
	}
	want := []otlp.Refusal{
		{Reason: "logs, not traces", Count: 2, Example: "resourcelogs"},
		{Reason: "metrics, not traces", Count: 1, Example: "resourcemetrics"},
		{Reason: "profiles, not traces", Count: 1, Example: "resourceprofiles"},
		{Reason: "object without resourceSpans", Count: 1, Example: "error"},
	}
	if got := decoder.Refused(); !slices.Equal(got, want) {
		t.Errorf("refused %v, want %v", got, want)
	}
}

// A document that is malformed says where, and what stood before is kept.
func TestMalformedJSON(t *testing.T) {
	whole := one(`"name":"n"`)
	for _, test := range []struct {
		doc   string
		spans int
		want  string
	}{
		{``, 0, "malformed OTLP JSON at byte 0: expected '{', found the end"},
		{`null`, 0, "malformed OTLP JSON at byte 0: expected '{', found 'n'"},
		{`[]`, 0, "malformed OTLP JSON at byte 0: expected '{', found '['"},
		{whole[:len(whole)-1], 1, "malformed OTLP JSON at byte 133: expected ',' or '}', found the end"},
		{whole[:70], 0, "malformed OTLP JSON at byte 55: a string without an end"},
		{whole + "x", 1, "malformed OTLP JSON at byte 134: more after the end of the document"},
		{`{"a":01}`, 0, "malformed OTLP JSON at byte 5: bad number"},
		{`{"a":"\x"}`, 0, "malformed OTLP JSON at byte 6: bad escape in a string"},
		{`{"a":1,}`, 0, `malformed OTLP JSON at byte 7: expected '"', found '}'`},
		{`{"a":tru}`, 0, "malformed OTLP JSON at byte 5: expected true"},
		{`{"resourceSpans":{}}`, 0, "malformed OTLP JSON at byte 17: expected '[', found '{'"},
		{one(`"name":{}`), 0, "malformed OTLP JSON at byte 124: expected text or a number, found '{'"},
		{`{"a":` + strings.Repeat("[", 200), 0, "malformed OTLP JSON at byte 106: nested too deep"},
		{`{"trace":` + strings.Repeat(`{"trace":`, 200), 0, "malformed OTLP JSON at byte 909: nested too deep"},
		{one(`"attributes":[{"value":` + strings.Repeat(`{"kvlistValue":{"values":[{"value":`, 40)), 0, "values nested too deep"},
	} {
		spans, err := otlp.NewDecoder().JSON(nil, []byte(test.doc))
		if len(spans) != test.spans || err == nil || !strings.HasSuffix(err.Error(), test.want) {
			t.Errorf("%.80s: %d spans, error %v, want %s", test.doc, len(spans), err, test.want)
		}
	}
}

func TestJSONSpellings(t *testing.T) {
	for _, test := range spellings() {
		t.Run(test.name, func(t *testing.T) {
			decoder := otlp.NewDecoder()
			spans, err := decoder.JSON(nil, []byte(test.doc))
			if err != nil || len(spans) != 1 || len(decoder.Refused()) > 0 {
				t.Fatalf("%d spans, error %v, refused %v of\n%s", len(spans), err, decoder.Refused(), test.doc)
			}
			if got := describe(&spans[0]); got != test.want {
				t.Errorf("got  %q\nwant %q\n%s", got, test.want, test.doc)
			}
			agreeJSON(t, []byte(test.doc))
		})
	}
}

// describe writes what a span says, without what it does not say, and without
// the ids that most have here.
func describe(s *model.Span) string {
	var words []string
	word := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	if id := short(s.Ref()); id != "102030405060708090a0b0c0d0e0f10/a1a2a3a4a5a6a7a8" {
		word("%s", id)
	}
	word("%s", s.Name)
	if s.Kind != model.KindUnspecified {
		word("%s", s.Kind)
	}
	switch s.Status {
	case model.StatusOK:
		word("ok")
	case model.StatusError:
		word("error(%s)", s.StatusMessage())
	}
	if s.Start != 0 || s.End != 0 {
		word("%d..%d", s.Start, s.End)
	}
	if s.Origin.Service+s.Origin.ScopeName != "" {
		word("%s/%s", s.Origin.Service, s.Origin.ScopeName)
	}
	words = append(words, pairs(s.Attrs())...)
	for link := range s.LinkSeq() {
		word("link=%s,%d,%s,%s", short(link.Ref), link.Flags, link.TraceState, strings.Join(pairs(link.Attrs), ","))
	}
	for event := range s.Events() {
		word("event=%s@%d,%s", event.Name, event.Time, strings.Join(pairs(event.Attrs), ","))
	}
	if s.Flags() != 0 {
		word("flags=%d", s.Flags())
	}
	if s.DroppedLinks() != 0 {
		word("dropped=%d", s.DroppedLinks())
	}
	return strings.Join(words, " ")
}

// short writes ids without their zeros in front.
func short(ref model.Ref) string {
	return strings.TrimLeft(ref.Trace.String(), "0") + "/" + strings.TrimLeft(ref.Span.String(), "0")
}

func pairs(attrs model.Attrs) (words []string) {
	for key, value := range attrs.All() {
		text := value.Text()
		if value.Type == model.ValueString {
			text = `"` + text + `"`
		}
		words = append(words, key+"="+text)
	}
	return words
}
