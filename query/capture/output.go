package capture

import (
	"io"
	"sync"

	"github.com/pfptrace/pfptrace/query/otlp"
)

// destination is where frames go.
type destination interface {
	// write writes one frame, whole or not at all where that can be had.
	write(frame []byte) error
	// syncer returns a function that returns when what was written until now
	// is on the disk. It may be called while more is written.
	syncer() func() error
	close() error
	// count is how many files there were so far.
	count() int
}

// output is the writing end of a Writer.
type output struct {
	mu     sync.Mutex
	packer *packer
	to     destination
	full   pending // the frame that is being written; empty else
	dirty  bool    // something was written since the last sync
	err    error   // the first failure: a frame behind a torn one would be lost
	stats  Stats
}

// write writes the full frame and empties it. Called with mu held.
func (o *output) write(signal otlp.Signal, frameSize int) error {
	defer o.full.reset(frameSize)
	if o.err != nil {
		return o.err
	}
	frame := o.packer.pack(signal, &o.full)
	if o.err = o.to.write(frame); o.err != nil {
		return o.err
	}
	o.dirty = true
	o.stats.Files = o.to.count()
	o.stats.Frames++
	o.stats.Messages += int64(o.full.header.Messages)
	o.stats.Spans += int64(o.full.header.Spans)
	o.stats.Bytes += int64(len(frame))
	return nil
}

// sync does not hold mu while it waits for the disk: frames go on being written.
func (o *output) sync() error {
	o.mu.Lock()
	err, dirty, sync := o.err, o.dirty, o.to.syncer()
	o.dirty = false
	o.mu.Unlock()
	if err != nil || !dirty {
		return err
	}
	if err = sync(); err == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
	}
	return o.err
}

func (o *output) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.to.close()
}

// stream is a destination that can do nothing but take bytes.
type stream struct{ io.Writer }

func (s stream) write(frame []byte) error {
	_, err := s.Write(frame)
	return err
}

func (stream) syncer() func() error { return func() error { return nil } }
func (stream) close() error         { return nil }
func (stream) count() int           { return 1 }
