package model

import "testing"

func TestDraftReadsBackThroughTheViews(t *testing.T) {
	draft := Draft{
		Trace: TraceID{1}, ID: SpanID{2}, Parent: SpanID{3}, Start: 10, End: 20, Name: "batch", Kind: KindConsumer,
		Status: StatusError, StatusMessage: "out of memory", DroppedLinks: 7,
		Attrs:  []KeyValue{String("s", "x"), Int("i", -5), Double("d", 0.5), Bool("b", true), Strings("list", "p", "q")},
		Events: []DraftEvent{{Time: 15, Name: "closed", Attrs: []KeyValue{Int("n", 3)}}},
		Links:  []DraftLink{{Ref: Ref{TraceID{4}, SpanID{5}}, Flags: 0x101, TraceState: "a=b", Attrs: []KeyValue{String("k", "v")}}},
	}
	span := draft.Span(MakeOrigin("scope", String("service.name", "gpu"), String("host.name", "h1")))
	if span.Origin.Service != "gpu" || span.Origin.Domain != "h1" || span.Origin.ScopeName != "scope" {
		t.Errorf("origin %+v", span.Origin)
	}
	var texts []string
	for key, value := range span.Attrs().All() {
		texts = append(texts, key+"="+value.Text())
	}
	if got, want := len(texts), 5; got != want {
		t.Fatalf("%d attributes, want %d", got, want)
	}
	for i, want := range []string{"s=x", "i=-5", "d=0.5", "b=true", `list=["p", "q"]`} {
		if texts[i] != want {
			t.Errorf("attribute %d is %s, want %s", i, texts[i], want)
		}
	}
	for event := range span.Events() {
		if n, _ := event.Attrs.Get("n"); event.Time != 15 || event.Name != "closed" || n.Text() != "3" {
			t.Errorf("event %+v", event)
		}
	}
	for link := range span.LinkSeq() {
		if k, _ := link.Attrs.Get("k"); link.Ref != (Ref{TraceID{4}, SpanID{5}}) || link.Flags != 0x101 || link.TraceState != "a=b" || k.Str() != "v" {
			t.Errorf("link %+v", link)
		}
	}
	if span.DroppedLinks() != 7 || span.StatusMessage() != "out of memory" || span.Links != 1 {
		t.Errorf("dropped %d, message %q, links %d", span.DroppedLinks(), span.StatusMessage(), span.Links)
	}
}
