package model

import (
	"bytes"
	"math"
	"strings"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"
)

// span a  |--------------------- request ----------------------|  0..97
// span b    |- queue -|                                           2..14
// span k              |----------------- batch ----------------|  14..95
const fixture = `# a request, its queue, and the batch that took it
trace 1
  span a  svc=api host=h1 name=request  0ms..97ms kind=server "name"=x n=5 big=1e3 deep={a:[1,"true",null],b:bytes(aGk=)}
  span b  svc=api host=h1 name=queue    2ms..14ms  parent=a status=error message="gave up" event=popped@5.5ms{depth:3}
base 1760000000000000000
trace r1.x
  span k  svc=gpu name="batch \x1b[1m"  -14us..95ns link=1/b(flags=769,state="a=b"){w:2} link=fda3fb48b89bbc0956d929c64d305e88/0 dropped_links=7
`

func TestParseNotation(t *testing.T) {
	spans, err := ParseNotation(fixture)
	if err != nil {
		t.Fatal(err)
	}
	if len(spans) != 3 || spans[0].Origin != spans[1].Origin || spans[0].Origin.Domain != "h1" || spans[2].Origin.Service != "gpu" {
		t.Fatalf("spans %+v", spans)
	}
	a, b, k := spans[0], spans[1], spans[2]
	if a.Trace != (TraceID{15: 1}) || a.ID != (SpanID{7: 0xa}) || a.Start != 0 || a.End != 97e6 || a.Kind != KindServer || a.Name != "request" {
		t.Errorf("span a is %+v", a)
	}
	var texts []string
	for key, value := range a.Attrs().All() {
		texts = append(texts, key+"="+value.Text())
	}
	if got, want := strings.Join(texts, " "), `name=x n=5 big=1000 deep={"a": [1, "true", ], "b": aGk=}`; got != want {
		t.Errorf("attributes %s, want %s", got, want)
	}
	if b.Parent != a.ID || b.Status != StatusError || b.StatusMessage() != "gave up" {
		t.Errorf("span b is %+v", b)
	}
	for e := range b.Events() {
		if depth, _ := e.Attrs.Get("depth"); e.Name != "popped" || e.Time != 5.5e6 || depth.Text() != "3" {
			t.Errorf("event %+v", e)
		}
	}
	if k.Trace != (TraceID{12: 'r', 13: '1', 14: '.', 15: 'x'}) || k.ID != (SpanID{7: 'k'}) || k.Start != 1760000000000000000-14000 || k.Links != 2 || k.DroppedLinks() != 7 {
		t.Errorf("span k is %+v", k)
	}
	for l := range k.LinkSeq() {
		if l.Trace == a.Trace && (l.Span != b.ID || l.Flags != 769 || l.TraceState != "a=b" || l.Attrs.Len() != 1) {
			t.Errorf("link %+v", l)
		}
	}
}

func TestFormatNotation(t *testing.T) {
	const text = `origin o1 resource={service.name:api,os:"5"} scope=lib{v:1.0}
trace 1
  span a 0s..97ms from=o1 name=request kind=server status=ok code=200 event=popped@5500us{depth:3}
  span b 2ms..14ms svc=api host=h1 scope=lib name=queue parent=a "kind"="a b" link=r1/k(flags=769)
`
	if got := FormatNotation(parsed(t, text).List); got != text {
		t.Errorf("formatted as\n%s\nwant\n%s", got, text)
	}
}

func parsed(t *testing.T, text string) *Traces {
	t.Helper()
	spans, err := ParseNotation(text)
	if err != nil {
		t.Fatalf("%s in\n%s", err, text)
	}
	return build(spans...)
}

func TestNotationErrorsNameTheirPlace(t *testing.T) {
	for text, want := range map[string]string{
		"span a 0s..1s":                                 "line 1, column 5: a span before the first trace line",
		"trace 1\n\n  spam a":                           `line 3, column 7: a line starts with base, origin, trace or span, not "spam"`,
		"trace 1\nspan a 0s":                            "line 2, column 10: want ..",
		"trace 1\nspan a name=x":                        "line 2, column 14: span without START..END",
		"trace 1\nspan a 0s..1s name=x name=y":          "line 2, column 27: name is given twice",
		"trace 1\nspan a 0s..1.5ns":                     "line 2, column 17: time is no whole number of ns",
		"trace 1\nspan a -1s..0s":                       "line 2, column 11: time is not within 0 and 2^63-1 unix ns",
		"trace 1\nspan a 0s..18446744073709551615":      "line 2, column 32: time is above 2^63-1 unix ns",
		"trace 1\nspan a 0s..1s k=\"x":                  "line 2, column 17: a quoted text without its end, or with an escape Go has not",
		"trace 1\nspan a 0s..1s k=99999999999999999999": "line 2, column 37: 99999999999999999999 does not fit in 64 bits; a text of digits stands in quotes",
		"trace 1\nspan a 0s..1s k=[1,2":                 "line 2, column 21: want ,",
		"trace 1\nspan a 0s..1s kind=serving":           `line 2, column 27: kind is one of unspecified, internal, server, client, producer, consumer, not "serving"`,
		"trace 1\nspan a 0s..1s link=1/b(flag=1)":       `line 2, column 24: unknown field "flag"`,
		"trace 1\nspan a 0s..1s from=o1":                `line 2, column 22: no origin "o1" above`,
		"trace 1\nspan a 0s..1s more=bytes(!)":          "line 2, column 26: bytes(...): illegal base64 data at input byte 0",
		"trace 1\nspan a 0s..1s more=bytes(AAAA)":       "line 2, column 31: bytes(...) holds no fields in protobuf's encoding",
		"trace 0x1":               `line 1, column 7: id "0x1": a name starts with a letter`,
		"trace abcdefghijklmnopq": `line 1, column 7: id "abcdefghijklmnopq": a name has at most 16 characters here`,
		"trace 1 2":               "line 1, column 9: unexpected text at the end of the line",
		"trace 1\nspan a 0s..1s k=" + strings.Repeat("[", 100): "line 2, column 50: more than 32 arrays and maps inside each other",
	} {
		if spans, err := ParseNotation(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, %v, want %s", text, spans, err, want)
		}
	}
}

// What came out of another encoder, with fields this package has no word for,
// holds the same message after a trip through the notation.
func TestNotationKeepsForeignEncodings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := anySpan(t)
		span.Raw = append(span.Raw, rapid.SampledFrom([][]byte{
			nil,
			{3<<3 | wireBytes, 3, 'a', '=', 'b'}, // trace_state
			{10<<3 | wireVarint, 9, 12<<3 | wireVarint, 4}, // dropped attributes and events
			{fieldSpanEvents<<3 | wireBytes, 2, 4<<3 | wireVarint, 2},
			{fieldSpanLinks<<3 | wireBytes, 8, fieldLinkTraceID<<3 | wireBytes, 2, 7, 7, fieldLinkSpanID<<3 | wireBytes, 2, 8, 8},
			{fieldSpanAttributes<<3 | wireBytes, 2, fieldKey<<3 | wireBytes, 0},
			{99<<3&0x7f | 0x80, 6, 1},
		}).Draw(t, "foreign")...)
		if span.Status == StatusUnset && span.StatusMessage() == "" {
			span.Raw = append(span.Raw, fieldSpanStatus<<3|wireBytes, 0) // as Go's SDK writes
		}
		span.Links = countLinks(span.Raw)
		traces := build(span)
		text := FormatNotation(traces.List)
		back, err := ParseNotation(text)
		if err != nil {
			t.Fatalf("%s in\n%s", err, text)
		}
		var want, got collector.Span
		if err := proto.Unmarshal(span.Raw, &want); err != nil {
			t.Skip("not valid for the library")
		}
		if err := proto.Unmarshal(back[0].Raw, &got); err != nil {
			t.Fatal(err)
		}
		if want.Status == nil || got.Status == nil {
			want.Status, got.Status = nil, nil // an empty status says what none says
		}
		if !proto.Equal(&want, &got) || span.Links != back[0].Links {
			t.Fatalf("%v became %v over\n%s", &want, &got, text)
		}
	})
}

func TestParseOfFormatIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b Builder
		for range rapid.IntRange(1, 5).Draw(t, "spans") {
			b.Add(anySpan(t))
		}
		sameAfterTrip(t, b.Build())
	})
}

func sameAfterTrip(t interface {
	Helper()
	Fatalf(string, ...any)
}, traces *Traces,
) {
	t.Helper()
	text := FormatNotation(traces.List)
	back, err := ParseNotation(text)
	if err != nil {
		t.Fatalf("%s in\n%s", err, text)
	}
	for i := range traces.List {
		for j := range traces.List[i].Spans {
			want, got := traces.List[i].Spans[j], back[0]
			back = back[1:]
			if !bytes.Equal(want.Raw, got.Raw) ||
				!bytes.Equal(want.Origin.Resource.msg, got.Origin.Resource.msg) || !bytes.Equal(want.Origin.Scope.msg, got.Origin.Scope.msg) {
				t.Fatalf("%+v became %+v over\n%s", want, got, text)
			}
			want.Raw, want.Origin, got.Raw, got.Origin = nil, nil, nil, nil
			if !sameHeader(&want, &got) {
				t.Fatalf("%+v became %+v over\n%s", want, got, text)
			}
		}
	}
	if len(back) > 0 {
		t.Fatalf("%d spans too many from\n%s", len(back), text)
	}
}

func sameHeader(x, y *Span) bool {
	return x.Ref() == y.Ref() && x.Parent == y.Parent && x.Start == y.Start && x.End == y.End &&
		x.Name == y.Name && x.Kind == y.Kind && x.Status == y.Status && x.Links == y.Links
}

func FuzzNotation(f *testing.F) {
	f.Add(fixture)
	f.Add("origin o resource=(more=bytes(EAE=)){a:1} scope=x(more=bytes(EAE=))\ntrace k\nspan 0 5..3 from=o kv=bytes(CgFh) more=bytes(EAE=) event=\"\"@18446744073709551615")
	f.Fuzz(func(t *testing.T, text string) {
		spans, err := ParseNotation(text)
		if err != nil || len(spans) == 0 {
			return
		}
		// The first trip may put fields in order; from then on nothing changes.
		once := FormatNotation(build(spans...).List)
		again, err := ParseNotation(once)
		if err != nil {
			t.Fatalf("%s in\n%s", err, once)
		}
		if twice := FormatNotation(build(again...).List); twice != once {
			t.Fatalf("formatted\n%s\nthen\n%s", once, twice)
		}
	})
}

// anySpan draws a span with everything a span can have.
func anySpan(t *rapid.T) Span {
	text := rapid.OneOf(
		rapid.SampledFrom([]string{"", "a b", "5", "-1.5e3", "true", "null", "name", "kv", "h\x1b[1m", "x\n", "bytes(", "käse", "\xff", "a=b", "#", "..", "nan"}),
		rapid.String(), rapid.StringMatching(`[a-z.]{1,8}`))
	time := rapid.OneOf(rapid.Int64Range(0, 100), rapid.Int64Range(0, math.MaxInt64), rapid.SampledFrom([]int64{0, 5e6, 1760000000000000000, math.MaxInt64}))
	id := func() (id SpanID) {
		copy(id[rapid.IntRange(0, 8).Draw(t, "zeros"):], rapid.OneOf(rapid.SliceOfN(rapid.Byte(), 8, 8),
			rapid.SliceOfN(rapid.ByteRange('a', 'z'), 8, 8)).Draw(t, "id"))
		return id
	}
	trace := func() TraceID {
		high, low := id(), id()
		return TraceID(append(high[:], low[:]...))
	}
	d := Draft{
		Trace: trace(), ID: id(), Parent: id(), Start: time.Draw(t, "start"), End: time.Draw(t, "end"), Name: text.Draw(t, "name"),
		Kind: Kind(rapid.IntRange(0, 7).Draw(t, "kind")), Status: StatusCode(rapid.IntRange(0, 3).Draw(t, "status")),
		StatusMessage: text.Draw(t, "message"), Flags: rapid.Uint32Range(0, 3).Draw(t, "flags"),
		DroppedLinks: rapid.Uint32Range(0, 2).Draw(t, "dropped"), Attrs: anyAttributes(t, text),
	}
	for range rapid.IntRange(0, 2).Draw(t, "events") {
		d.Events = append(d.Events, DraftEvent{Time: time.Draw(t, "time"), Name: text.Draw(t, "event"), Attrs: anyAttributes(t, text)})
	}
	for range rapid.IntRange(0, 2).Draw(t, "links") {
		d.Links = append(d.Links, DraftLink{
			Ref: Ref{trace(), id()}, Flags: rapid.Uint32().Draw(t, "link flags"), TraceState: text.Draw(t, "state"), Attrs: anyAttributes(t, text),
		})
	}
	var resource []KeyValue
	switch rapid.IntRange(0, 3).Draw(t, "origin") {
	case 0:
		resource = []KeyValue{String("service.name", text.Draw(t, "service")), String("host.name", text.Draw(t, "host"))}
	case 1:
		resource = []KeyValue{String("host.name", text.Draw(t, "host"))}
	case 2:
		resource = anyAttributes(t, text)
	}
	return d.Span(MakeOrigin(text.Draw(t, "scope"), resource...))
}

func anyAttributes(t *rapid.T, text *rapid.Generator[string]) (out []KeyValue) {
	for range rapid.IntRange(0, 3).Draw(t, "attributes") {
		out = append(out, keyed(text.Draw(t, "key"), anyValue(t, text, 0)))
	}
	return out
}

func anyValue(t *rapid.T, text *rapid.Generator[string], depth int) (msg []byte) {
	switch kind := rapid.IntRange(0, 8).Draw(t, "type"); {
	case kind == 0:
		return nil
	case kind == 1:
		return String("", text.Draw(t, "text")).encodedValue()
	case kind == 2:
		return Int("", rapid.Int64().Draw(t, "int")).encodedValue()
	case kind == 3:
		return Double("", rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 5, 1e21, math.NaN(), math.Inf(-1)})).Draw(t, "double")).encodedValue()
	case kind == 4:
		return Bool("", rapid.Bool().Draw(t, "bool")).encodedValue()
	case kind == 5:
		return appendBytes(nil, int(ValueBytes), rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
	case kind == 6 || depth > 2:
		for range rapid.IntRange(0, 40).Draw(t, "depth") { // over the limit, too
			msg = appendBytes(nil, int(ValueArray), appendBytes(nil, 1, msg))
		}
		return msg
	case kind == 7:
		var list []byte
		for range rapid.IntRange(0, 2).Draw(t, "elements") {
			list = appendBytes(list, 1, anyValue(t, text, depth+1))
		}
		return appendBytes(nil, int(ValueArray), list)
	}
	var list []byte
	for range rapid.IntRange(0, 2).Draw(t, "entries") {
		list = appendBytes(list, 1, keyed(text.Draw(t, "key"), anyValue(t, text, depth+1)))
	}
	return appendBytes(nil, int(ValueMap), list)
}

func (kv KeyValue) encodedValue() []byte { return lastBytes(kv, fieldValue) }
