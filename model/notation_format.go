package model

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"
)

// FormatNotation writes traces in the notation that [ParseNotation] reads.
//
// Parsing it gives the same spans again: the same headers, and encodings that
// hold the same fields, in the order of their numbers as [Draft] writes them.
// What the header says counts where the encoding says otherwise. A field
// without a word of its own stands in more=bytes(...), so nothing is lost.
func FormatNotation(traces []Trace) string {
	f := notationFormatter{origins: map[[2]string]string{}}
	f.chooseBase(traces)
	for i := range traces {
		f.originLines(&traces[i])
		f.text("trace ", formatID(traces[i].ID[:]), "\n")
		for j := range traces[i].Spans {
			f.span(&traces[i].Spans[j])
		}
	}
	return f.String()
}

// laterBase is from which earliest start on, in ns, a base line makes the
// times short enough to read: a day.
const laterBase = 86_400_000_000_000

type notationFormatter struct {
	strings.Builder
	base    int64
	origins map[[2]string]string // names of the origins written so far, by encoding
}

func (f *notationFormatter) text(parts ...string) {
	for _, part := range parts {
		f.WriteString(part)
	}
}

func (f *notationFormatter) chooseBase(traces []Trace) {
	earliest := int64(math.MaxInt64)
	for i := range traces {
		for j := range traces[i].Spans {
			earliest = min(earliest, traces[i].Spans[j].Start)
		}
	}
	if laterBase <= earliest && earliest < math.MaxInt64 {
		f.base = earliest
		f.text("base ", strconv.FormatInt(f.base, 10), "\n")
	}
}

func (f *notationFormatter) span(s *Span) {
	f.text("  span ", formatID(s.ID[:]), " ", f.time(uint64(s.Start)), "..", f.time(uint64(s.End)))
	f.text(f.sender(s.Origin))
	f.text(" name=", formatText(s.Name, valueMarks))
	if s.Kind != KindUnspecified {
		f.text(" kind=", formatEnum(uint64(s.Kind), kindNames()))
	}
	if !s.Parent.IsZero() {
		f.text(" parent=", formatID(s.Parent[:]))
	}
	if s.Status != StatusUnset {
		f.text(" status=", formatEnum(uint64(s.Status), statusNames()))
	}
	if message := s.StatusMessage(); message != "" {
		f.text(" message=", formatText(message, valueMarks))
	}
	if flags := lastFixed32(s.Raw, fieldSpanFlags); flags != 0 {
		f.text(" flags=", strconv.FormatUint(flags, 10))
	}
	for kv := range messages(s.Raw, fieldSpanAttributes) {
		f.text(" ", formatAttribute(kv, "=", 0))
	}
	for msg := range messages(s.Raw, fieldSpanEvents) {
		f.event(msg)
	}
	for msg := range messages(s.Raw, fieldSpanLinks) {
		f.link(msg)
	}
	if dropped := s.DroppedLinks(); dropped != 0 {
		f.text(" dropped_links=", strconv.FormatUint(uint64(dropped), 10))
	}
	if more := leftovers(s.Raw, spanFieldHasWord); more != nil {
		f.text(" more=", formatBytes(more))
	}
	f.text("\n")
}

func spanFieldHasWord(f field) bool {
	switch f.number {
	case fieldSpanTraceID, fieldSpanID, fieldSpanParentID, fieldSpanName, fieldSpanAttributes, fieldSpanEvents, fieldSpanLinks:
		return f.wire == wireBytes
	case fieldSpanStatus:
		return f.wire == wireBytes && leftovers(f.bytes, statusFieldHasWord) == nil
	case fieldSpanKind, fieldSpanDroppedLinks:
		return f.wire == wireVarint
	case fieldSpanStart, fieldSpanEnd:
		return f.wire == wireFixed64
	case fieldSpanFlags:
		return f.wire == wireFixed32
	}
	return false
}

func statusFieldHasWord(f field) bool {
	return f.number == fieldStatusMessage && f.wire == wireBytes || f.number == fieldStatusCode && f.wire == wireVarint
}

func (f *notationFormatter) event(msg []byte) {
	f.text(" event=", formatText(string(lastBytes(msg, fieldEventName)), valueMarks), "@", f.time(lastFixed64(msg, fieldEventTime)))
	more := leftovers(msg, func(f field) bool {
		return f.number == fieldEventTime && f.wire == wireFixed64 ||
			(f.number == fieldEventName || f.number == fieldEventAttributes) && f.wire == wireBytes
	})
	if more != nil {
		f.text("(more=", formatBytes(more), ")")
	}
	f.text(formatAttributes(msg, fieldEventAttributes, 0))
}

func (f *notationFormatter) link(msg []byte) {
	var trace TraceID
	var span SpanID
	more := leftovers(msg, func(f field) bool {
		switch f.number {
		case fieldLinkTraceID:
			return f.wire == wireBytes && len(f.bytes) == len(trace)
		case fieldLinkSpanID:
			return f.wire == wireBytes && len(f.bytes) == len(span)
		case fieldLinkTraceState, fieldLinkAttributes:
			return f.wire == wireBytes
		}
		return f.number == fieldLinkFlags && f.wire == wireFixed32
	})
	if id := lastBytes(msg, fieldLinkTraceID); len(id) == len(trace) {
		copy(trace[:], id)
	}
	if id := lastBytes(msg, fieldLinkSpanID); len(id) == len(span) {
		copy(span[:], id)
	}
	f.text(" link=", formatID(trace[:]), "/", formatID(span[:]))
	var fields []string
	if flags := lastFixed32(msg, fieldLinkFlags); flags != 0 {
		fields = append(fields, "flags="+strconv.FormatUint(flags, 10))
	}
	if state := lastBytes(msg, fieldLinkTraceState); len(state) > 0 {
		fields = append(fields, "state="+formatText(string(state), valueMarks))
	}
	if more != nil {
		fields = append(fields, "more="+formatBytes(more))
	}
	if fields != nil {
		f.text("(", strings.Join(fields, ","), ")")
	}
	f.text(formatAttributes(msg, fieldLinkAttributes, 0))
}

// originLines writes the origins that are too long for the lines of the
// trace's spans.
func (f *notationFormatter) originLines(t *Trace) {
	for i := range t.Spans {
		o := t.Spans[i].Origin
		if o == nil || shortOrigin(o) {
			continue
		}
		key := [2]string{string(o.Resource.msg), string(o.Scope.msg)}
		if f.origins[key] != "" {
			continue
		}
		f.origins[key] = "o" + strconv.Itoa(len(f.origins)+1)
		f.text("origin ", f.origins[key])
		if len(o.Resource.msg) > 0 {
			more := leftovers(o.Resource.msg, func(f field) bool { return f.number == fieldResourceAttributes && f.wire == wireBytes })
			f.text(" resource=", formatSender(more, o.Resource))
		}
		if len(o.Scope.msg) > 0 {
			more := leftovers(o.Scope.msg, func(f field) bool {
				return (f.number == fieldScopeName || f.number == fieldScopeAttributes) && f.wire == wireBytes
			})
			name := ""
			if len(lastBytes(o.Scope.msg, fieldScopeName)) > 0 {
				name = formatText(o.ScopeName, valueMarks)
			}
			f.text(" scope=", name, formatSender(more, o.Scope))
		}
		f.text("\n")
	}
}

func formatSender(more []byte, attrs Attrs) string {
	text := ""
	if more != nil {
		text = "(more=" + formatBytes(more) + ")"
	}
	if text += formatAttributes(attrs.msg, attrs.number, 0); text == "" {
		return "{}"
	}
	return text
}

// sender returns the words that say who sent a span.
func (f *notationFormatter) sender(o *Origin) (words string) {
	if o == nil {
		return ""
	}
	if name := f.origins[[2]string{string(o.Resource.msg), string(o.Scope.msg)}]; name != "" {
		return " from=" + name
	}
	for key, value := range o.Resource.All() {
		words += map[string]string{"service.name": " svc=", "host.name": " host="}[key] + formatText(value.Str(), valueMarks)
	}
	if o.ScopeName != "" {
		words += " scope=" + formatText(o.ScopeName, valueMarks)
	}
	return words
}

// shortOrigin reports whether svc, host and scope say the origin exactly.
func shortOrigin(o *Origin) bool {
	var short []byte
	last := ""
	for key, value := range o.Resource.All() {
		if value.Type != ValueString || key != "host.name" && (key != "service.name" || last != "") || key == last {
			return false
		}
		last = key
		short = appendBytes(short, fieldResourceAttributes, []byte(String(key, value.Str())))
	}
	var scope []byte
	if o.ScopeName != "" {
		scope = appendBytes(scope, fieldScopeName, o.ScopeName)
	}
	return bytes.Equal(short, o.Resource.msg) && bytes.Equal(scope, o.Scope.msg)
}

// leftovers returns the fields of msg that are not known, as encoded, sorted by
// number so that formatting what was parsed gives the same text.
func leftovers(msg []byte, known func(field) bool) []byte {
	type left struct {
		number int
		bytes  []byte
	}
	var all []left
	for f, rest, ok := next(msg); ok; f, rest, ok = next(rest) {
		if !known(f) {
			all = append(all, left{f.number, msg[:len(msg)-len(rest)]})
		}
		msg = rest
	}
	slices.SortStableFunc(all, func(x, y left) int { return cmp.Compare(x.number, y.number) })
	var out []byte
	for _, l := range all {
		out = append(out, l.bytes...)
	}
	return out
}

func (f *notationFormatter) time(t uint64) string {
	if t > math.MaxInt64 {
		return strconv.FormatUint(t, 10)
	}
	offset := int64(t) - f.base
	for _, unit := range []struct {
		ns   int64
		name string
	}{{1_000_000_000, "s"}, {1_000_000, "ms"}, {1000, "us"}} {
		if offset%unit.ns == 0 {
			return strconv.FormatInt(offset/unit.ns, 10) + unit.name
		}
	}
	return strconv.FormatInt(offset, 10) + "ns"
}

// formatID returns the shortest text that stands for the id, but all digits of
// one that looks like a real one.
func formatID(id []byte) string {
	name := strings.TrimLeft(string(id), "\x00")
	if name != "" && isLetter(name[0]) && !isHex(name) && !strings.ContainsFunc(name, func(r rune) bool { return r >= 0x80 || !isBare(r, "._-") }) {
		return name
	}
	digits := hex.EncodeToString(id)
	if short := strings.TrimLeft(digits, "0"); len(short) <= len(id) {
		return cmp.Or(short, "0")
	}
	return digits
}

func formatEnum(n uint64, names []string) string {
	if n < uint64(len(names)) {
		return names[n]
	}
	return strconv.FormatUint(n, 10)
}

func formatText(text, marks string) string {
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return !isBare(r, marks) }) {
		return strconv.Quote(text)
	}
	return text
}

func formatBytes(data []byte) string { return "bytes(" + base64.StdEncoding.EncodeToString(data) + ")" }

func formatAttributes(msg []byte, number, depth int) string {
	var all []string
	for kv := range messages(msg, number) {
		all = append(all, formatAttribute(kv, ":", depth))
	}
	if all == nil {
		return ""
	}
	return "{" + strings.Join(all, ",") + "}"
}

// formatAttribute returns key=value if that says all of the encoding, else the
// encoding.
func formatAttribute(kv []byte, separator string, depth int) string {
	key, value := keyValue(kv)
	text, ok := formatValue(value, depth)
	if ok {
		s := scanner{text: text, line: 1}
		ok = bytes.Equal(keyed(key, s.value(depth)), kv)
	}
	if !ok {
		return "kv" + separator + formatBytes(kv)
	}
	word := formatText(key, keyMarks)
	if c := word[0]; isSpanWord(word) || isOriginWord(word) || '0' <= c && c <= '9' || c == '-' {
		word = strconv.Quote(key)
	}
	return word + separator + text
}

// formatValue returns the value's text; ok is false where it is nested too
// deep.
func formatValue(v Value, depth int) (text string, ok bool) {
	if depth > maxNesting {
		return "", false
	}
	switch v.Type {
	case ValueString:
		text = formatText(v.Str(), valueMarks)
		if bare, err := bareValue(text); err != nil || len(bare) == 0 || bare[0] != byte(ValueString)<<3|wireBytes {
			text = strconv.Quote(v.Str())
		}
		return text, true
	case ValueBool:
		return strconv.FormatBool(v.Bool()), true
	case ValueInt:
		return strconv.FormatInt(int64(v.num), 10), true
	case ValueDouble:
		text = strconv.FormatFloat(math.Float64frombits(v.num), 'g', -1, 64)
		if strings.Trim(text, "-0123456789") == "" {
			text += ".0"
		}
		return text, true
	case ValueBytes:
		return formatBytes(v.bytes), true
	case ValueMap:
		return cmp.Or(formatAttributes(v.bytes, 1, depth+1), "{}"), true
	case ValueArray:
		var elements []string
		for e := range v.Array() {
			element, ok := formatValue(e, depth+1)
			if !ok {
				return "", false
			}
			elements = append(elements, element)
		}
		return "[" + strings.Join(elements, ",") + "]", true
	}
	return "null", true
}
