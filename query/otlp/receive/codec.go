package receive

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
)

// message is a request in the bytes it came in, copied once out of gRPC's
// frames into memory that may be kept. Without a home it is dropped.
type message struct {
	data []byte
	home *recycler
}

// reply is a response that is encoded already.
type reply []byte

// codec passes messages and replies through as bytes. Health and reflection
// have generated messages.
type codec struct{}

func (codec) Name() string { return proto.Name }

func (codec) Marshal(v any) (mem.BufferSlice, error) {
	if encoded, ok := v.(reply); ok {
		return mem.BufferSlice{mem.SliceBuffer(encoded)}, nil
	}
	generated, err := generatedCodec()
	if err != nil {
		return nil, err
	}
	return generated.Marshal(v)
}

func (codec) Unmarshal(frames mem.BufferSlice, v any) error {
	m, ok := v.(*message)
	if !ok {
		generated, err := generatedCodec()
		if err != nil {
			return err
		}
		return generated.Unmarshal(frames, v)
	}
	if m.home == nil {
		return nil
	}
	m.data = m.home.buffer(frames.Len())
	for _, frame := range frames {
		m.data = append(m.data, frame.ReadOnlyData()...)
	}
	return nil
}

func generatedCodec() (encoding.CodecV2, error) {
	generated := encoding.GetCodecV2(proto.Name)
	if generated == nil {
		return nil, fmt.Errorf("no codec %q", proto.Name)
	}
	return generated, nil
}
