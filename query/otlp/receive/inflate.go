package receive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// errExpansion is why a small request may not become a large one.
var errExpansion = errors.New("more than the limit when decompressed")

// maxWindow is that of zstd --long=27.
const maxWindow = 128 << 20

// inflater decompresses whole messages, of at most limit bytes each.
type inflater struct {
	limit int
	gzips sync.Pool // of *gzip.Reader
	zstd  *zstd.Decoder
}

func (f *inflater) init(limit int) (err error) {
	f.limit = limit
	// A decoder for whole messages writes where they go and keeps no window,
	// however large the one that a message names; as many run at a time as
	// there are processors.
	f.zstd, err = zstd.NewReader(nil, zstd.WithDecoderMaxMemory(uint64(limit)), zstd.WithDecoderMaxWindow(maxWindow))
	return err
}

// expected guesses how many bytes a compressed message holds. Traces shrink to
// a tenth; a guess of half of that saves most steps of growing and wastes
// little.
func (f *inflater) expected(compressed []byte) int {
	return min(6*len(compressed), f.limit, announced)
}

// zstdMessage returns what a zstd message holds, in room where it suffices.
func (f *inflater) zstdMessage(room, compressed []byte) ([]byte, error) {
	out, err := f.zstd.DecodeAll(compressed, room)
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, errExpansion
	case err != nil:
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return out, nil
}

// gzipReader returns a reader of what a gzip message holds; giveBack it.
func (f *inflater) gzipReader(compressed []byte) (*gzip.Reader, error) {
	if r, ok := f.gzips.Get().(*gzip.Reader); ok {
		return r, r.Reset(bytes.NewReader(compressed))
	}
	return gzip.NewReader(bytes.NewReader(compressed))
}

func (f *inflater) giveBack(r *gzip.Reader) { f.gzips.Put(r) }

// zstdDecompressor is the inflater as gRPC wants it.
type zstdDecompressor struct{ *inflater }

func (zstdDecompressor) Type() string { return "zstd" }

func (d zstdDecompressor) Do(r io.Reader) ([]byte, error) {
	compressed, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return d.zstdMessage(nil, compressed)
}
