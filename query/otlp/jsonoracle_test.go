package otlp_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// oracleJSON reads an OTLP JSON document slowly, by encoding/json, and writes
// each span's message as the decoder must. It gives up on what only the
// decoder can decide: two spellings of one name, wrong types, invalid UTF-8.
func oracleJSON(doc []byte) (raws []string, err error) {
	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.UseNumber()
	var root any
	if err := decoder.Decode(&root); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF || !utf8.Valid(doc) {
		return nil, errUndecided
	}
	defer func() {
		if problem := recover(); problem != nil {
			raws, err = nil, errUndecided
		}
	}()
	return documentSpans(root), nil
}

// twins reports whether some object has two members of one name, of which
// encoding/json does not show the first: it may be what the decoder refused.
func twins(doc []byte) bool {
	decoder := json.NewDecoder(bytes.NewReader(doc))
	return twinsIn(decoder)
}

func twinsIn(decoder *json.Decoder) (found bool) {
	token, _ := decoder.Token()
	names := map[string]bool{}
	switch token {
	case json.Delim('{'):
		for decoder.More() {
			name, _ := decoder.Token()
			text, _ := name.(string)
			found = found || names[text]
			names[text] = true
			found = twinsIn(decoder) || found
		}
	case json.Delim('['):
		for decoder.More() {
			found = twinsIn(decoder) || found
		}
	default:
		return false
	}
	_, _ = decoder.Token()
	return found
}

var errUndecided = errors.New("left to the decoder")

// members returns an object's members by their normalised names.
func members(v any) map[string]any {
	if v == nil {
		return nil
	}
	out := map[string]any{}
	for name, member := range v.(map[string]any) {
		lower := strings.Map(func(r rune) rune {
			if 'A' <= r && r <= 'Z' {
				return r | 0x20
			}
			return r
		}, strings.ReplaceAll(name, "_", ""))
		if _, twice := out[lower]; twice {
			panic("two spellings")
		}
		out[lower] = member
	}
	return out
}

func list(v any) []any {
	if v == nil {
		return nil
	}
	return v.([]any)
}

// oneOf returns the one of these members that is there.
func oneOf(object map[string]any, names ...string) (found any) {
	for _, name := range names {
		if v, ok := object[name]; ok {
			if found != nil {
				panic("two spellings")
			}
			found = v
		}
	}
	return found
}

func documentSpans(v any) (raws []string) {
	object := members(v.(map[string]any))
	if wrapped := oneOf(object, "result", "trace", "traces"); wrapped != nil {
		if len(object) > 1 {
			panic("which comes first?")
		}
		if _, ok := wrapped.(map[string]any); ok {
			return documentSpans(wrapped)
		}
		return nil
	}
	for _, resource := range list(oneOf(object, "resourcespans", "batches")) {
		resource := members(resource)
		attributes(members(resource["resource"])["attributes"], 1)
		for _, scope := range list(oneOf(resource, "scopespans", "instrumentationlibraryspans")) {
			scope := members(scope)
			text(members(oneOf(scope, "scope", "instrumentationlibrary"))["name"])
			for _, span := range list(scope["spans"]) {
				if span == nil {
					continue
				}
				if raw, ok := spanMessage(members(span)); ok {
					raws = append(raws, raw)
				}
			}
		}
	}
	return raws
}

// text returns a scalar as text; ok is false for null.
func text(v any) (s string, ok bool) {
	switch v := v.(type) {
	case nil:
		return "", false
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	panic("no scalar")
}

func spanMessage(s map[string]any) (string, bool) {
	trace, traceOK := id(s["traceid"], 16)
	span, spanOK := id(s["spanid"], 8)
	parent, parentOK := id(s["parentspanid"], 8)
	start, startOK := unixTime(s["starttimeunixnano"])
	end, endOK := unixTime(s["endtimeunixnano"])
	name, _ := text(s["name"])
	kind := enum(s["kind"], "SPAN_KIND_", "UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
	state, _ := text(s["tracestate"])
	b := field(nil, 1, trace)
	b = field(b, 2, span)
	if state != "" {
		b = field(b, 3, []byte(state))
	}
	if !zero(parent) {
		b = field(b, 4, parent)
	}
	b = field(b, 5, []byte(name))
	b = protowire.AppendVarint(protowire.AppendTag(b, 6, protowire.VarintType), kind)
	b = protowire.AppendFixed64(protowire.AppendTag(b, 7, protowire.Fixed64Type), start)
	b = protowire.AppendFixed64(protowire.AppendTag(b, 8, protowire.Fixed64Type), end)
	b = append(b, attributes(s["attributes"], 9)...)
	b = count(b, 10, s["droppedattributescount"])
	for _, event := range list(s["events"]) {
		b = field(b, 11, eventMessage(members(event)))
	}
	b = count(b, 12, s["droppedeventscount"])
	for _, link := range list(s["links"]) {
		b = field(b, 13, linkMessage(members(link)))
	}
	b = count(b, 14, s["droppedlinkscount"])
	status := members(s["status"])
	if message := statusMessage(status); len(message) > 0 {
		b = field(b, 15, message)
	}
	b = flags(b, 16, s["flags"])
	return string(b), traceOK && spanOK && parentOK && startOK && endOK && !zero(trace) && !zero(span)
}

func statusMessage(s map[string]any) (b []byte) {
	if message, _ := text(s["message"]); message != "" {
		b = field(b, 2, []byte(message))
	}
	if code := enum(s["code"], "STATUS_CODE_", "UNSET", "OK", "ERROR"); code != 0 {
		b = protowire.AppendVarint(protowire.AppendTag(b, 3, protowire.VarintType), code)
	}
	return b
}

func eventMessage(e map[string]any) []byte {
	time, ok := whole(e["timeunixnano"])
	if s, _ := text(e["timeunixnano"]); !ok && s != "" {
		time = math.MaxUint64
	}
	name, _ := text(e["name"])
	b := protowire.AppendFixed64(protowire.AppendTag(nil, 1, protowire.Fixed64Type), time)
	b = append(field(b, 2, []byte(name)), attributes(e["attributes"], 3)...)
	return count(b, 4, e["droppedattributescount"])
}

func linkMessage(l map[string]any) (b []byte) {
	if trace, ok := id(l["traceid"], 16); ok {
		b = field(b, 1, trace)
	}
	if span, ok := id(l["spanid"], 8); ok {
		b = field(b, 2, span)
	}
	if state, _ := text(l["tracestate"]); state != "" {
		b = field(b, 3, []byte(state))
	}
	b = append(b, attributes(l["attributes"], 4)...)
	return flags(count(b, 5, l["droppedattributescount"]), 6, l["flags"])
}

func attributes(v any, number protowire.Number) (b []byte) {
	for _, kv := range list(v) {
		kv := members(kv)
		key, _ := text(kv["key"])
		message := field(nil, 1, []byte(key))
		b = field(b, number, field(message, 2, anyValue(kv["value"])))
	}
	return b
}

func anyValue(v any) (b []byte) {
	object := members(v)
	if len(object) > 1 {
		panic("which comes last?")
	}
	for name, v := range object {
		if v == nil {
			return nil
		}
		switch name {
		case "stringvalue":
			s, _ := text(v)
			return field(nil, 1, []byte(s))
		case "intvalue":
			s, _ := text(v)
			n, ok := signed(s)
			if !ok {
				return field(nil, 1, []byte(s))
			}
			return protowire.AppendVarint(protowire.AppendTag(nil, 3, protowire.VarintType), uint64(n))
		case "boolvalue":
			s, _ := text(v)
			if s != "true" && s != "false" {
				return field(nil, 1, []byte(s))
			}
			return protowire.AppendVarint(protowire.AppendTag(nil, 2, protowire.VarintType), protowire.EncodeBool(s == "true"))
		case "doublevalue":
			s, _ := text(v)
			f, err := strconv.ParseFloat(s, 64)
			if strings.ContainsAny(s, "nNxX_+") && !strings.ContainsAny(s, "eE") && s != "NaN" && s != "Infinity" && s != "-Infinity" {
				panic("one of ParseFloat's own")
			}
			if err != nil {
				return field(nil, 1, []byte(s))
			}
			return protowire.AppendFixed64(protowire.AppendTag(nil, 4, protowire.Fixed64Type), math.Float64bits(f))
		case "bytesvalue":
			s, _ := text(v)
			data, ok := base64Text(s)
			if !ok {
				return field(nil, 1, []byte(s))
			}
			return field(nil, 7, data)
		case "arrayvalue":
			var array []byte
			for _, element := range list(members(v)["values"]) {
				array = field(array, 1, anyValue(element))
			}
			return field(nil, 5, array)
		case "kvlistvalue":
			return field(nil, 6, attributes(members(v)["values"], 1))
		case "value":
			return anyValue(v)
		}
	}
	return nil
}

func id(v any, size int) ([]byte, bool) {
	if elements, ok := v.([]any); ok {
		b, good := make([]byte, size), len(elements) == size || len(elements) == 0
		for i, element := range elements {
			n, ok := whole(element)
			if good = good && ok && n <= 255; good {
				b[i] = byte(n)
			}
		}
		return b, good
	}
	s, _ := text(v)
	if s == "" {
		return make([]byte, size), true
	}
	if b, ok := hexID(s, size); ok {
		return b, true
	}
	b, ok := base64Text(s)
	if ok && len(b) == 2*size {
		return hexID(string(b), size)
	}
	return b, ok && len(b) == size
}

func hexID(s string, size int) ([]byte, bool) {
	if len(s) > 2 && (s[:2] == "0x" || s[:2] == "0X") {
		s = s[2:]
	}
	if s == "" || len(s) > 2*size {
		return nil, false
	}
	b, err := hex.DecodeString(strings.Repeat("0", 2*size-len(s)) + s)
	return b, err == nil
}

func base64Text(s string) ([]byte, bool) {
	if strings.ContainsAny(s, "+/") && strings.ContainsAny(s, "-_") { // of two alphabets
		return nil, false
	}
	s = strings.TrimRight(s, "=")
	s = strings.NewReplacer("-", "+", "_", "/").Replace(s)
	b, err := base64.RawStdEncoding.DecodeString(s)
	return b, err == nil
}

// whole reads a whole number of at most 2^64-1, exactly.
func whole(v any) (uint64, bool) {
	s, _ := text(v)
	number := regexp.MustCompile(`^(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?$`)
	if len(s) > 100 && number.MatchString(s) {
		panic("too long to judge")
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok || !number.MatchString(s) || !r.IsInt() || !r.Num().IsUint64() {
		return 0, false
	}
	return r.Num().Uint64(), true
}

func signed(s string) (int64, bool) {
	digits, negative := strings.CutPrefix(s, "-")
	n, ok := whole(digits)
	if negative {
		return -int64(n), ok && n <= 1<<63
	}
	return int64(n), ok && n <= math.MaxInt64
}

func unixTime(v any) (uint64, bool) {
	if s, _ := text(v); s == "" {
		return 0, true
	}
	n, ok := whole(v)
	return n, ok && n <= math.MaxInt64
}

func enum(v any, prefix string, names ...string) uint64 {
	s, _ := text(v)
	if n, ok := whole(s); ok {
		if n < uint64(len(names)) {
			return n
		}
		return 0
	}
	s = strings.TrimPrefix(strings.ToUpper(s), prefix)
	return uint64(max(slices.Index(names, s), 0))
}

func number32(v any) uint32 {
	n, ok := whole(v)
	if !ok || n > math.MaxUint32 {
		return 0
	}
	return uint32(n)
}

func count(b []byte, number protowire.Number, v any) []byte {
	if n := number32(v); n != 0 {
		b = protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), uint64(n))
	}
	return b
}

func flags(b []byte, number protowire.Number, v any) []byte {
	if n := number32(v); n != 0 {
		b = protowire.AppendFixed32(protowire.AppendTag(b, number, protowire.Fixed32Type), n)
	}
	return b
}

func field(b []byte, number protowire.Number, payload []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, number, protowire.BytesType), payload)
}

func zero(id []byte) bool {
	return len(id) == 0 || slices.Max(id) == 0
}
