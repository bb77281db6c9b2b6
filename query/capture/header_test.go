package capture

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pfptrace/pfptrace/query/otlp"
)

func TestAHeaderComesBack(t *testing.T) {
	want := Header{
		Signal: otlp.Metrics, Messages: 1, Spans: 2, Resolution: 1000,
		First: 1_795_334_400_000_000_000, Last: 1<<63 - 1, Plain: 1 << 31, Packed: 5, Checksum: 0xdeadbeef,
	}
	text := want.Append(nil)
	if got, ok := ParseHeader(append(text, "the frame"...)); !ok || got != want {
		t.Errorf("%+v %v", got, ok)
	}
	if len(text) != HeaderSize {
		t.Errorf("%d bytes", len(text))
	}
}

// A header of which any bit is wrong, or any byte missing, is none.
func TestADamagedHeaderIsNone(t *testing.T) {
	text := (&Header{Messages: 1, Packed: 9}).Append(nil)
	for bit := range 8 * len(text) {
		damaged := append([]byte(nil), text...)
		damaged[bit/8] ^= 1 << (bit % 8)
		if _, ok := ParseHeader(damaged); ok {
			t.Errorf("bit %d is wrong, and nobody notices", bit)
		}
	}
	for n := range text {
		if _, ok := ParseHeader(text[:n]); ok {
			t.Errorf("%d bytes are a header", n)
		}
	}
}

// What a full disk took of a frame is taken back.
func TestAnUnfinishedFrameIsCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.zst")
	f := &files{path: path}
	if err := f.open(time.Now()); err != nil {
		t.Fatal(err)
	}
	defer f.close()
	if err := f.write([]byte("whole")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.file.WriteString("to"); err != nil { // as far as a write came
		t.Fatal(err)
	}
	if err := f.cut(2, os.ErrDeadlineExceeded); err != os.ErrDeadlineExceeded {
		t.Error(err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "whole" {
		t.Errorf("%q %v", content, err)
	}
}
