package otlp_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp"
	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
)

// message wraps Span messages.
func message(spans ...[]byte) []byte {
	var scope []byte
	for _, span := range spans {
		scope = field(scope, 2, span)
	}
	return field(nil, 1, field(nil, 2, scope))
}

// span returns a good Span message.
func span(name string) []byte {
	draft := model.Draft{Trace: model.TraceID{1}, ID: model.SpanID{2}, Start: 1, End: 2, Name: name}
	made := draft.Span(nil)
	return made.Raw
}

func TestProtoRefusals(t *testing.T) {
	fixed := func(number protowire.Number, n uint64) []byte {
		return protowire.AppendFixed64(protowire.AppendTag(span("who"), number, protowire.Fixed64Type), n)
	}
	varint := func(number protowire.Number, n uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(span("who"), number, protowire.VarintType), n)
	}
	for _, test := range []struct {
		span []byte
		kept int // of the span and its neighbour
		want string
	}{
		{field(nil, 5, []byte("who")), 1, "trace id is missing or zero"},
		{field(span("who"), 1, make([]byte, 16)), 1, "trace id is missing or zero"},
		{field(span("who"), 1, []byte{1, 2, 3}), 1, "trace id does not read as 16 bytes"},
		{field(span("who"), 2, nil), 1, "span id is missing or zero"},
		{field(span("who"), 2, make([]byte, 16)), 1, "span id does not read as 8 bytes"},
		{field(span("who"), 4, []byte{1}), 1, "parent span id does not read as 8 bytes"},
		{fixed(7, 1<<63), 1, "start time is not within 0 and 2^63-1 ns"},
		{fixed(8, math.MaxUint64), 1, "end time is not within 0 and 2^63-1 ns"},
		{varint(6, 6), 2, "span kind is unknown, kept as unspecified"},
		{field(span("who"), 15, []byte{3 << 3, 3}), 2, "status code is unknown, kept as unset"},
	} {
		decoder := otlp.NewDecoder()
		spans, err := decoder.Proto(nil, message(test.span, span("good")))
		if err != nil || len(spans) != test.kept || spans[len(spans)-1].Name != "good" {
			t.Errorf("%s: %d spans, error %v", test.want, len(spans), err)
		}
		if got := decoder.Refused(); !slices.Equal(got, []otlp.Refusal{{Reason: test.want, Count: 1, Dropped: test.kept == 1, Example: "who"}}) {
			t.Errorf("%s: refused %v", test.want, got)
		}
		agree(t, message(test.span, span("good")))
	}
}

// An id of a wrong length that a good one follows is nothing bad: the last
// counts.
func TestProtoLastIDCounts(t *testing.T) {
	bad := append(field(nil, 1, []byte{9}), span("n")...)
	spans, err := otlp.NewDecoder().Proto(nil, message(bad))
	if err != nil || len(spans) != 1 || spans[0].Trace != (model.TraceID{1}) {
		t.Errorf("%v, %v", spans, err)
	}
}

// A malformed message says where, and the spans before the place are kept.
func TestMalformedProto(t *testing.T) {
	good := span("good")
	bad := field(span("bad"), 9, []byte{0x0a, 5, 'k'})
	spans, err := otlp.NewDecoder().Proto(nil, message(good, bad))
	if len(spans) != 1 || err == nil || err.Error() != "malformed OTLP protobuf at byte 118: a field of 5 bytes where 1 are left" {
		t.Errorf("%d spans, %v", len(spans), err)
	}
	whole := message(good, good)
	for size := range whole {
		spans, err := otlp.NewDecoder().Proto(nil, whole[:size])
		if size > 0 && err == nil {
			t.Errorf("cut to %d bytes: %d spans and no error", size, len(spans))
		}
	}
	// A resource that is malformed behind good spans does not take them along.
	behind := append(field(nil, 2, field(nil, 2, good)), field(nil, 1, []byte{0x0a, 9})...)
	spans, err = otlp.NewDecoder().Proto(nil, field(nil, 1, behind))
	if len(spans) != 1 || spans[0].Origin == nil || err == nil {
		t.Errorf("%d spans, %v", len(spans), err)
	}
}

func TestProtoNesting(t *testing.T) {
	nested := func(depth int) []byte {
		var value []byte
		for range depth {
			value = field(nil, 5, field(nil, 1, value))
		}
		return message(field(span("n"), 9, field(nil, 2, value)))
	}
	if _, err := otlp.NewDecoder().Proto(nil, nested(49)); err != nil {
		t.Error(err)
	}
	for _, depth := range []int{51, 1000} {
		if _, err := otlp.NewDecoder().Proto(nil, nested(depth)); err == nil || !strings.Contains(err.Error(), "values nested too deep") {
			t.Errorf("%d deep: %v", depth, err)
		}
	}
	var groups []byte
	for range 200 {
		groups = protowire.AppendTag(groups, 99, protowire.StartGroupType)
	}
	if _, err := otlp.NewDecoder().Proto(nil, groups); err == nil || !strings.Contains(err.Error(), "groups nested too deep") {
		t.Error(err)
	}
}

// Spans of equal resource and scope share their origin, also from message to
// message; the resource may stand behind them.
func TestOriginsAreShared(t *testing.T) {
	resource := field(nil, 1, model.String("service.name", "svc"))
	scope := field(nil, 1, []byte("lib"))
	before := field(nil, 1, append(field(nil, 1, resource), field(nil, 2, append(field(nil, 1, scope), field(nil, 2, span("a"))...))...))
	behind := field(nil, 1, append(field(nil, 2, append(field(nil, 2, span("b")), field(nil, 1, scope)...)), field(nil, 1, resource)...))
	decoder := otlp.NewDecoder()
	spans, err := decoder.Proto(nil, before)
	if err == nil {
		spans, err = decoder.Proto(spans, behind)
	}
	if err != nil || len(spans) != 2 {
		t.Fatal(len(spans), err)
	}
	if spans[0].Origin != spans[1].Origin || spans[0].Origin.Service != "svc" || spans[0].Origin.ScopeName != "lib" {
		t.Errorf("%+v and %+v", spans[0].Origin, spans[1].Origin)
	}
}

// The caches forget or pass on what is too much, and read right all the same.
func TestCachesAreBounded(t *testing.T) {
	decoder := otlp.NewDecoder()
	for i := range 3 * otlp.MaxOrigins {
		name := fmt.Sprintf("name %d", i)
		resource := field(nil, 1, model.String("service.name", name))
		msg := field(nil, 1, append(field(nil, 1, resource), field(nil, 2, append(field(nil, 1, field(nil, 1, []byte(name))), field(nil, 2, span(name))...))...))
		spans, err := decoder.Proto(nil, msg)
		if err != nil || len(spans) != 1 || spans[0].Name != name || spans[0].Origin.Service != name || spans[0].Origin.ScopeName != name {
			t.Fatalf("%s: %+v, %v", name, spans, err)
		}
	}
}

func TestNoAllocationsPerSpan(t *testing.T) {
	messages := otlptest.Workload(2000, 5)
	decoder := otlp.NewDecoder()
	spans := make([]model.Span, 0, 1024)
	allocations := testing.AllocsPerRun(10, func() {
		for _, msg := range messages {
			if _, err := decoder.Proto(spans, msg); err != nil {
				t.Fatal(err)
			}
		}
	})
	if allocations > 0 {
		t.Errorf("%g allocations for 2000 spans", allocations)
	}
}

// Raw ends where the span does: appending to it cannot reach its neighbour.
func TestRawIsClosed(t *testing.T) {
	for _, read := range []func(*otlp.Decoder, []byte) ([]model.Span, error){
		func(d *otlp.Decoder, msg []byte) ([]model.Span, error) { return d.Proto(nil, msg) },
		func(d *otlp.Decoder, msg []byte) ([]model.Span, error) {
			return d.JSON(nil, documents(t, [][]byte{msg})[0])
		},
	} {
		spans, err := read(otlp.NewDecoder(), message(span("a"), span("b")))
		if err != nil || len(spans) != 2 {
			t.Fatal(len(spans), err)
		}
		_ = append(spans[0].Raw, 0xff, 0xff, 0xff, 0xff)
		if want := string(span("b")); string(spans[1].Raw) != want {
			t.Errorf("span b is %q, want %q", spans[1].Raw, want)
		}
	}
}

// Hostile sizes: nothing here may cost more than its length.
func TestLargeMessages(t *testing.T) {
	links := span("links")
	for range 100_000 {
		links = field(links, 13, field(nil, 1, []byte{1}))
	}
	var parts, scopes []byte
	for range 300_000 {
		parts = field(parts, 1, []byte{2 << 3, 1})
	}
	parts = field(parts, 2, field(nil, 2, span("parts")))
	scopes = field(scopes, 1, field(nil, 1, model.String("service.name", strings.Repeat("x", 1<<20))))
	for i := range 20_000 {
		scopes = field(scopes, 2, append(field(nil, 1, field(nil, 1, fmt.Append(nil, i))), field(nil, 2, span("scopes"))...))
	}
	huge := field(span("huge"), 9, model.String("k", strings.Repeat("x", 10<<20)))
	for _, test := range []struct {
		msg   []byte
		spans int
		links uint16
	}{
		{message(links), 1, math.MaxUint16},
		{field(nil, 1, parts), 1, 0},
		{field(nil, 1, scopes), 20_000, 0},
		{message(huge), 1, 0},
	} {
		decoder := otlp.NewDecoder()
		spans, err := decoder.Proto(nil, test.msg)
		if err != nil || len(spans) != test.spans || spans[0].Links != test.links {
			t.Fatalf("%d spans, error %v", len(spans), err)
		}
		if size := len(otlp.AppendExport(nil, spans)); size > len(test.msg) {
			t.Errorf("%d bytes became %d", len(test.msg), size)
		}
	}
}

func TestLargeDocuments(t *testing.T) {
	var links, scopes strings.Builder
	for range 100_000 {
		links.WriteString(`{"traceId":"1","spanId":"2"},`)
	}
	for i := range 20_000 {
		fmt.Fprintf(&scopes, `{"scope":{"name":"%d"},"spans":[{"traceId":"1","spanId":"2"}]},`, i)
	}
	long := strings.Repeat("x", 1<<20)
	for _, test := range []struct {
		doc   string
		spans int
		links uint16
	}{
		{one(`"links":[` + links.String() + `null]`), 1, math.MaxUint16},
		{one(`"name":"` + strings.Repeat(`\u0041`, 1<<20) + `"`), 1, 0},
		{one(`"attributes":[{"key":"` + long + `","value":{"stringValue":"` + long + `"}}]`), 1, 0},
		{one(`"startTimeUnixNano":0.` + strings.Repeat("0", 1<<20)), 1, 0},
		{`{"resourceSpans":[{"resource":{"attributes":[{"key":"` + long + `"}]},"scopeSpans":[` + scopes.String() + `null]}]}`, 20_000, 0},
	} {
		spans, err := otlp.NewDecoder().JSON(nil, []byte(test.doc))
		if err != nil || len(spans) != test.spans || len(spans) > 0 && spans[0].Links != test.links {
			t.Errorf("%.100s: %d spans, error %v", test.doc, len(spans), err)
		}
	}
}
