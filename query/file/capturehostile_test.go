package file

import (
	"strings"
	"testing"
	"time"

	"github.com/pfptrace/pfptrace/query/capture"
	"github.com/pfptrace/pfptrace/query/otlp"
)

// forged is a frame with this content and a header that fits it, but for what
// change does to it.
func forged(plain string, change func(*capture.Header)) string {
	packed := zstded(plain)
	h := capture.Header{Messages: 1, Spans: 1, Plain: uint32(len(plain)), Packed: uint32(len(packed)), Checksum: capture.Checksum([]byte(packed))}
	change(&h)
	return string(h.Append(nil)) + packed
}

// A header may promise what it likes: it costs its frame, is said, and neither
// time nor memory grow with it.
func TestHostileHeaders(t *testing.T) {
	const mb = 1 << 20
	good, plain := captured(t, otlpProto("a")), fixedFrame(otlpProto("b"))
	for name, test := range map[string]struct{ frame, want string }{
		"fewer messages than promised": {forged(plain, func(h *capture.Header) { h.Plain++ }), "bytes where its header says"},
		"more bytes than there are":    {forged(plain, func(h *capture.Header) { h.Packed += 1000 }), "cut off: a frame of 1 span has"},
		"4 GiB":                        {forged(plain, func(h *capture.Header) { h.Packed = 1<<32 - 1 }), "a frame of 4294967295 bytes is longer than 512 MiB (limit)"},
		"500 MiB unpacked":             {forged(plain, func(h *capture.Header) { h.Plain = 500 * mb }), "compressed data grows without end: more than 256 times its size (limit)"},
		"a wrong length inside":        {forged("\x00\x00\x00\x09abc", func(*capture.Header) {}), "the length of a message in a frame is wrong"},
		"half a length inside":         {forged("\x00\x00\x00", func(*capture.Header) {}), "the length of a message in a frame is wrong"},
		"not zstd":                     {forged(plain, func(h *capture.Header) { h.Packed, h.Checksum = 1, capture.Checksum([]byte("\x28")) }), "damaged: a frame of 1 span: "},
		"4 billion metrics":            {forged(plain, func(h *capture.Header) { h.Signal, h.Messages = otlp.Metrics, 1<<32-1 }), "4294967295 of metrics"},
		"not OTLP":                     {forged(fixedFrame("\xff\xff\xff"), func(*capture.Header) {}), "malformed OTLP protobuf"},
		"times before 1970":            {forged(plain, func(h *capture.Header) { h.First, h.Last, h.Checksum = -1<<63, -1, 0 }), "a frame of 1 span does not have its checksum"},
	} {
		l, err := load(good+test.frame, Options{})
		if err != nil || names(l) != "a" || !strings.Contains(strings.Join(l.Report.Warnings(), "\n"), test.want) {
			t.Errorf("%s: %q %v %q", name, names(l), err, l.Report.Warnings())
		}
	}
}

// A file of nothing but headers that promise the rest of the file is read in
// linear time: without a limit these would be 700 GB to look through.
func TestAFileOfHeaders(t *testing.T) {
	const headers = 1 << 20
	h := capture.Header{Messages: 1, Packed: capture.HeaderSize * headers / 100}
	began := time.Now()
	l, err := load(captured(t, otlpProto("a"))+strings.Repeat(string(h.Append(nil)), headers), Options{})
	if err != nil || names(l) != "a" || l.Report.Files[0].Lost != capture.HeaderSize*headers {
		t.Errorf("%q %v %q", names(l), err, l.Report.Warnings())
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}
