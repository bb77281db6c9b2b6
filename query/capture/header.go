package capture

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"github.com/pfptrace/pfptrace/query/otlp"
)

// Header says what the frame behind it holds. On disk it is a skippable frame
// of zstd, in little-endian numbers as zstd's own:
//
//	 0   4  0x184d2a5b: a frame that readers of zstd skip
//	 4   4  56, the bytes that follow
//	 8   8  "pfptrace"
//	16   1  the version of this format, 1
//	17   1  the signal: 0 traces, 1 logs, 2 metrics, 3 profiles
//	18   2  0
//	20   4  how many messages
//	24   4  how many spans, of traces
//	28   4  what their times are rounded to, in ns; 0 where they are not
//	32   8  the earliest start of a span, unix ns; 0 where there is none
//	40   8  the latest end of a span
//	48   4  bytes of the messages with their lengths
//	52   4  bytes of the frame of zstd that holds them
//	56   4  CRC-32C of that frame
//	60   4  CRC-32C of the 60 bytes before
type Header struct {
	Signal      otlp.Signal
	Messages    uint32
	Spans       uint32
	Resolution  uint32
	First, Last int64
	Plain       uint32
	Packed      uint32
	Checksum    uint32
}

// HeaderSize is how long a header is, in bytes.
const HeaderSize = 64

// Mark is what every header begins with.
const Mark = "\x5b\x2a\x4d\x18\x38\x00\x00\x00pfptrace\x01"

// Append writes the header behind dst.
func (h *Header) Append(dst []byte) []byte {
	start := len(dst)
	le := binary.LittleEndian
	dst = append(dst, Mark...)
	dst = append(dst, byte(h.Signal), 0, 0)
	for _, n := range []uint32{h.Messages, h.Spans, h.Resolution} {
		dst = le.AppendUint32(dst, n)
	}
	dst = le.AppendUint64(dst, uint64(h.First))
	dst = le.AppendUint64(dst, uint64(h.Last))
	for _, n := range []uint32{h.Plain, h.Packed, h.Checksum} {
		dst = le.AppendUint32(dst, n)
	}
	return le.AppendUint32(dst, Checksum(dst[start:]))
}

// ParseHeader reads the header that b begins with. ok is false if there is
// none, or not all of it, or it is damaged.
func ParseHeader(b []byte) (h Header, ok bool) {
	le := binary.LittleEndian
	if len(b) < HeaderSize || !bytes.HasPrefix(b, []byte(Mark)) || le.Uint32(b[60:]) != Checksum(b[:60]) {
		return h, false
	}
	return Header{
		Signal:     otlp.Signal(b[17]),
		Messages:   le.Uint32(b[20:]),
		Spans:      le.Uint32(b[24:]),
		Resolution: le.Uint32(b[28:]),
		First:      int64(le.Uint64(b[32:])),
		Last:       int64(le.Uint64(b[40:])),
		Plain:      le.Uint32(b[48:]),
		Packed:     le.Uint32(b[52:]),
		Checksum:   le.Uint32(b[56:]),
	}, b[17] < otlp.NumSignals
}

// Checksum is the CRC-32C of b, which processors compute by themselves.
func Checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }
