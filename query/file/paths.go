package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// path reads what a path names.
func (l *loader) path(path string, stdin io.Reader) error {
	if path == "-" {
		return l.stream("standard input", &interruptible{ctx: l.ctx, r: stdin}, -1)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return systemError(path, err)
	case info.IsDir():
		return l.folder(path)
	}
	return l.open(path, info)
}

func systemError(path string, err error) *Error {
	e := &Error{File: path, Reason: err.Error(), Err: err}
	var inner *fs.PathError
	if errors.As(err, &inner) {
		e.Reason = inner.Err.Error()
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Reason = "no such file or folder"
		e.Advice = "--from takes the path of a file or folder, or - for standard input"
	case errors.Is(err, fs.ErrPermission):
		e.Advice = "this user may not read it"
	}
	return e
}

// folder reads the direct files of a folder, in the order of their names.
func (l *loader) folder(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return systemError(path, err)
	}
	read := 0
	for _, entry := range entries {
		name := filepath.Join(path, entry.Name())
		reason, err := l.entry(name)
		if err != nil {
			return err
		}
		if reason == "" {
			read++
			continue
		}
		l.report.PassedBy = append(l.report.PassedBy, PassedBy{name, reason})
	}
	if read > 0 {
		return nil
	}
	reason := "the folder is empty"
	if passed := l.report.passedBy(); passed != "" {
		reason = "no file in the folder can be read; " + passed
	}
	return &Error{File: path, Reason: reason, Advice: accepted}
}

// entry reads one file of a folder. reason says why it was passed by, "" if
// it was not; err ends the whole.
func (l *loader) entry(name string) (reason string, err error) {
	if strings.HasPrefix(filepath.Base(name), ".") {
		return "hidden", nil
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return systemError(name, err).Reason, nil
	case info.IsDir():
		return "a folder in a folder", nil
	case !info.Mode().IsRegular():
		return "not a regular file", nil
	}
	err = l.open(name, info)
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason, nil
	}
	return "", err
}

// open reads a file or a named pipe.
func (l *loader) open(path string, info fs.FileInfo) error {
	if info.Mode().IsRegular() {
		f, err := os.Open(path)
		if err != nil {
			return systemError(path, err)
		}
		defer f.Close()
		if l.opts.Follow {
			return l.stream(path, &following{ctx: l.ctx, file: f}, -1)
		}
		return l.stream(path, &interruptible{ctx: l.ctx, r: f, regular: true}, info.Size())
	}
	// A named pipe waits for its writer, both when it is opened and when it is
	// read: the user may not want to.
	p := &pipe{path: path}
	err := l.stream(path, &interruptible{ctx: l.ctx, r: p}, -1)
	if l.ctx.Err() == nil && p.file != nil {
		p.file.Close()
	}
	return err
}

// pipe is a named pipe that is opened by the first Read.
type pipe struct {
	path string
	file *os.File
}

func (p *pipe) Read(b []byte) (int, error) {
	if p.file == nil {
		f, err := os.Open(p.path)
		if err != nil {
			return 0, err
		}
		p.file = f
	}
	return p.file.Read(b)
}

// interruptible is a reader that ends when ctx is done. A Read that waits for
// a pipe or a terminal cannot be called off: it is left behind, and the buffer
// with it, which nobody uses any more because the whole load has failed.
type interruptible struct {
	ctx     context.Context
	r       io.Reader
	regular bool // reads do not wait
}

type readResult struct {
	n   int
	err error
}

func (i *interruptible) Read(b []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, interrupted(err)
	}
	if i.regular {
		return i.r.Read(b)
	}
	done := make(chan readResult, 1)
	go func() {
		n, err := i.r.Read(b)
		done <- readResult{n, err}
	}()
	select {
	case result := <-done:
		return result.n, result.err
	case <-i.ctx.Done():
		return 0, interrupted(i.ctx.Err())
	}
}

func interrupted(err error) error { return fmt.Errorf("reading was interrupted: %w", err) }
