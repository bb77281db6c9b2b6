package file

import (
	"bytes"
	"context"
	"testing"
	"testing/iotest"

	"github.com/pfptrace/pfptrace/query/capture"
	"github.com/pfptrace/pfptrace/query/otlp"
)

// FuzzLoad feeds every reader: no input may make them panic or hang, the
// report must add up, and how the bytes arrive must not matter.
func FuzzLoad(f *testing.F) {
	a, b := otlpJSON("a"), otlpJSON("b")
	for _, seed := range []string{
		a + "\n" + b, pretty("a") + pretty("b"), "[" + a + ",\n" + b + "]", `{"result":` + a + "}", a[:80] + "\n" + b,
		otlpProto("a") + otlpProto("b"), fixedFrame(otlpProto("a")), varintFrame(otlpProto("a")), field(1, otlpProto("a")),
		fixedFrame(zstded(otlpProto("a"))), gzipped(a), zstded(a), jaegerExample, "[" + jaegerTraceOf("a") + "]",
		`[{"id":1,"model_name":"m","parent_id":2},` + stampRecord(1, "REQUEST_START", 1) + "," + stampRecord(2, "X_END", 3), `{"resourceLogs":[]}`,
		captured(f, otlpProto("a"), otlpProto("b")), captured(f, otlpProto("a"))[:100],
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		opts := Options{MaxMemory: 64 << 20}
		whole, err := Load(context.Background(), []string{"-"}, bytes.NewReader(content), opts)
		parts, err2 := Load(context.Background(), []string{"-"}, iotest.HalfReader(bytes.NewReader(content)), opts)
		if (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
			t.Fatalf("read at once: %v; in parts: %v", err, err2)
		}
		if err != nil {
			return
		}
		if names(whole) != names(parts) {
			t.Errorf("read at once: %q; in parts: %q", names(whole), names(parts))
		}
		for _, file := range whole.Report.Files {
			if file.Lost < 0 || file.Lost > file.Content || file.Spans < whole.Traces.Spans() {
				t.Errorf("%+v", file)
			}
		}
		for _, p := range whole.Report.Problems {
			if p.Reason == "" || p.Line < 0 || p.Line > 1+bytes.Count(content, []byte{'\n'}) && whole.Report.Files[0].Compression == "" {
				t.Errorf("%+v", p)
			}
		}
		_ = whole.Report.Warnings()
	})
}

// FuzzJaeger changes the text inside a document that is known to be Jaeger's.
func FuzzJaeger(f *testing.F) {
	f.Add([]byte(`{"traceID":"1","spanID":"2","startTime":3,"duration":4,"tags":[{"key":"k","type":"int64","value":"5"}],"logs":[{"timestamp":1,"fields":[{"key":"event","value":"x"}]}]}`))
	f.Add([]byte(`{"traceID":"1","spanID":"2","startTime":"3","duration":4e3,"references":[{"refType":"FOLLOWS_FROM","traceID":"1","spanID":"9"}],"warnings":["timestamps were adjusted by"]}`))
	f.Fuzz(func(t *testing.T, span []byte) {
		loaded, err := load(`{"data":[{"traceID":"a","spans":[`+string(span)+`],"processes":{"p":{"serviceName":"s"}}}]}`, Options{})
		if err != nil {
			return
		}
		for i := range loaded.Traces.List {
			for _, s := range loaded.Traces.List[i].Spans {
				if s.Trace.IsZero() || s.ID.IsZero() || s.Start < 0 || s.End < 0 || s.Origin == nil {
					t.Errorf("%+v", s)
				}
			}
		}
	})
}

// FuzzTriton changes the text inside a list that is known to be Triton's.
func FuzzTriton(f *testing.F) {
	f.Add([]byte(stampRecord(1, "COMPUTE_START", 5) + `,{"id":2,"model_name":"n","parent_id":1},{"id":1,"model_name":"m","parent_id":2}`))
	f.Add([]byte(`{"id":1,"activity":"T","tensor":{"data":"}{"]},{"id":3,"timestamps":[{"name":"A_START","ns":2},{"name":"A_END","ns":1}]}`))
	f.Fuzz(func(t *testing.T, records []byte) {
		loaded, err := load("["+stampRecord(1, "REQUEST_START", 1)+","+string(records)+"]", Options{})
		if err != nil {
			return
		}
		for i := range loaded.Traces.List {
			for _, s := range loaded.Traces.List[i].Spans {
				if s.Trace.IsZero() || s.ID.IsZero() || s.Start < 0 || s.End < 0 {
					t.Errorf("%+v", s)
				}
			}
		}
	})
}

// FuzzCapture promises anything in a header whose checksums are right: the
// frame before it is read, and the report adds up.
func FuzzCapture(f *testing.F) {
	good := captured(f, otlpProto("a"))
	alone, err := load(good, Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(fixedFrame(otlpProto("b"))), byte(0), uint32(1), uint32(1), uint32(0), uint32(0), int64(1), int64(2))
	f.Add([]byte("\x00\x00\x00\x05"), byte(2), uint32(1<<31), uint32(1<<31), uint32(1<<31), uint32(64), int64(-1), int64(1<<62))
	f.Fuzz(func(t *testing.T, plain []byte, signal byte, messages, spans, resolution, more uint32, first, last int64) {
		frame := forged(string(plain), func(h *capture.Header) {
			h.Signal, h.Messages, h.Spans, h.Resolution = otlp.Signal(signal), messages, spans, resolution
			h.Packed, h.First, h.Last = h.Packed+more, first, last
		})
		content := good + frame
		l, err := load(content, Options{MaxMemory: 64 << 20})
		if err != nil || l.Traces.Get(alone.Traces.List[0].ID) == nil {
			t.Fatalf("%q %v", names(l), err)
		}
		if report := l.Report.Files[0]; report.Lost > report.Content || report.Content != int64(len(content)) {
			t.Errorf("%d bytes: %+v", len(content), report)
		}
	})
}
