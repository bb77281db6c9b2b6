package model

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Pick hands out what ranging over everything and filtering does, whatever the
// bytes are.
func TestPickIsAFilter(t *testing.T) {
	wanted := func(key string) bool { return len(key)%2 == 1 }
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ab]{0,4}`)
		draft := Draft{Trace: TraceID{1}, ID: SpanID{1}, Name: "n"}
		for range rapid.IntRange(0, 6).Draw(t, "attributes") {
			value := strings.Repeat("v", rapid.SampledFrom([]int{0, 3, 126, 200}).Draw(t, "length"))
			draft.Attrs = append(draft.Attrs, String(text.Draw(t, "key"), value))
			draft.Events = append(draft.Events, DraftEvent{Time: 5, Name: text.Draw(t, "event")})
		}
		span := draft.Span(MakeOrigin(""))
		raw := slices.Clone(span.Raw)
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			raw[rapid.IntRange(0, len(raw)-1).Draw(t, "at")] = rapid.SampledFrom([]byte{0, 1, 2, 0x0a, 0x12, 0x4a, 0x5a, 0x80, 0x8a, 0xff}).Draw(t, "byte")
		}
		span.Raw = raw

		var want, got []string
		for key, value := range span.Attrs().All() {
			if wanted(key) {
				want = append(want, fmt.Sprintf("%q=%s", key, value.Text()))
			}
		}
		for event := range span.Events() {
			if wanted(event.Name) {
				want = append(want, fmt.Sprintf("%q@%d", event.Name, event.Time))
			}
		}
		var attrs, events []string
		span.Pick(&Picker{
			WantAttr: wanted, WantEvent: wanted,
			Attr:  func(key string, value Value) { attrs = append(attrs, fmt.Sprintf("%q=%s", key, value.Text())) },
			Event: func(e Event) { events = append(events, fmt.Sprintf("%q@%d", e.Name, e.Time)) },
		})
		got = append(attrs, events...)
		if !slices.Equal(got, want) {
			t.Fatalf("picked %q, want %q", got, want)
		}
	})
}
