package file

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/pfptrace/pfptrace/query/otlp"
)

// maxHeader is the longest that stands before a message.
const maxHeader = 2 * binary.MaxVarintLen64

// lengthOf reads what stands before a message: how long it is, and how many
// bytes of header say so. header is 0 where that is cut off, negative where it
// is no header.
type lengthOf func(b []byte) (length uint64, header int)

// fixedLength reads 4 bytes, big-endian.
func fixedLength(b []byte) (uint64, int) {
	if len(b) < 4 {
		return 0, 0
	}
	return uint64(binary.BigEndian.Uint32(b)), 4
}

// varintLength reads a varint.
func varintLength(b []byte) (uint64, int) { return binary.Uvarint(b) }

// maxFirstFrame is how long the first message may be for its length to be
// believed: four bytes of text would be more.
const maxFirstFrame = 1<<29 - 1

// isFrames reports whether head starts with messages after their lengths: the
// first that is not empty decides.
func isFrames(head []byte, length lengthOf) bool {
	for {
		n, header := length(head)
		if header <= 0 || n > maxFirstFrame {
			return false
		}
		if head = head[header:]; n == 0 {
			continue
		}
		whole := n <= uint64(len(head))
		if whole {
			head = head[:n]
		}
		return fits(head, tracesShape(), whole) || header == 4 && isPackedFrame(head)
	}
}

// isPackedFrame knows what the Collector's file exporter writes when it
// compresses: zstd, or for its JSON format, zstd or JSON, after the length.
func isPackedFrame(payload []byte) bool { return isZstd(payload) || startsJSON(payload) }

// readFrames reads messages that stand after their lengths.
func (r *reading) readFrames(length lengthOf) error {
	r.met("length-delimited")
	for {
		r.src.need(maxHeader)
		at := r.src.offset()
		n, header := length(r.src.window())
		switch {
		case len(r.src.window()) == 0:
			return nil
		case header <= 0:
			r.problemAt(at, r.src.discardRest(), "the length of a message is cut off or malformed: the rest cannot be read")
			return nil
		}
		r.src.take(header)
		if n > uint64(r.opts.MaxMessage) {
			skipped := r.src.discard(int64(min(n, math.MaxInt64)))
			r.problemAt(at, skipped, fmt.Sprintf("a message of %d bytes is longer than %s (limit)", n, size(r.opts.MaxMessage)))
			continue
		}
		if !r.src.need(int(n)) {
			have := len(r.src.take(len(r.src.window())))
			r.problemAt(at, int64(have), fmt.Sprintf("cut off: a message has %d of its %d bytes", have, n))
			return nil
		}
		if err := r.frame(at, r.src.take(int(n))); err != nil {
			return err
		}
	}
}

// frame reads one message, which may be compressed, and protobuf or JSON.
func (r *reading) frame(at int64, msg []byte) error {
	if isZstd(msg) {
		plain, err := r.unpack(msg)
		if err != nil {
			r.problemAt(at, int64(len(msg)), "a message in zstd: "+err.Error())
			return nil
		}
		msg = plain
	}
	if startsJSON(msg) {
		if reason := r.object(msg, piece{text: msg}); reason != "" {
			r.problemAt(at, int64(len(msg)), reason)
		}
		return r.full()
	}
	return r.message(at, msg)
}

// message decodes one protobuf message.
func (r *reading) message(at int64, msg []byte) error {
	if s := signalOf(msg); s != otlp.Traces {
		r.file.Skipped[s]++
		return nil
	}
	spans, err := r.decoder.Proto(r.spans[:0], msg)
	if err != nil {
		r.problemAt(at, int64(len(msg)), err.Error())
	} else {
		r.met("OTLP protobuf")
		r.file.Messages++
	}
	return r.add(spans, len(msg))
}

// readMessages reads protobuf without lengths in between: one message, or
// several one after another, which is one to protobuf. Each of its outer
// fields is a message too, so that of a file that is cut off the rest is kept.
// wrapped says that the fields hold messages (Tempo), and are none themselves.
func (r *reading) readMessages(wrapped bool) error {
	for {
		r.src.need(maxHeader)
		at := r.src.offset()
		n, header, reason := outerField(r.src.window())
		switch {
		case len(r.src.window()) == 0:
			return nil
		case reason == "" && n > uint64(r.opts.MaxMessage):
			reason = fmt.Sprintf("a message of %d bytes is longer than %s (limit)", n, size(r.opts.MaxMessage))
		case reason == "" && !r.src.need(header+int(n)):
			reason = fmt.Sprintf("cut off: a message has %d of its %d bytes", len(r.src.window())-header, n)
		}
		if reason != "" {
			r.problemAt(at, r.src.discardRest(), reason+": the rest cannot be read")
			return nil
		}
		msg := r.src.take(header + int(n))
		if wrapped {
			if msg[0] != 1<<3|byte(protowire.BytesType) {
				continue // Tempo's figures about the answer
			}
			msg = msg[header:]
		}
		if err := r.message(at, msg); err != nil {
			return err
		}
	}
}

// outerField reads the tag and length of a field; reason says why it cannot.
func outerField(b []byte) (length uint64, header int, reason string) {
	_, wire, n := protowire.ConsumeTag(b)
	if n < 0 || wire != protowire.BytesType {
		return 0, 0, "malformed protobuf"
	}
	length, m := protowire.ConsumeVarint(b[n:])
	if m < 0 {
		return 0, 0, "malformed protobuf"
	}
	return length, n + m, ""
}
