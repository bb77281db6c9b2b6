package file

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/capture"
	"github.com/pfptrace/pfptrace/query/otlp"
)

// captured is a capture with one frame for each message.
func captured(t testing.TB, messages ...string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := capture.NewWriter(&b, capture.Options{FrameSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range messages {
		if err := w.Write(otlp.Traces, []byte(message)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// frames returns the frames of a capture, each with its header.
func frames(content string) (list []string) {
	for len(content) > 0 {
		h, _ := capture.ParseHeader([]byte(content))
		n := capture.HeaderSize + int(h.Packed)
		list, content = append(list, content[:n]), content[n:]
	}
	return list
}

// Wherever a capture is cut off, the frames before are read, and what is lost
// is said: how many bytes, and of which spans.
func TestACaptureThatIsCutOffAnywhere(t *testing.T) {
	content := captured(t, otlpProto("a"), otlpProto("b"), otlpProto("c"))
	list := frames(content)
	one, two := len(list[0]), len(list[0])+len(list[1])
	for n := range content {
		l, err := load(content[:n], Options{})
		if n < one {
			if err == nil {
				t.Errorf("%d bytes: %q is read", n, names(l))
			}
			continue
		}
		want, whole, torn := "a", one, list[1]
		if n >= two {
			want, whole, torn = "a b", two, list[2]
		}
		if err != nil || names(l) != want {
			t.Fatalf("%d bytes: %q %v", n, names(l), err)
		}
		report := l.Report.Files[0]
		lost := int64(n - whole)
		if report.Lost != lost || report.Content != int64(n) || report.Problems != min(int(lost), 1) {
			t.Errorf("%d bytes, %d of them lost: %+v", n, lost, report)
		}
		if lost >= capture.HeaderSize && !strings.HasSuffix(report.First.Reason, fmt.Sprintf("has %d of its %d bytes", lost-capture.HeaderSize, len(torn)-capture.HeaderSize)) {
			t.Errorf("%d bytes: %s", n, report.First)
		}
	}
}

// Captures can be joined by cat, also those of killed processes, and with
// something foreign in between.
func TestCapturesThatWereJoined(t *testing.T) {
	a, b, c := captured(t, otlpProto("a")), captured(t, otlpProto("b")), captured(t, otlpProto("c"))
	for n := range b {
		l, err := load(a+b[:n]+c, Options{})
		if err != nil || names(l) != "a c" {
			t.Fatalf("%d bytes: %q %v", n, names(l), err)
		}
		if report := l.Report.Files[0]; report.Lost != int64(n) || report.Problems != min(n, 1) {
			t.Errorf("%d bytes: %+v", n, report)
		}
	}
	l, err := load(a+"x"+b+strings.Repeat("padding", 1<<20)+c, Options{})
	if err != nil || names(l) != "a b c" || l.Report.Files[0].Problems != 2 || l.Report.Files[0].Lost != 7<<20+1 {
		t.Errorf("%q %v %q", names(l), err, l.Report.Warnings())
	}
}

// A byte that has changed costs its frame and no more.
func TestADamagedFrame(t *testing.T) {
	content := captured(t, otlpProto("a"), otlpProto("b"), otlpProto("c"))
	list := frames(content)
	for i := range list[1] {
		damaged := []byte(content)
		damaged[len(list[0])+i] ^= 0x40
		l, err := load(string(damaged), Options{})
		if err != nil || names(l) != "a c" || l.Report.Files[0].Problems != 1 || l.Report.Files[0].Lost != int64(len(list[1])) {
			t.Errorf("byte %d: %q %v %q", i, names(l), err, l.Report.Warnings())
		}
	}
	damaged := []byte(content)
	damaged[len(content)-1]++
	l, err := load(string(damaged), Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := len(list[0]) + len(list[1])
	want := fmt.Sprintf("standard input at byte %d: damaged: a frame of 1 span (1970-11-19T12:33:42.694Z to 1970-11-19T12:33:42.694Z) does not have its checksum (%s of the bytes)",
		at, percent(int64(len(list[2])), int64(len(content))))
	if warnings := l.Report.Warnings(); !slices.Equal(warnings, []string{want}) {
		t.Errorf("%q", warnings)
	}
}

// Frames of other signals are counted and not looked into; without the headers,
// as zstd -d leaves them, the messages themselves tell.
func TestSignalsInACapture(t *testing.T) {
	var b bytes.Buffer
	w, err := capture.NewWriter(&b, capture.Options{FrameSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	metric := field(1, field(2, field(2, field(1, "a metric"))))
	logs := field(1, field(2, field(2, "\x09\x00\x00\x00\x00\x00\x00\x00\x00")))
	for _, m := range []struct {
		signal  otlp.Signal
		message string
	}{{otlp.Metrics, metric}, {otlp.Logs, logs}, {otlp.Traces, otlpProto("a")}, {otlp.Metrics, metric}, {otlp.Traces, otlpProto("b")}} {
		if err := w.Write(m.signal, []byte(m.message)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	content := b.String()
	reader, err := zstd.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	plain, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"standard input: skipped messages of other signals: 1 of logs, 2 of metrics"}
	for name, content := range map[string]string{"capture": content, "zstd -d": string(plain), "zstd -d | zstd": zstded(string(plain)), "gzip": gzipped(string(plain))} {
		l, err := load(content, Options{})
		if err != nil || names(l) != "a b" || !slices.Equal(l.Report.Warnings(), want) {
			t.Errorf("%s: %q %v %q", name, names(l), err, l.Report.Warnings())
		}
	}
}

// What the times are rounded to comes back, and says how they are understood.
func TestTheResolutionComesBack(t *testing.T) {
	var b bytes.Buffer
	w, err := capture.NewWriter(&b, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	report, err := Stream(context.Background(), []string{"-"}, strings.NewReader(jaegerExample), Options{}, func(spans []model.Span, resolution int64) error {
		w.SetResolution(uint32(resolution))
		return w.Write(otlp.Traces, otlp.AppendExport(nil, spans))
	})
	if err != nil || report.QuantumNS != jaegerQuantum {
		t.Fatalf("%+v %v", report, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	direct, err := load(jaegerExample, Options{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := load(b.String(), Options{})
	if err != nil || again.Report.QuantumNS != jaegerQuantum {
		t.Fatalf("%+v %v", again, err)
	}
	if warnings := again.Report.Warnings(); !slices.Equal(warnings, []string{"standard input: times of what was recorded are rounded to 1µs: a quantum of that is advised"}) {
		t.Errorf("%q", warnings)
	}
	if got, want := model.FormatNotation(again.Traces.List), model.FormatNotation(direct.Traces.List); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// An error of the sink ends the reading, in whatever format the spans are.
func TestTheErrorOfASinkEndsTheReading(t *testing.T) {
	full := fmt.Errorf("the disk is full")
	for name, content := range map[string]string{
		"JSON": otlpJSON("a") + "\n" + otlpJSON("b"), "protobuf": otlpProto("a") + otlpProto("b"), "Jaeger": jaegerExample,
		"Triton": "[" + stampRecord(1, "REQUEST_START", 1) + "]", "capture": captured(t, otlpProto("a"), otlpProto("b")),
	} {
		calls := 0
		_, err := Stream(context.Background(), []string{"-", filepath.Join("..", "..", "testdata", "examples", "otlp")}, strings.NewReader(content), Options{}, func([]model.Span, int64) error {
			calls++
			return full
		})
		if err != full || calls != 1 {
			t.Errorf("%s: %v after %d calls", name, err, calls)
		}
	}
}

// Nothing is kept of what is streamed: a limit of memory does not end it, and a
// limit of spans does.
func TestAStreamIsNotBoundByMemory(t *testing.T) {
	content := strings.Repeat(fixedFrame(otlpProto("a")), 100_000)
	for limit, want := range map[int]int{0: 100_000, 5: 5} {
		spans := 0
		report, err := Stream(context.Background(), []string{"-"}, strings.NewReader(content), Options{MaxMemory: 1 << 20, MaxSpans: limit}, func(list []model.Span, _ int64) error {
			spans += len(list)
			return nil
		})
		if err != nil || spans != want || (report.Files[0].Limit != "") != (limit > 0) {
			t.Errorf("limit %d: %d spans %v %q", limit, spans, err, report.Warnings())
		}
	}
}
