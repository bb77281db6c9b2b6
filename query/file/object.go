package file

import (
	"bytes"
	"slices"
	"strings"
)

// objectKind says what a JSON object is a document of.
type objectKind uint8

const (
	unknownObject objectKind = iota
	otlpObject               // also an answer of Jaeger's api_v3 or of Tempo around it
	logsObject
	metricsObject
	profilesObject
	jaegerObject // Jaeger UI JSON
	tritonObject // a record of Triton's trace file
)

// kindOf names the kind of an object by the keys at its top.
func kindOf(text []byte) objectKind {
	if bytes.HasPrefix(text, []byte(`{"resourceSpans"`)) {
		return otlpObject
	}
	top := topOf(text)
	switch {
	case top.has("resourceSpans"), top.has("batches"), top.holds("trace", '{'), top.holds("result", '{'), isEmptyObject(text):
		return otlpObject
	case top.has("resourceLogs"):
		return logsObject
	case top.has("resourceMetrics"):
		return metricsObject
	case top.has("resourceProfiles"):
		return profilesObject
	case top.holds("spans", '[') && (top.has("processes") || top.has("traceID")), top.holdsTraces("data"):
		return jaegerObject
	case top.has("id") && (top.holds("timestamps", '[') || top.has("model_name") || top.has("activity")):
		return tritonObject
	}
	return unknownObject
}

// top is the keys at the top of an object.
type top []member

func topOf(text []byte) top { return members(text) }

// is reports whether the key is this one, in camel case, in snake case, or as
// Go prints it.
func (m member) is(key string) bool {
	return strings.EqualFold(strings.ReplaceAll(m.key, "_", ""), strings.ReplaceAll(key, "_", ""))
}

func (t top) has(key string) bool {
	return slices.ContainsFunc(t, func(m member) bool { return m.is(key) })
}

// holds reports whether the value of key starts with this byte.
func (t top) holds(key string, first byte) bool {
	return slices.ContainsFunc(t, func(m member) bool { return m.is(key) && startsWith(m.value, string(first)) })
}

// isEmptyObject knows {}: an OTLP message without anything in it.
func isEmptyObject(text []byte) bool {
	return startsWith(text, "{") && startsWith(bytes.TrimLeft(text[1:], " \t\r\n"), "}")
}

// holdsTraces reports whether the value of key can be the traces of Jaeger UI
// JSON: one, a list of them, an empty list, null.
func (t top) holdsTraces(key string) bool {
	for _, m := range t {
		if !m.is(key) {
			continue
		}
		inside := bytes.TrimLeft(m.value, "[ \t\r\n")
		switch {
		case startsWith(inside, "]"), bytes.HasPrefix(inside, []byte("null")):
			return true
		case startsWith(inside, "{"):
			trace := topOf(inside)
			return trace.has("spans") || trace.has("traceID")
		}
	}
	return false
}

// looksLike says in words what an object that is nothing we read looks like.
func looksLike(text []byte) string {
	top := topOf(text)
	switch {
	case top.has("traceId") && top.has("id") && (top.has("timestamp") || top.has("duration") || top.has("localEndpoint") || top.has("annotations")):
		return "Zipkin JSON"
	case top.has("context") && (top.has("start_time") || top.has("parent_id")):
		return "the output of an OpenTelemetry console exporter"
	case top.has("traceEvents"):
		return "a Chrome trace (traceEvents)"
	case top.has("traces") && top.has("metrics"):
		return "Tempo's answer to a search, which holds no spans"
	case top.has("tagNames"), top.has("tagValues"), top.has("scopes") && top.has("metrics"):
		return "Tempo's answer about tags"
	case top.has("traceID") && top.has("spanID"):
		return "a span by itself, without its resource or process"
	case top.has("hits"), top.has("_source"):
		return "an answer of Elasticsearch"
	case top.has("error"), top.has("errors"):
		return "an error that a server answered"
	}
	return "JSON with the keys " + keyList(top)
}

// keyList lists the first keys, printable.
func keyList(t top) string {
	const listed = 4
	var names []string
	for _, m := range t[:min(len(t), listed)] {
		names = append(names, quoted([]byte(m.key)))
	}
	if len(t) > listed {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}
