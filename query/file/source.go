package file

import (
	"errors"
	"io"
	"math"
)

const (
	firstChunk = 64 << 10 // enough to name a format; many small files stay small
	chunk      = 2 << 20  // what is read at a time: large against a message, so that few are moved
)

// source is a window on a stream: what was read and not yet used. It hands out
// slices of its buffer, so that a message is never copied to be decoded.
//
// Rejected: bufio.Reader (copies what is larger than its buffer and cannot
// leave memory to those who alias it), mmap (no pipes, and a file that shrinks
// kills the process).
type source struct {
	r    io.Reader
	buf  []byte // buf[pos:] is the window
	pos  int
	base int64 // offset of buf[0] in the stream
	keep bool  // spans alias what was taken: its memory is never written again
	err  error // why there is no more to read; io.EOF at the end
}

func (s *source) window() []byte { return s.buf[s.pos:] }

// offset returns where in the stream the window starts.
func (s *source) offset() int64 { return s.base + int64(s.pos) }

// take moves the window past its first n bytes and returns them. They are
// valid until the next fill, or for good if keep is set.
func (s *source) take(n int) []byte {
	b := s.buf[s.pos : s.pos+n : s.pos+n]
	s.pos += n
	return b
}

// fill makes the window longer. It returns false at the end of the stream.
func (s *source) fill() bool {
	if s.err != nil {
		return false
	}
	if len(s.buf) == cap(s.buf) {
		s.makeRoom()
	}
	for range 100 {
		n, err := s.r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		s.err = err
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	s.err = io.ErrNoProgress
	return false
}

// need reads until the window holds n bytes. It returns false if there are
// fewer. Memory grows with what comes, not with what a length promises.
func (s *source) need(n int) bool {
	for len(s.window()) < n {
		if !s.fill() {
			return false
		}
	}
	return true
}

func (s *source) makeRoom() {
	rest := s.window()
	size := firstChunk
	if len(s.buf) > 0 {
		size = max(chunk, 2*len(rest))
	}
	room := s.buf[:0]
	if s.keep || size > cap(s.buf) {
		room = make([]byte, 0, size)
	}
	s.buf = append(room, rest...)
	s.base += int64(s.pos)
	s.pos = 0
}

// discard skips n bytes without holding them and returns how many there were.
func (s *source) discard(n int64) (skipped int64) {
	for skipped < n {
		if len(s.window()) == 0 && !s.refill() {
			break
		}
		step := min(n-skipped, int64(len(s.window())))
		s.pos += int(step)
		skipped += step
	}
	return skipped
}

// discardRest skips all that is left and returns how much that was.
func (s *source) discardRest() int64 {
	n := int64(len(s.window()))
	s.base = s.offset() + n
	s.buf, s.pos, s.keep = nil, 0, false // spans may alias the old buffer
	return n + s.discard(math.MaxInt64)
}

// refill reads over what was used, which nobody may alias then.
func (s *source) refill() bool {
	if !s.keep {
		s.base += int64(s.pos)
		s.buf, s.pos = s.buf[:0], 0
	}
	return s.fill()
}

// failure returns why the stream ended before its end, or nil.
func (s *source) failure() error {
	if s.err == nil || errors.Is(s.err, io.EOF) {
		return nil
	}
	return s.err
}
