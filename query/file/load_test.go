package file

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/pfptrace/pfptrace/model"
)

// load reads content as standard input.
func load(content string, opts Options) (*Loaded, error) {
	return Load(context.Background(), []string{"-"}, strings.NewReader(content), opts)
}

// names lists the spans that were read, in the order of traces and times.
func names(l *Loaded) string {
	var out []string
	for _, trace := range l.Traces.List {
		for _, span := range trace.Spans {
			out = append(out, span.Name)
		}
	}
	return strings.Join(out, " ")
}

// otlpJSON is an OTLP JSON document of one span, in a trace of its own.
func otlpJSON(name string) string {
	return fmt.Sprintf(`{"resourceSpans":[{"resource":{},"scopeSpans":[{"spans":[{"traceId":"%032x","spanId":"0000000000000001","name":%q,"startTimeUnixNano":"%d","endTimeUnixNano":"%d"}]}]}]}`,
		nameNumber(name), name, nameNumber(name), nameNumber(name)+1)
}

// nameNumber makes ids and times from a name: "a" is before "b".
func nameNumber(name string) uint64 {
	var b [8]byte
	copy(b[1:], name)
	return binary.BigEndian.Uint64(b[:])
}

// pretty is the same document indented.
func pretty(name string) string {
	return strings.NewReplacer(`{"resourceSpans":[`, "{\n  \"resourceSpans\": [\n    ", `"scopeSpans"`, "\n    \"scopeSpans\"", `]}]}]}`, "]}]}\n  ]\n}\n").Replace(otlpJSON(name))
}

// otlpProto is an OTLP protobuf message of one span.
func otlpProto(name string) string {
	draft := model.Draft{Trace: model.TraceID{15: 1}, ID: model.SpanID{7: name[0]}, Name: name, Start: int64(nameNumber(name)), End: int64(nameNumber(name)) + 1}
	span := draft.Span(model.MakeOrigin("", model.String("service.name", "test")))
	scopeSpans := field(2, string(span.Raw))
	resource := field(1, string(model.String("service.name", "test")))
	return field(1, field(1, resource)+field(2, scopeSpans))
}

// field is a length-delimited protobuf field.
func field(number int, payload string) string {
	b := binary.AppendUvarint(nil, uint64(number)<<3|2)
	return string(binary.AppendUvarint(b, uint64(len(payload)))) + payload
}

func fixedFrame(payload string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(payload)))) + payload
}

func varintFrame(payload string) string {
	return string(binary.AppendUvarint(nil, uint64(len(payload)))) + payload
}

func gzipped(content string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(content))
	_ = w.Close()
	return b.String()
}

func zstded(content string) string {
	w, _ := zstd.NewWriter(nil)
	defer w.Close()
	return string(w.EncodeAll([]byte(content), nil))
}

func TestTheContentDecidesTheFormat(t *testing.T) {
	a, b, c := otlpJSON("a"), otlpJSON("b"), otlpJSON("c")
	logLine := `{"resourceLogs":[{"scopeLogs":[]}]}`
	for name, content := range map[string]string{
		"JSON lines":                         a + "\n" + b + "\n" + c + "\n",
		"the last line has no end":           a + "\n" + b + "\n" + c,
		"lines end as on Windows":            a + "\r\n" + b + "\r\n" + c + "\r\n",
		"empty lines in between":             "\n" + a + "\n\n\n" + b + "\n  \n" + c + "\n\n",
		"a byte order mark":                  "\xef\xbb\xbf" + a + "\n" + b + "\n" + c,
		"documents on one line":              a + b + " " + c,
		"indented documents":                 pretty("a") + pretty("b") + pretty("c"),
		"lines and indented documents":       a + "\n" + pretty("b") + c,
		"an array on one line":               "[" + a + "," + b + "," + c + "]",
		"an array of lines":                  "[" + a + ",\n" + b + ",\n" + c + "\n]\n",
		"an array of indented documents":     "[\n" + pretty("a") + ",\n" + pretty("b") + ",\n" + pretty("c") + "]",
		"arrays in an array":                 "[[" + a + "],[" + b + "," + c + "]]",
		"arrays one after another":           "[" + a + "]\n[" + b + "]" + "[" + c + "]",
		"answers of Jaeger's api_v3":         `{"result":` + a + "}\n" + `{"result":` + b + "}" + `{"result":` + c + "}",
		"answers of Tempo":                   `{"trace":` + a + "}\n" + strings.Replace(b, "resourceSpans", "batches", 1) + "\n" + c,
		"other signals in between":           logLine + "\n" + a + "\n" + logLine + "\n" + b + "\n" + c + "\n" + logLine,
		"empty documents":                    "{}\n" + a + "\n{}\n" + b + "\n" + c + "\n{ }\n",
		"names in snake case":                strings.Replace(a, "resourceSpans", "resource_spans", 1) + "\n" + b + "\n" + c,
		"records after a separator":          "\x1e" + a + "\n\x1e" + b + "\n\x1e" + c + "\n",
		"one protobuf message":               otlpProto("a") + otlpProto("b") + otlpProto("c"),
		"protobuf after 4 bytes":             fixedFrame(otlpProto("a")) + fixedFrame(otlpProto("b")+otlpProto("c")),
		"empty messages first":               fixedFrame("") + fixedFrame("") + fixedFrame(otlpProto("a")+otlpProto("b")+otlpProto("c")),
		"protobuf after varints":             varintFrame(otlpProto("a")) + varintFrame(otlpProto("b")) + varintFrame(otlpProto("c")),
		"zstd in each message":               fixedFrame(zstded(otlpProto("a"))) + fixedFrame(zstded(otlpProto("b"))) + fixedFrame(zstded(otlpProto("c"))),
		"JSON as zstd in each message":       fixedFrame(zstded(a)) + fixedFrame(zstded(b)) + fixedFrame(zstded(c)),
		"Tempo's protobuf":                   field(1, otlpProto("a")+otlpProto("b")+otlpProto("c")) + field(2, field(1, "x")),
		"gzip":                               gzipped(a + "\n" + b + "\n" + c),
		"gzip in members":                    gzipped(a+"\n") + gzipped(b+"\n"+c[:20]) + gzipped(c[20:]),
		"zstd":                               zstded(fixedFrame(otlpProto("a")) + fixedFrame(otlpProto("b")) + fixedFrame(otlpProto("c"))),
		"zstd in frames":                     zstded(otlpProto("a")) + zstded(otlpProto("b")+otlpProto("c")),
		"two formats in one file":            a + "\n" + `{"data":[` + jaegerTraceOf("b") + "]}\n" + c,
		"zstd after a frame that is skipped": "\x50\x2a\x4d\x18\x04\x00\x00\x00abcd" + zstded(a+b+c),
		"Jaeger's traces by themselves":      jaegerTraceOf("a") + "\n" + jaegerTraceOf("b") + `{"total":1,"data":` + jaegerTraceOf("c") + "}",
	} {
		t.Run(name, func(t *testing.T) {
			loaded, err := load(content, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := names(loaded); got != "a b c" {
				t.Errorf("spans %q, want a b c", got)
			}
			if f := loaded.Report.Files[0]; f.Problems != 0 || len(f.Refused) != 0 {
				t.Errorf("warnings %q", loaded.Report.Warnings())
			}
		})
	}
}

func jaegerTraceOf(name string) string {
	return fmt.Sprintf(`{"traceID":"%x","spans":[{"traceID":"%x","spanID":"1","operationName":%q,"startTime":%d,"duration":1,"processID":"p1"}],"processes":{"p1":{"serviceName":"s"}}}`,
		nameNumber(name), nameNumber(name), name, nameNumber(name)/1000)
}

// What cannot be read is named with its place, and what stands around it is
// kept.
func TestDamageIsNamedAndTheRestIsKept(t *testing.T) {
	a, b, c := otlpJSON("a"), otlpJSON("b"), otlpJSON("c")
	cutInText := b[:strings.Index(b, `scopeSpans`)] // in a string
	cutInList := b[:strings.Index(b, `{"traceId"`)] // after a bracket
	for name, test := range map[string]struct{ content, kept, first string }{
		"a bad line":                     {a + "\n" + `{"resourceSpans":[{]}` + "\n" + c, "a c", "line 2: malformed JSON: invalid character ']'"},
		"a line that is no JSON":         {a + "\nhello\n" + c, "a c", "line 2: not a JSON document"},
		"a line that is cut in a text":   {a + "\n" + cutInText + "\n" + c, "a c", "line 2: "},
		"a line that is cut in a list":   {a + "\n" + cutInList + "\n" + c, "a c", "line 2: "},
		"the last line is cut":           {a + "\n" + b + "\n" + c[:60], "a b", "line 3: "},
		"the beginning is cut off":       {a[40:] + "\n" + b + "\n" + c, "b c", "line 1: not a JSON document"},
		"NUL bytes at the beginning":     {"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" + a + "\n" + b + "\n" + c, "b c", "line 1: not a JSON document"},
		"NUL bytes in the middle":        {a + "\n\x00\x00\x00\n" + c, "a c", "line 2: not a JSON document"},
		"an indented document is cut":    {pretty("a") + pretty("b")[:100] + "\n" + pretty("c"), "a c", "line 7: "},
		"a bracket too few":              {pretty("a") + strings.Replace(pretty("b"), "]}]}\n", "]}]\n", 1) + pretty("c"), "a c", "line 11: malformed JSON"},
		"the last document is cut":       {pretty("a") + pretty("b") + pretty("c")[:150], "a b", "line 13: "},
		"the list has no end":            {"[" + a + ",\n" + b, "a b", "line 2: the list is not closed"},
		"something that is no trace":     {a + "\n" + `{"level":"info","message":"started"}` + "\n" + b, "a b", `line 2: it looks like JSON with the keys "level", "message"`},
		"bad documents on one line":      {a + `{"resourceSpans":7x}` + b + "\n" + c, "a b c", "line 1: malformed JSON"},
		"a number in a document's place": {a + "\n17\n" + b, "a b", "line 2: not a JSON document"},
		"a message is cut off":           {fixedFrame(otlpProto("a")) + fixedFrame(otlpProto("b"))[:30], "a", "byte 87: cut off: a message has 26 of its 83 bytes"},
		"a length is cut off":            {fixedFrame(otlpProto("a")) + "\x00\x00", "a", "byte 87: the length of a message is cut off"},
		"a malformed message":            {fixedFrame(otlpProto("a")) + fixedFrame("\x0a\x7fxyz") + fixedFrame(otlpProto("b")), "a b", "byte 87: "},
		"a message without frame is cut": {otlpProto("a") + otlpProto("b")[:40], "a", "byte 83: cut off"},
		"gzip that is cut off":           {gzipped(a + "\n" + b + "\n" + strings.Repeat(c+"\n", 50))[:150], "a", ""},
		"an endless length":              {varintFrame(otlpProto("a")) + strings.Repeat("\xff", 12), "a", "byte 84: the length of a message is cut off or malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			loaded, err := load(test.content, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := names(loaded); got != test.kept {
				t.Errorf("spans %q, want %q", got, test.kept)
			}
			problems := loaded.Report.Problems
			if len(problems) == 0 || !strings.Contains(problems[0].String(), test.first) {
				t.Errorf("problems %q, want first %q", problems, test.first)
			}
			if f := loaded.Report.Files[0]; f.Problems != len(problems) || f.Lost > f.Content {
				t.Errorf("%d problems, %d of %d bytes lost", f.Problems, f.Lost, f.Content)
			}
		})
	}
}

func TestAWarningSaysHowMuchWasLost(t *testing.T) {
	a := otlpJSON("a")
	loaded, err := load(a+"\nx\n"+a+"\ny\nz\n", Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"standard input line 2: not a JSON document; 3 lines or documents could not be read (0.6 % of the bytes)"}
	if got := loaded.Report.Warnings(); !slices.Equal(got, want) {
		t.Errorf("warnings %q, want %q", got, want)
	}
}

func TestOtherSignalsAreCounted(t *testing.T) {
	metric := field(1, field(2, field(2, field(1, "http.server.duration")+field(2, "a description"))))
	record := field(1, field(2, field(2, "\x09\x01\x02\x03\x04\x05\x06\x07\x08")))
	for _, content := range []string{
		otlpJSON("a") + "\n" + `{"resourceMetrics":[]}` + "\n" + `{"resourceLogs":[]}` + "\n" + `{"resource_metrics":[]}`,
		fixedFrame(metric) + fixedFrame(otlpProto("a")) + fixedFrame(record) + fixedFrame(metric),
	} {
		loaded, err := load(content, Options{})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"standard input: skipped messages of other signals: 1 of logs, 2 of metrics"}
		if got := loaded.Report.Warnings(); names(loaded) != "a" || !slices.Equal(got, want) {
			t.Errorf("spans %q, warnings %q, want %q", names(loaded), got, want)
		}
	}
}

func TestWhatIsNothingWeReadSaysWhatItLooksLike(t *testing.T) {
	for content, want := range map[string]string{
		"":       "it is empty",
		" \n\n ": "it holds only white space",
		`[{"traceId":"1","id":"2","timestamp":3}]`: "Zipkin JSON",
		"<!DOCTYPE html><html></html>":             "HTML or XML",
		"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR":      "a PNG image",
		"PAR1\x15\x04\x15":                         "Parquet",
		"PERFILE2\x68\x00":                         "a profile of perf",
		"hello\nworld\n":                           `plain text: "hello"`,
		"\x1b[31mred\n":                            `plain text: "\x1b[31mred"`,
		"\xff\xfe{\x00":                            "UTF-16",
		"\x00\x01\x02\x03\x04\x05":                 "binary data: 00 01 02 03",
		`{"traceEvents":[]}`:                       "a Chrome trace",
		`{"name":"x","context":{"trace_id":"0x1"},"parent_id":null,"start_time":"2026"}`: "OpenTelemetry console exporter",
		`{"traces":[],"metrics":{}}`:                                    "Tempo's answer to a search",
		`{"data":null,"errors":[{"code":404,"msg":"trace not found"}]}`: `the server answered with an error: "trace not found"`,
		`{"data":["frontend","driver"],"total":2}`:                      `JSON with the keys "data", "total"`,
		`{"resourceSpans":[{]}`:                                         "line 1: malformed JSON",
		"{\n\"resourceSpans\": [\n{ // a comment\n}]}":                  "line 3: malformed JSON: invalid character '/'",
		gzipped(gzipped("x")):                                           "gzip inside of gzip",
		gzipped(""):                                                     "it is empty",
		"\x1f\x8b\x08":                                                  "damaged",
		"\x80\x00\x00\x00":                                              "binary data",
		`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"zz","spanId":"1"}]}]}]}`: `none of its spans can be read: trace id does not read as 16 bytes (for example "zz")`,
	} {
		loaded, err := load(content, Options{})
		if err == nil {
			t.Errorf("%.40q was read: %q", content, loaded.Report.Warnings())
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", content, err, want)
		}
	}
}

func TestAFileWithoutSpansIsNoError(t *testing.T) {
	for _, content := range []string{"{}", "[]", `{"resourceSpans":[]}`, `{"resourceLogs":[]}`, `{"data":[]}`, `{"trace":{},"metrics":{}}`, "\x0a\x00\x12\x00"} {
		loaded, err := load(content, Options{})
		if err != nil {
			t.Errorf("%q: %v", content, err)
			continue
		}
		if w := loaded.Report.Warnings(); len(w) == 0 || w[len(w)-1] != "standard input: holds no spans" {
			t.Errorf("%q: warnings %q", content, w)
		}
	}
}

// Spans that alias what was read must not change when more is read.
func TestSpansStayAsTheyWere(t *testing.T) {
	var lines, frames strings.Builder
	const n = 20_000
	for i := range n {
		name := fmt.Sprintf("s%05d", i)
		lines.WriteString(otlpJSON(name) + "\n")
		frames.WriteString(fixedFrame(strings.Replace(otlpProto(name), string(make([]byte, 7))+"s", string(binary.BigEndian.AppendUint32(nil, uint32(i+1)))+"\x00\x00\x00s", 1)))
	}
	for _, content := range []string{lines.String(), frames.String()} {
		loaded, err := load(content, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := loaded.Traces.Spans(); got != n {
			t.Fatalf("%d spans, want %d: %q", got, n, loaded.Report.Warnings())
		}
		for _, trace := range loaded.Traces.List {
			for i := range trace.Spans {
				if span := &trace.Spans[i]; !bytes.Contains(span.Raw, []byte(span.Name)) || !bytes.Contains(span.Raw, span.ID[:]) {
					t.Fatalf("span %s %s is not what its message says: %s", span.ID, span.Name, hex.EncodeToString(span.Raw))
				}
			}
		}
	}
}

func TestPaths(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	b := write("b.json", otlpJSON("b"))
	write("a.pb", otlpProto("a"))
	write("notes.txt", "remember the milk\n")
	write(".hidden", otlpJSON("z"))
	if err := os.Mkdir(filepath.Join(dir, "more"), 0o700); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(context.Background(), []string{dir, "-", b}, strings.NewReader(otlpJSON("c")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := names(loaded); got != "a b c" || loaded.Traces.Odd.Duplicates != 1 {
		t.Errorf("spans %q, odd %+v", got, loaded.Traces.Odd)
	}
	want := strings.NewReplacer("DIR", dir).Replace(
		`not read: DIR/.hidden (hidden); DIR/more (a folder in a folder); DIR/notes.txt (it looks like plain text: "remember the milk")`)
	if got := loaded.Report.Warnings(); !slices.Equal(got, []string{want}) {
		t.Errorf("warnings %q, want %q", got, want)
	}
}

func TestPathsThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.txt")
	for _, step := range []struct {
		path, want, hint string
	}{
		{dir, "the folder is empty", "accepted are OTLP"},
		{filepath.Join(dir, "nowhere"), "nowhere: no such file or folder", "--from takes the path"},
		{text, `it looks like plain text: "hello"`, "accepted are OTLP"},
		{dir, "no file in the folder can be read; not read: " + text, "accepted are OTLP"},
	} {
		_, err := Load(context.Background(), []string{step.path}, nil, Options{})
		hinted, ok := err.(interface{ Hint() string })
		if !ok || !strings.Contains(err.Error(), step.want) || !strings.Contains(hinted.Hint(), step.hint) {
			t.Errorf("%s: %v, want %q and a hint %q", step.path, err, step.want, step.hint)
		}
		if err := os.WriteFile(text, []byte("hello\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Load(context.Background(), []string{"-", "-"}, strings.NewReader("{}"), Options{}); err == nil {
		t.Error("standard input was read twice")
	}
}
