package receive

import (
	"errors"
	"fmt"
	"io"
)

// announced is how many bytes a client gets room for because it says that it
// will send them. For more it must send.
const announced = 256 << 10

// errBroken is what a body that does not come to its end fails with.
var errBroken = errors.New("the body broke off")

// intake is a message on its way in, charged to the budget as it grows.
type intake struct {
	r       *Receiver
	data    []byte
	charged int64
}

// done gives the charge back, and the memory if nobody took it.
func (in *intake) done() {
	in.r.budget.give(in.charged)
	in.r.recycled.put(in.data, nil)
}

// take hands the message over. It stays charged until done.
func (in *intake) take() []byte {
	data := in.data
	in.data = nil
	return data
}

// grow makes room for size bytes in all.
func (in *intake) grow(size int) error {
	buffer := in.r.recycled.buffer(size)
	more := int64(cap(buffer) - cap(in.data))
	if !in.r.budget.take(more) {
		in.r.recycled.put(buffer, nil)
		return ErrBusy
	}
	in.charged += more
	buffer = append(buffer, in.data...)
	in.r.recycled.put(in.data, nil)
	in.data = buffer
	return nil
}

// readBody reads the body of a request.
func (in *intake) readBody(body io.Reader, length int64) error {
	err := in.readAll(body, length)
	if err != nil && !errors.Is(err, ErrBusy) && !errors.Is(err, errExpansion) {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	return err
}

// readAll reads from to its end, at most one byte more than the limit. length
// is how many bytes it is said to have, -1 if that is unknown.
func (in *intake) readAll(from io.Reader, length int64) error {
	limit := in.r.options.MaxMessage + 1
	// One byte more than comes, so that the end is seen without growing.
	if err := in.grow(int(min(max(length+1, 512), announced))); err != nil {
		return err
	}
	for {
		n, err := from.Read(in.data[len(in.data):cap(in.data)])
		in.data = in.data[:len(in.data)+n]
		switch {
		case len(in.data) >= limit:
			return errExpansion
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case len(in.data) == cap(in.data):
			if err := in.grow(min(2*cap(in.data), limit)); err != nil {
				return err
			}
		}
	}
}

// decompress replaces the message by what it holds.
func (in *intake) decompress(encoding string) (err error) {
	out := intake{r: in.r}
	switch encoding {
	case "gzip":
		err = out.gunzip(in.data)
	case "zstd":
		err = out.unzstd(in.data)
	default:
		return nil
	}
	in.charged += out.charged
	in.r.recycled.put(in.data, nil)
	in.data = out.data
	return err
}

func (in *intake) gunzip(compressed []byte) error {
	reader, err := in.r.inflate.gzipReader(compressed)
	if err != nil {
		return fmt.Errorf("gzip: %w", err)
	}
	defer in.r.inflate.giveBack(reader)
	if err := in.readAll(reader, int64(in.r.inflate.expected(compressed))); err != nil {
		return fmt.Errorf("gzip: %w", err)
	}
	return nil
}

// unzstd decompresses at one go and charges afterwards: it runs no more often
// at a time than there are processors.
func (in *intake) unzstd(compressed []byte) error {
	if err := in.grow(in.r.inflate.expected(compressed)); err != nil {
		return err
	}
	plain, err := in.r.inflate.zstdMessage(in.data, compressed)
	if err != nil {
		return err
	}
	more := int64(cap(plain) - cap(in.data))
	in.data = plain
	if !in.r.budget.take(more) {
		return ErrBusy
	}
	in.charged += more
	return nil
}
