package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	freeExpansion = 64 << 20  // bytes that may come out of any few
	maxWindow     = 128 << 20 // of zstd, as zstd --long=27 writes
)

func isGzip(head []byte) bool { return bytes.HasPrefix(head, []byte{0x1f, 0x8b}) }

// isZstd also knows the skippable frame that some tools put first.
func isZstd(head []byte) bool {
	return bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}) ||
		len(head) >= 4 && head[0]&0xf0 == 0x50 && bytes.HasPrefix(head[1:], []byte{0x2a, 0x4d, 0x18})
}

// decompress returns what the gzip or zstd stream in src holds, and the name
// of the compression; src itself and "" if it is plain. in counts the bytes
// that src reads.
func decompress(src *source, in *counter, ratio int64) (*source, string, func(), error) {
	head := src.window()
	if !isGzip(head) && !isZstd(head) {
		return src, "", func() {}, nil
	}
	raw := io.MultiReader(bytes.NewReader(head), src.r)
	if isGzip(head) {
		r, err := gzip.NewReader(raw)
		if err != nil {
			return nil, "", nil, err
		}
		return &source{r: &expansion{r: r, in: in, ratio: ratio}}, "gzip", func() {}, nil
	}
	r, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, "", nil, err
	}
	return &source{r: &expansion{r: r, in: in, ratio: ratio}}, "zstd", r.Close, nil
}

// counter counts what is read through it.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

var errExpansion = errors.New("compressed data grows without end")

// expansion stops a stream that grows beyond what traces do: at ratio times
// its compressed size. Traces reach 10 to 50.
type expansion struct {
	r     io.Reader
	in    *counter
	out   int64
	ratio int64
}

func (e *expansion) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.out += int64(n)
	if e.out > freeExpansion && e.out/e.ratio > e.in.n {
		return n, fmt.Errorf("%w: more than %d times its size (limit)", errExpansion, e.ratio)
	}
	return n, err
}
