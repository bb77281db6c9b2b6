package capture_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/capture"
	"github.com/pfptrace/pfptrace/query/file"
	"github.com/pfptrace/pfptrace/query/otlp"
)

// message is an export request of one span with this number as its trace id.
func message(number int) []byte {
	draft := model.Draft{ID: model.SpanID{1}, Name: fmt.Sprint("span ", number), Start: int64(1000 + number), End: int64(2000 + number)}
	binary.BigEndian.PutUint64(draft.Trace[8:], uint64(number))
	return otlp.AppendExport(nil, []model.Span{draft.Span(model.MakeOrigin("test", model.String("service.name", "test")))})
}

func number(id model.TraceID) int { return int(binary.BigEndian.Uint64(id[8:])) }

// numbers returns those of the messages that are read from a file or folder, in
// order, and what is odd about it.
func numbers(t *testing.T, path string) (found []int, warnings []string) {
	t.Helper()
	loaded, err := file.Load(context.Background(), []string{path}, nil, file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, trace := range loaded.Traces.List {
		found = append(found, number(trace.ID))
	}
	slices.Sort(found)
	return found, append(loaded.Report.Warnings(), loaded.Traces.Odd.Warnings()...)
}

func upTo(n int) (list []int) {
	for i := range n {
		list = append(list, i+1)
	}
	return list
}

func create(t *testing.T, path string, o capture.Options) *capture.Writer {
	t.Helper()
	w, err := capture.Create(path, o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func write(t *testing.T, w *capture.Writer, from, to int) {
	t.Helper()
	for n := from; n <= to; n++ {
		if err := w.Write(otlp.Traces, message(n)); err != nil {
			t.Fatal(err)
		}
	}
}

func closeIt(t *testing.T, w *capture.Writer) {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// zstd -d of a capture is what the Collector's file exporter writes: messages
// after their lengths, in order. Headers say what stands in their frames.
func TestACaptureIsZstdOfMessagesAfterTheirLengths(t *testing.T) {
	var b bytes.Buffer
	w, err := capture.NewWriter(&b, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	write(t, w, 1, 2)
	w.SetResolution(1000)
	write(t, w, 3, 3)
	if err := errors.Join(w.Flush(), w.Write(otlp.Logs, []byte("logs")), w.Write(otlp.Metrics, nil), w.Close()); err != nil {
		t.Fatal(err)
	}
	var headers []capture.Header
	for rest := b.Bytes(); len(rest) > 0; {
		h, ok := capture.ParseHeader(rest)
		if !ok {
			t.Fatalf("no header at %d", b.Len()-len(rest))
		}
		packed := rest[capture.HeaderSize:][:h.Packed]
		if h.Checksum != capture.Checksum(packed) {
			t.Errorf("%+v: the checksum is wrong", h)
		}
		h.Plain, h.Packed, h.Checksum = 0, 0, 0
		headers, rest = append(headers, h), rest[capture.HeaderSize+len(packed):]
	}
	want := []capture.Header{
		{Signal: otlp.Traces, Messages: 3, Spans: 3, First: 1001, Last: 2003, Resolution: 1000},
		{Signal: otlp.Logs, Messages: 1, Resolution: 1000},
		{Signal: otlp.Metrics, Messages: 1, Resolution: 1000},
	}
	if !slices.Equal(headers, want) {
		t.Errorf("%+v", headers)
	}
	reader, err := zstd.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	plain, err := io.ReadAll(reader)
	var expected []byte
	for _, msg := range [][]byte{message(1), message(2), message(3), []byte("logs"), nil} {
		expected = append(binary.BigEndian.AppendUint32(expected, uint32(len(msg))), msg...)
	}
	if err != nil || !bytes.Equal(plain, expected) {
		t.Errorf("%q %v", plain, err)
	}
}

// Many writers at once, frames of a few messages: all of them are there, once.
func TestConcurrentWriters(t *testing.T) {
	const writers, each = 8, 250
	path := filepath.Join(t.TempDir(), "a.zst")
	w := create(t, path, capture.Options{FrameSize: 2000, FlushEvery: time.Millisecond})
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() { write(t, w, 1+i*each, (i+1)*each) })
	}
	group.Wait()
	closeIt(t, w)
	found, warnings := numbers(t, path)
	if !slices.Equal(found, upTo(writers*each)) || len(warnings) > 0 {
		t.Errorf("%d messages %q", len(found), warnings)
	}
	if stats := w.Stats(); stats.Messages != writers*each || stats.Spans != writers*each || stats.Frames < 50 || stats.Files != 1 {
		t.Errorf("%+v", stats)
	}
}

// Half a second after it was written a message is in the file, which nobody has
// flushed or closed.
func TestAMessageIsThereAfterHalfASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.zst")
		w := create(t, path, capture.Options{})
		defer closeIt(t, w)
		for n := range 3 {
			write(t, w, n+1, n+1)
			time.Sleep(500 * time.Millisecond)
			synctest.Wait()
			if found, warnings := numbers(t, path); !slices.Equal(found, upTo(n+1)) || len(warnings) > 0 {
				t.Errorf("%v %q", found, warnings)
			}
		}
	})
}

// Files are begun by size and by age; their names sort by time, and together
// they hold everything.
func TestRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		w := create(t, filepath.Join(folder, "traces.zst"), capture.Options{RotateSize: 1000, RotateAge: time.Hour, FrameSize: 1})
		began := time.Now().UTC().Format(capture.TimeLayout)
		for n := range 20 {
			write(t, w, n+1, n+1)
			time.Sleep(20 * time.Minute)
		}
		closeIt(t, w)
		names, err := filepath.Glob(filepath.Join(folder, "*"))
		if err != nil || len(names) != 7 || !slices.IsSorted(names) || filepath.Base(names[0]) != "traces-"+began+".zst" {
			t.Fatalf("%q %v", names, err)
		}
		next := 1
		for _, name := range names {
			found, warnings := numbers(t, name)
			if found[0] != next || len(warnings) > 0 {
				t.Errorf("%s begins with %v, want %d; %q", name, found, next, warnings)
			}
			next += len(found)
			if info, err := os.Stat(name); err != nil || info.Size() > 1000 || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v %v", name, info, err)
			}
		}
		if next != 21 || w.Stats().Files != len(names) {
			t.Errorf("%d messages, %+v", next-1, w.Stats())
		}
	})
}

// Two recorders that begin at the same moment do not meet.
func TestTwoRecordersAtTheSameMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		for n := range 2 {
			w := create(t, filepath.Join(folder, "a.zst"), capture.Options{RotateSize: 1 << 20})
			write(t, w, n+1, n+1)
			closeIt(t, w)
		}
		if found, warnings := numbers(t, folder); !slices.Equal(found, upTo(2)) || len(warnings) > 0 {
			t.Errorf("%v %q", found, warnings)
		}
	})
}

func TestAFileThatIsThereIsReplacedOnlyWhenAsked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.zst")
	w := create(t, path, capture.Options{})
	write(t, w, 1, 10)
	closeIt(t, w)
	if _, err := capture.Create(path, capture.Options{}); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	w = create(t, path, capture.Options{Overwrite: true})
	write(t, w, 1, 1)
	closeIt(t, w)
	if found, warnings := numbers(t, path); !slices.Equal(found, upTo(1)) || len(warnings) > 0 {
		t.Errorf("%v %q", found, warnings)
	}
	if _, err := capture.Create(filepath.Join(path, "b"), capture.Options{}); err == nil {
		t.Error("a folder that is a file")
	}
}

// The first failure stays: what comes after it is refused with its reason.
func TestAFullDiskIsSaidToEverybody(t *testing.T) {
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skipf("%s is not there", full)
	}
	w := create(t, full, capture.Options{FlushEvery: time.Hour})
	write(t, w, 1, 1)
	for name, err := range map[string]error{"flush": w.Flush(), "write": w.Write(otlp.Traces, message(2)), "close": w.Close(), "close again": w.Close()} {
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if stats := w.Stats(); stats.Frames != 0 {
		t.Errorf("%+v", stats)
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	w, err := capture.NewWriter(io.Discard, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(otlp.NumSignals, nil); err == nil {
		t.Error("a signal that is none")
	}
	if err := w.Write(otlp.Traces, make([]byte, capture.MaxMessage+1)); err == nil {
		t.Error("a message that is too long")
	}
	write(t, w, 1, 1) // neither harms the next
	closeIt(t, w)
	if err := w.Write(otlp.Traces, nil); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
	if err := w.Flush(); err != nil {
		t.Error(err)
	}
}
