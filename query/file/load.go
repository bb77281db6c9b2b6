package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/pfptrace/pfptrace/model"
)

// Options bound what Load keeps. The zero Options have the limits that each
// field names.
type Options struct {
	MaxMemory    int64 // bytes of spans and their details; 0: 2 GiB
	MaxSpans     int   // 0: as many as MaxMemory holds
	MaxMessage   int64 // bytes of one message or document, after decompression; 0: a quarter of MaxMemory
	MaxExpansion int64 // times that compressed data may grow; 0: 256
	Follow       bool  // go on with what is appended to the one file that is read, until ctx is done
}

func (o Options) withDefaults() Options {
	if o.MaxMemory <= 0 {
		o.MaxMemory = 2 << 30
	}
	if o.MaxSpans <= 0 {
		o.MaxSpans = math.MaxInt32 // what model.Builder counts in
	}
	if o.MaxMessage <= 0 {
		o.MaxMessage = o.MaxMemory / 4
	}
	if o.MaxExpansion <= 0 {
		o.MaxExpansion = 256
	}
	return o
}

// Loaded is what files held.
type Loaded struct {
	Traces *model.Traces
	Report Report
}

// Load reads the files, the files in the folders, and, for "-", standard
// input. It fails if nothing can be read of one of them, or of any file in a
// folder; what was lost of the others the Report says. It stops early when ctx
// is done, which is an error unless a file is followed.
func Load(ctx context.Context, paths []string, stdin io.Reader, opts Options) (*Loaded, error) {
	var builder model.Builder
	l := &loader{ctx: ctx, opts: opts.withDefaults(), keeps: true}
	l.sink = func(spans []model.Span, _ int64) error {
		builder.Add(spans...)
		return nil
	}
	if err := l.paths(paths, stdin); err != nil {
		return nil, err
	}
	return &Loaded{Traces: builder.Build(), Report: l.report}, nil
}

// Sink takes the spans of a message. They and their memory are never written
// again, but the slice is. resolution is what their times are rounded to, in
// ns; 0 where they are not. An error ends the reading.
type Sink func(spans []model.Span, resolution int64) error

// Stream reads like Load and hands the spans to sink as they come, copies of
// the same one included, and keeps none: Options.MaxMemory bounds single
// messages only.
func Stream(ctx context.Context, paths []string, stdin io.Reader, opts Options, sink Sink) (*Report, error) {
	l := &loader{ctx: ctx, opts: opts.withDefaults(), sink: sink}
	if opts.MaxSpans <= 0 {
		l.opts.MaxSpans = math.MaxInt
	}
	if err := l.paths(paths, stdin); err != nil {
		return nil, err
	}
	return &l.report, nil
}

// loader is one call of Load or Stream.
type loader struct {
	ctx    context.Context
	opts   Options
	sink   Sink
	keeps  bool // what goes to sink stays in memory
	count  int  // of spans that went to sink
	memory int64
	limit  string // which limit was reached, "" if none was
	failed error  // of sink
	report Report
}

// paths reads the files one after another.
func (l *loader) paths(paths []string, stdin io.Reader) error {
	if l.opts.Follow {
		if err := l.checkFollow(paths); err != nil {
			return err
		}
	}
	stdinUsed := false
	for _, path := range paths {
		if path == "-" {
			if stdinUsed {
				return &Error{File: "-", Reason: "standard input can be read only once"}
			}
			stdinUsed = true
		}
		if err := l.path(path, stdin); err != nil {
			return err
		}
	}
	return nil
}

// errFull stops reading: a limit was reached. It never leaves the package.
var errFull = errors.New("a limit was reached")

// spanMemory is what a span takes beside its message, in bytes: its header
// twice while the traces are being built, and its places in indexes.
const spanMemory = 240

// full returns errFull once a limit is reached, or why the sink has failed.
func (l *loader) full() error {
	if l.failed != nil {
		return l.failed
	}
	if l.limit == "" && l.memory > l.opts.MaxMemory {
		l.limit = fmt.Sprintf("the limit of memory (%s)", size(l.opts.MaxMemory))
	}
	if l.limit != "" {
		return errFull
	}
	return nil
}
