package capture

import (
	"encoding/binary"

	"github.com/klauspost/compress/zstd"

	"github.com/pfptrace/pfptrace/query/otlp"
)

// pending is a frame that is being filled.
type pending struct {
	header Header // but for what is known once it is packed
	plain  []byte // messages, each after its length
}

// add puts a message in. It is copied.
func (p *pending) add(msg []byte, extent otlp.Extent, resolution uint32) {
	p.plain = binary.BigEndian.AppendUint32(p.plain, uint32(len(msg)))
	p.plain = append(p.plain, msg...)
	h := &p.header
	h.Messages++
	h.Spans += uint32(extent.Spans)
	h.Resolution = max(h.Resolution, resolution)
	if h.First == 0 || extent.First != 0 && extent.First < h.First {
		h.First = extent.First
	}
	h.Last = max(h.Last, extent.Last)
}

// reset empties the frame and keeps its memory, unless a large message has made
// that larger than frames are.
func (p *pending) reset(frameSize int) {
	p.header = Header{}
	p.plain = p.plain[:0]
	if cap(p.plain) > 2*frameSize {
		p.plain = nil
	}
}

// packer turns pending frames into bytes.
type packer struct {
	encoder *zstd.Encoder
	buffer  []byte // reused
}

func newPacker() (*packer, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	return &packer{encoder: encoder}, err
}

// pack returns the header and the frame, valid until the next call.
func (p *packer) pack(signal otlp.Signal, from *pending) []byte {
	const room = HeaderSize
	p.buffer = append(p.buffer[:0], make([]byte, room)...)
	p.buffer = p.encoder.EncodeAll(from.plain, p.buffer)
	h := from.header
	h.Signal, h.Plain = signal, uint32(len(from.plain))
	h.Packed, h.Checksum = uint32(len(p.buffer)-room), Checksum(p.buffer[room:])
	h.Append(p.buffer[:0])
	return p.buffer
}
