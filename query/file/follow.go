package file

import (
	"context"
	"errors"
	"io"
	"os"
	"time"
)

// glance is how often a file is looked at for what was appended to it.
const glance = 100 * time.Millisecond

// following reads a file and what is appended to it, until ctx is done: that is
// its end.
type following struct {
	ctx  context.Context
	file *os.File
	read int64 // bytes
}

func (f *following) Read(b []byte) (int, error) {
	for {
		if f.ctx.Err() != nil {
			return 0, io.EOF
		}
		n, err := f.file.Read(b)
		if f.read += int64(n); n > 0 || !errors.Is(err, io.EOF) {
			return n, err
		}
		if info, err := f.file.Stat(); err != nil || info.Size() < f.read {
			return 0, errors.Join(errors.New("it has become shorter while it was followed"), err)
		}
		select {
		case <-f.ctx.Done():
		case <-time.After(glance):
		}
	}
}

// checkFollow refuses to follow what does not grow.
func (l *loader) checkFollow(paths []string) error {
	if len(paths) != 1 {
		return &Error{File: paths[len(paths)-1], Reason: "only one file can be followed"}
	}
	info, err := os.Stat(paths[0])
	switch {
	case err != nil:
		return systemError(paths[0], err)
	case !info.Mode().IsRegular():
		return &Error{File: paths[0], Reason: "only a file can be followed", Advice: "standard input and pipes are read until their end, folders as they are"}
	}
	return nil
}
