package capture

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/pfptrace/pfptrace/query/otlp"
)

// Options say how a capture is cut. The zero Options are one file with frames
// of at most 1 MiB or half a second.
type Options struct {
	RotateSize int64         // bytes at which the next file is begun; 0: never
	RotateAge  time.Duration // age at which the next file is begun, when there is something to write; 0: never
	FrameSize  int           // bytes of messages at which a frame is written; 0: 1 MiB
	FlushEvery time.Duration // how long a message waits at most until its frame is written; 0: 500 ms
	Overwrite  bool          // replace a file that is there
}

func (o Options) withDefaults() Options {
	if o.FrameSize <= 0 {
		o.FrameSize = 1 << 20
	}
	if o.FlushEvery <= 0 {
		o.FlushEvery = 500 * time.Millisecond
	}
	return o
}

// rotates says that there will be several files.
func (o Options) rotates() bool { return o.RotateSize > 0 || o.RotateAge > 0 }

// MaxMessage is how long a message may be, in bytes: so long that readers with
// their usual limits take a frame that holds it.
const MaxMessage = 1 << 28

// Writer writes a capture. It is safe for concurrent use.
//
// It holds two frames of each signal at most: one that is being filled, and one
// that is being compressed and written, for which whoever has filled the next
// waits. So a disk that cannot follow slows the callers down, and memory stays.
type Writer struct {
	frameSize int
	stop      chan struct{} // closed by Close
	stopped   sync.WaitGroup

	mu         sync.Mutex // taken before out's
	pending    [otlp.NumSignals]pending
	resolution uint32
	err        error // the first failure; nothing is written after it
	closed     bool

	out output
}

// Create begins a capture in a new file. A file that is there already is an
// error (fs.ErrExist), unless Options.Overwrite says otherwise or it is a
// device or a pipe.
//
// With rotation path is a pattern: traces.zst becomes traces-TIME.zst for every
// file, TIME being when it was begun, in UTC and such that names sort by it.
// Nothing is ever renamed or removed.
func Create(path string, o Options) (*Writer, error) {
	o = o.withDefaults()
	files := &files{path: path, options: o}
	if err := files.open(time.Now()); err != nil {
		return nil, err
	}
	return newWriter(files, o)
}

// NewWriter begins a capture in a stream, which is neither rotated nor closed.
func NewWriter(w io.Writer, o Options) (*Writer, error) {
	return newWriter(stream{w}, o.withDefaults())
}

func newWriter(to destination, o Options) (*Writer, error) {
	packer, err := newPacker()
	if err != nil {
		return nil, err
	}
	w := &Writer{frameSize: o.FrameSize, stop: make(chan struct{})}
	w.out.packer, w.out.to = packer, to
	w.stopped.Go(func() { w.flushEvery(o.FlushEvery) })
	return w, nil
}

// Write adds one message of protobuf, which it copies. An error is that of this
// message if it is too long, else that of the capture: nothing more can be
// written then.
func (w *Writer) Write(signal otlp.Signal, msg []byte) error {
	if signal >= otlp.NumSignals || len(msg) > MaxMessage {
		return fmt.Errorf("a message of %s of %d bytes: a capture takes up to %d", signal, len(msg), MaxMessage)
	}
	var extent otlp.Extent
	if signal == otlp.Traces {
		extent = otlp.ExtentOf(msg)
	}
	w.mu.Lock()
	if w.closed || w.err != nil {
		defer w.mu.Unlock()
		return w.failure()
	}
	w.pending[signal].add(msg, extent, w.resolution)
	if len(w.pending[signal].plain) < w.frameSize {
		w.mu.Unlock()
		return nil
	}
	return w.seal(signal)
}

// SetResolution says what the times of the messages to come are rounded to, in
// ns; 0 where they are not.
func (w *Writer) SetResolution(ns uint32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.resolution = ns
}

// failure says why nothing can be written. Called with mu held.
func (w *Writer) failure() error {
	if w.err != nil {
		return w.err
	}
	return os.ErrClosed
}

// seal writes the frame of a signal, if it holds anything. Called with mu held,
// which it releases as soon as the frame before it is written: frames keep
// their order, and others fill the next meanwhile.
func (w *Writer) seal(signal otlp.Signal) error {
	full := &w.pending[signal]
	if full.header.Messages == 0 {
		w.mu.Unlock()
		return nil
	}
	w.out.mu.Lock()
	*full, w.out.full = w.out.full, *full
	w.mu.Unlock()
	err := w.out.write(signal, w.frameSize)
	w.out.mu.Unlock()
	return w.noted(err)
}

// noted keeps the first failure.
func (w *Writer) noted(err error) error {
	if err == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
	return w.err
}

// Flush writes what is pending and syncs it to the disk.
func (w *Writer) Flush() error {
	for signal := range otlp.Signal(otlp.NumSignals) {
		w.mu.Lock()
		if w.err != nil {
			defer w.mu.Unlock()
			return w.err
		}
		if err := w.seal(signal); err != nil {
			return err
		}
	}
	return w.noted(w.out.sync())
}

// flushEvery flushes until the writer is closed or has failed; whoever writes
// or closes next is told of the failure.
func (w *Writer) flushEvery(interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-ticker.C:
			if w.Flush() != nil {
				return
			}
		}
	}
}

// Close writes what is pending and ends the capture. It returns the first
// failure of all.
func (w *Writer) Close() error {
	w.mu.Lock()
	if w.closed {
		defer w.mu.Unlock()
		return w.failure()
	}
	w.closed = true
	w.mu.Unlock()
	close(w.stop)
	w.stopped.Wait()
	flushed := w.Flush()
	closed := w.out.close()
	if flushed != nil {
		return flushed
	}
	return w.noted(closed)
}

// Stats counts what a capture holds.
type Stats struct {
	Files    int
	Frames   int64
	Messages int64
	Spans    int64
	Bytes    int64 // on disk
}

// Stats returns what was written so far; what is pending is not counted.
func (w *Writer) Stats() Stats {
	w.out.mu.Lock()
	defer w.out.mu.Unlock()
	return w.out.stats
}
