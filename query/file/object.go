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
	case top.has("resourceSpans"), top.has("resource_spans"), top.has("batches"), top.holds("trace", '{'), top.holds("result", '{'):
		return otlpObject
	case top.has("resourceLogs"), top.has("resource_logs"):
		return logsObject
	case top.has("resourceMetrics"), top.has("resource_metrics"):
		return metricsObject
	case top.has("resourceProfiles"), top.has("resource_profiles"):
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

func (t top) has(key string) bool {
	return slices.ContainsFunc(t, func(m member) bool { return m.key == key })
}

// holds reports whether the value of key starts with this byte.
func (t top) holds(key string, first byte) bool {
	return slices.ContainsFunc(t, func(m member) bool { return m.key == key && startsWith(m.value, string(first)) })
}

// holdsTraces reports whether the value of key can be the traces of Jaeger UI
// JSON: one, a list of them, an empty list, null.
func (t top) holdsTraces(key string) bool {
	for _, m := range t {
		if m.key != key {
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
		return "one span of Jaeger's storage; export the trace as Jaeger UI JSON"
	case top.has("hits"), top.has("_source"):
		return "an answer of Elasticsearch"
	case top.has("error"), top.has("errors"):
		return "an error that a server answered"
	case len(top) == 0:
		return "a JSON object without keys"
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
