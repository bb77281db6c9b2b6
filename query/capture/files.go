package capture

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// files is a destination of one file after another.
type files struct {
	path    string // of the one file, or the pattern of several
	options Options
	begun   int // how many files

	file    *os.File
	regular bool
	size    int64 // of the file: what was written of whole frames
	since   time.Time
}

// TimeLayout is how the names of rotated files tell when they were begun, in
// UTC. Names sort by it.
const TimeLayout = "20060102T150405.000000000Z"

// privately is the mode of new files: traces tell of what users do.
const privately = 0o600

// open begins a file.
func (f *files) open(now time.Time) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	path := f.path
	for {
		if f.options.rotates() {
			extension := filepath.Ext(f.path)
			path = strings.TrimSuffix(f.path, extension) + "-" + now.UTC().Format(TimeLayout) + extension
		}
		file, err := os.OpenFile(path, flags, privately)
		switch {
		case errors.Is(err, fs.ErrExist) && f.options.rotates():
			now = now.Add(1) // another recorder has begun one at this very moment
			continue
		case errors.Is(err, fs.ErrExist) && (f.options.Overwrite || isDevice(path)):
			flags = os.O_WRONLY | os.O_TRUNC
			continue
		case err != nil:
			return err
		}
		return f.begin(file, now)
	}
}

// isDevice reports whether a path names something that cannot be overwritten:
// a device, a pipe, a terminal.
func isDevice(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

func (f *files) begin(file *os.File, now time.Time) error {
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.file, f.regular, f.size, f.since = file, info.Mode().IsRegular(), 0, now
	f.begun++
	if f.regular {
		syncFolder(filepath.Dir(file.Name()))
	}
	return nil
}

// syncFolder makes the name of a new file last. Not every system and file
// system can, and none needs it but for a loss of power.
func syncFolder(path string) {
	if folder, err := os.Open(path); err == nil {
		_ = folder.Sync()
		_ = folder.Close()
	}
}

func (f *files) write(frame []byte) error {
	if err := f.rotate(int64(len(frame))); err != nil {
		return err
	}
	if n, err := f.file.Write(frame); err != nil {
		return f.cut(n, err)
	}
	f.size += int64(len(frame))
	return nil
}

// cut takes back what was written of a frame, so that a disk that is full
// leaves a whole file behind.
func (f *files) cut(written int, cause error) error {
	if f.regular && written > 0 {
		if err := f.file.Truncate(f.size); err != nil {
			return fmt.Errorf("%w (and its end is torn: %w)", cause, err)
		}
	}
	return cause
}

// rotate begins the next file if the frame that comes would make this one too
// large, or it is too old. A file holds at least one frame.
func (f *files) rotate(coming int64) error {
	now := time.Now()
	tooLarge := f.options.RotateSize > 0 && f.size+coming > f.options.RotateSize
	tooOld := f.options.RotateAge > 0 && now.Sub(f.since) >= f.options.RotateAge
	if f.size == 0 || !tooLarge && !tooOld {
		return nil
	}
	if err := errors.Join(f.syncer()(), f.close()); err != nil {
		return err
	}
	return f.open(now)
}

func (f *files) syncer() func() error {
	if !f.regular {
		return func() error { return nil } // devices and pipes keep nothing
	}
	file := f.file
	return func() error {
		if err := file.Sync(); !errors.Is(err, os.ErrClosed) {
			return err
		}
		return nil // rotate has synced it before it closed it
	}
}

func (f *files) close() error { return f.file.Close() }

func (f *files) count() int { return f.begun }
