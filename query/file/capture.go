package file

import (
	"bytes"
	"fmt"
	"time"

	"github.com/pfptrace/pfptrace/query/capture"
	"github.com/pfptrace/pfptrace/query/otlp"
)

// readCapture reads the frames of a capture. A frame that is torn or damaged
// costs itself alone: the next header is looked for behind it, and inside of
// it, because the capture of a killed process may have been joined with the
// next one. Offsets are those in the file itself.
func (r *reading) readCapture() error {
	r.file.Compression = "zstd"
	r.met("capture")
	defer r.noteResolution()
	var plain int64
	for {
		r.src.need(capture.HeaderSize)
		at := r.src.offset()
		h, ok := capture.ParseHeader(r.src.window())
		switch {
		case len(r.src.window()) == 0:
			return nil
		case !ok && len(r.src.window()) < capture.HeaderSize:
			r.problemAt(at, r.src.discardRest(), "cut off: the header of a frame is not whole")
			return nil
		case !ok:
			r.problemAt(at, r.skipToHeader(1), "no frame of a capture")
			continue
		}
		r.src.take(capture.HeaderSize)
		if reason := r.tooLarge(&h); reason != "" {
			r.problemAt(at, capture.HeaderSize+r.src.discard(int64(h.Packed)), reason)
			continue
		}
		if h.Signal == otlp.Traces {
			plain += int64(h.Plain)
		}
		if plain > freeExpansion && plain/r.opts.MaxExpansion > r.in.n {
			r.file.Failure = fmt.Sprintf("%v: more than %d times its size (limit)", errExpansion, r.opts.MaxExpansion)
			return nil
		}
		if err := r.capturedFrame(at, &h); err != nil {
			return err
		}
	}
}

func (r *reading) tooLarge(h *capture.Header) string {
	if n := int64(max(h.Plain, h.Packed)); n > r.opts.MaxMessage {
		return fmt.Sprintf("a frame of %d bytes is longer than %s (limit)", n, size(r.opts.MaxMessage))
	}
	return ""
}

// capturedFrame reads the frame behind a header, which is taken already.
func (r *reading) capturedFrame(at int64, h *capture.Header) error {
	if !r.src.need(int(h.Packed)) {
		have := len(r.src.window())
		lost := capture.HeaderSize + r.skipToHeader(0)
		r.problemAt(at, lost, fmt.Sprintf("cut off: a frame of %s has %d of its %d bytes", contents(h), have, h.Packed))
		return nil
	}
	packed := r.src.window()[:h.Packed]
	if capture.Checksum(packed) != h.Checksum {
		r.problemAt(at, capture.HeaderSize+r.skipDamaged(len(packed)), "damaged: a frame of "+contents(h)+" does not have its checksum")
		return nil
	}
	r.src.take(len(packed))
	if h.Signal != otlp.Traces {
		r.file.Skipped[h.Signal] += int(h.Messages)
		return nil
	}
	messages, err := r.unzstd(packed)
	if err == nil && len(messages) != int(h.Plain) {
		err = fmt.Errorf("%d bytes where its header says %d", len(messages), h.Plain)
	}
	if err != nil {
		r.problemAt(at, capture.HeaderSize+int64(len(packed)), "damaged: a frame of "+contents(h)+": "+err.Error())
		return nil
	}
	r.resolution = max(r.resolution, int64(h.Resolution))
	before := r.file.Lost
	err = r.captured(at, messages)
	if lost := r.file.Lost - before; lost > 0 { // of the frame as it is stored: its share of what was in it
		r.file.Lost = before + max(1, lost*int64(len(packed))/int64(len(messages)))
	}
	return err
}

// noteResolution says what a quantum comes from that nobody has asked for.
func (r *reading) noteResolution() {
	if r.resolution > 0 {
		r.note(fmt.Sprintf("times of what was recorded are rounded to %s: a quantum of that is advised", time.Duration(r.resolution)))
	}
}

// captured reads the messages of a frame.
func (r *reading) captured(at int64, messages []byte) error {
	for len(messages) > 0 {
		n, header := fixedLength(messages)
		if header == 0 || n > uint64(len(messages)-header) {
			r.problemAt(at, int64(len(messages)), "the length of a message in a frame is wrong: the rest of the frame cannot be read")
			return nil
		}
		end := header + int(n)
		if err := r.message(at, messages[header:end:end]); err != nil {
			return err
		}
		messages = messages[end:]
	}
	return nil
}

// contents says what a header promises.
func contents(h *capture.Header) string {
	if h.Signal != otlp.Traces {
		return counted(int(h.Messages), "message") + " of " + h.Signal.String()
	}
	text := counted(int(h.Spans), "span")
	if h.First > 0 && h.Last > 0 {
		text += fmt.Sprintf(" (%s to %s)", moment(h.First), moment(h.Last))
	}
	return text
}

func moment(ns int64) string { return time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000Z") }

// spareDamage is how many bytes of damaged frames are looked through for other
// frames, beside as many as the file has had so far. Without that limit a file
// of nothing but headers would be read again from each of them.
const spareDamage = 256 << 20

// skipDamaged skips a frame of n bytes that is in the window, or what of it
// stands before the next header.
func (r *reading) skipDamaged(n int) (skipped int64) {
	if r.damaged += int64(n); r.damaged > spareDamage+r.src.offset() {
		return int64(len(r.src.take(n)))
	}
	return r.skipToHeader(0)
}

// skipToHeader skips at least so many bytes, and all before the next header. It
// holds no more than what was read already.
func (r *reading) skipToHeader(least int) (skipped int64) {
	for n := least; ; {
		skipped += int64(len(r.src.take(min(n, len(r.src.window())))))
		if !r.src.need(capture.HeaderSize) {
			return skipped + r.src.discardRest()
		}
		window := r.src.window()
		switch n = bytes.Index(window, []byte(capture.Mark)); n {
		case -1:
			n = len(window) - len(capture.Mark) + 1
		case 0:
			if _, ok := capture.ParseHeader(window); ok {
				return skipped
			}
			n = 1
		}
	}
}
