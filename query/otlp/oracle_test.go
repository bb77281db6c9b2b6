package otlp_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp"
)

// agree holds both paths of the decoder to each other and to
// go.opentelemetry.io/proto/otlp: they accept the same messages, but for
// invalid UTF-8 and deep nesting, and read the same spans out of them.
func agree(t *testing.T, msg []byte) {
	t.Helper()
	fast, slow := otlp.NewDecoder(), otlp.NewGeneralDecoder()
	spans, err := fast.Proto(nil, msg)
	general, generalErr := slow.Proto(nil, msg)
	if fmt.Sprint(err) != fmt.Sprint(generalErr) {
		t.Fatalf("fast path: %v, general path: %v", err, generalErr)
	}
	if got, want := fast.Refused(), slow.Refused(); !slices.Equal(got, want) {
		t.Fatalf("fast path refused %v, general path %v", got, want)
	}
	compareSpans(t, spans, general)

	var request tracepb.TracesData
	oracle := proto.Unmarshal(msg, &request)
	switch {
	case oracle == nil && err == nil:
		compareOracle(t, spans, &request)
	case oracle == nil && !strings.Contains(err.Error(), "too deep"):
		t.Fatalf("refused what is well-formed: %v", err)
	case err == nil && !strings.Contains(oracle.Error(), "UTF-8"):
		t.Fatalf("accepted what is malformed: %v", oracle)
	}
}

func compareSpans(t *testing.T, got, want []model.Span) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d spans, want %d", len(got), len(want))
	}
	for i := range got {
		if g, w := header(&got[i]), header(&want[i]); g != w {
			t.Fatalf("span %d:\ngot  %+v\nwant %+v", i, g, w)
		}
	}
}

// compareOracle compares spans with those of a message as Google's reader sees
// them.
func compareOracle(t *testing.T, spans []model.Span, request *tracepb.TracesData) {
	t.Helper()
	for _, resource := range request.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			for _, want := range scope.Spans {
				if refused(want) {
					continue
				}
				if len(spans) == 0 {
					t.Fatalf("span %x is missing", want.SpanId)
				}
				got := &spans[0]
				spans = spans[1:]
				compareSpan(t, got, want)
				if got.Origin.ScopeName != scope.GetScope().GetName() || got.Origin.Resource.Len() != len(resource.GetResource().GetAttributes()) {
					t.Fatalf("origin %+v, want scope %q and resource %v", got.Origin, scope.GetScope().GetName(), resource.Resource)
				}
			}
		}
	}
	if len(spans) > 0 {
		t.Fatalf("%d spans too many", len(spans))
	}
}

func refused(s *tracepb.Span) bool {
	return len(s.TraceId) != 16 || model.TraceID(s.TraceId).IsZero() || len(s.SpanId) != 8 || model.SpanID(s.SpanId).IsZero() ||
		len(s.ParentSpanId) != 0 && len(s.ParentSpanId) != 8 || s.StartTimeUnixNano > math.MaxInt64 || s.EndTimeUnixNano > math.MaxInt64
}

func compareSpan(t *testing.T, got *model.Span, want *tracepb.Span) {
	t.Helper()
	type scalars struct {
		trace, id, parent, name string
		start, end              int64
		kind, status            int32
		links                   int
		dropped, flags          uint32
		message                 string
		attributes, events      int
	}
	kind, status := want.Kind, want.GetStatus().GetCode()
	if kind < 0 || kind > 5 {
		kind = 0
	}
	if status < 0 || status > 2 {
		status = 0
	}
	parent := string(want.ParentSpanId)
	if parent == "" {
		parent = string(make([]byte, 8))
	}
	events := 0
	for range got.Events() {
		events++
	}
	g := scalars{
		string(got.Trace[:]), string(got.ID[:]), string(got.Parent[:]), got.Name, got.Start, got.End, int32(got.Kind), int32(got.Status),
		int(got.Links), got.DroppedLinks(), got.Flags(), got.StatusMessage(), got.Attrs().Len(), events,
	}
	w := scalars{
		string(want.TraceId), string(want.SpanId), parent, want.Name, int64(want.StartTimeUnixNano), int64(want.EndTimeUnixNano),
		int32(kind), int32(status), min(len(want.Links), math.MaxUint16), want.DroppedLinksCount, want.Flags, want.GetStatus().GetMessage(), len(want.Attributes), len(want.Events),
	}
	if g != w {
		t.Fatalf("span\ngot  %+v\nwant %+v", g, w)
	}
	compareLinks(t, got, want)
}

func compareLinks(t *testing.T, got *model.Span, want *tracepb.Span) {
	t.Helper()
	i := 0
	for link := range got.LinkSeq() {
		w := want.Links[i]
		i++
		if len(w.TraceId) == 16 && link.Trace != model.TraceID(w.TraceId) || link.Flags != w.Flags || link.TraceState != w.TraceState || link.Attrs.Len() != len(w.Attributes) {
			t.Fatalf("link %+v, want %v", link, w)
		}
	}
	i = 0
	for event := range got.Events() {
		w := want.Events[i]
		i++
		if event.Name != w.Name || event.Time != max(int64(w.TimeUnixNano), -1) || event.Attrs.Len() != len(w.Attributes) {
			t.Fatalf("event %+v, want %v", event, w)
		}
	}
}

// compareValues compares attributes in full. It is for messages that hold no
// value in two parts, which the views do not merge.
func compareValues(t *testing.T, got model.Attrs, want []*commonpb.KeyValue) {
	t.Helper()
	i := 0
	for key, value := range got.All() {
		if key != want[i].Key || !sameValue(value, want[i].Value) {
			t.Fatalf("attribute %s=%s, want %v", key, value.Text(), want[i])
		}
		i++
	}
	if i != len(want) {
		t.Fatalf("%d attributes, want %d", i, len(want))
	}
}

func sameValue(got model.Value, want *commonpb.AnyValue) bool {
	switch w := want.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		return got.Type == model.ValueString && got.Str() == w.StringValue
	case *commonpb.AnyValue_BoolValue:
		return got.Type == model.ValueBool && got.Bool() == w.BoolValue
	case *commonpb.AnyValue_IntValue:
		n, _ := got.Int()
		return got.Type == model.ValueInt && n == w.IntValue
	case *commonpb.AnyValue_DoubleValue:
		f, _ := got.Double()
		return got.Type == model.ValueDouble && math.Float64bits(f) == math.Float64bits(w.DoubleValue)
	case *commonpb.AnyValue_BytesValue:
		return got.Type == model.ValueBytes && string(got.Bytes()) == string(w.BytesValue)
	case *commonpb.AnyValue_ArrayValue:
		elements := slices.Collect(got.Array())
		return got.Type == model.ValueArray && slices.EqualFunc(elements, w.ArrayValue.Values, sameValue)
	case *commonpb.AnyValue_KvlistValue:
		i, same := 0, got.Map().Len() == len(w.KvlistValue.Values)
		for key, value := range got.Map().All() {
			same = same && key == w.KvlistValue.Values[i].Key && sameValue(value, w.KvlistValue.Values[i].Value)
			i++
		}
		return got.Type == model.ValueMap && same
	}
	return got.Type == model.ValueEmpty
}
