package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/capture"
	"github.com/pfptrace/pfptrace/query/file"
	"github.com/pfptrace/pfptrace/query/otlp"
)

type recordFlags struct {
	sourceFlags
	out        string
	force      bool
	follow     bool
	rotateSize byteCount
	rotateAge  time.Duration
	listen     listenFlags
}

func (p *program) recordCommand() *cobra.Command {
	var o recordFlags
	o.memory = 2 << 30
	cmd := &cobra.Command{
		Use:   "record -o FILE [--from SOURCE]",
		Short: "Keep traces as a capture file",
		Long: `Keep traces as a capture file. Without --from it receives them, as OTLP over gRPC and HTTP, until it is interrupted (pfptrace record -o traces.zst --rotate-age 1h): point your exporters or the Collector at 127.0.0.1:4317 or :4318. Clients of other hosts need TLS and a token (--listen-tls-cert, --listen-token).

With --from it keeps what can be read, whatever that was: Jaeger's or Triton's JSON, OTLP as JSON or protobuf, folders of them. A capture is small and read fast, and all that the spans say is in it.

It is OTLP protobuf in frames of zstd. zstd -d turns it into what the Collector's file exporter writes; captures can be joined by cat. Each half second a whole frame goes to the disk, so that a process that is killed loses no more than that, and the file can be read at any time. New files can be read by their user alone.

With --rotate-size or --rotate-age FILE is a pattern: traces.zst becomes traces-TIME.zst, named by when each was begun, so that names sort by time. Then nothing is ever replaced; --from FOLDER reads them all.`,
		Example: `pfptrace record --from traces.jsonl -o traces.zst
pfptrace top --from traces.zst
pfptrace record --from testdata/samples/recorded -o traces.zst --rotate-size 100MB --rotate-age 1h`,
		Args: noArguments,
		RunE: p.settings(func(cmd *cobra.Command, _ []string) error { return p.record(cmd.Context(), &o) }),
	}
	o.addFrom(cmd)
	o.listen.add(cmd)
	flags := cmd.Flags()
	// Not --output, which says a format elsewhere: a variable or a key that sets
	// that one must not name a file here.
	flags.StringVarP(&o.out, "out", "o", "", "write the capture to this FILE, or to - for standard output")
	flags.BoolVar(&o.follow, "follow", false, "go on with what is appended to the one file that is read, until interrupted")
	flags.BoolVar(&o.force, "force", false, "replace FILE if it is there")
	flags.Var(&o.rotateSize, "rotate-size", "begin the next file before one becomes larger than this")
	flags.DurationVar(&o.rotateAge, "rotate-age", 0, "begin the next file when one becomes older than this")
	flags.Var(&o.memory, "max-memory", "how much memory a single message may need, four times over")
	return cmd
}

func (p *program) record(ctx context.Context, o *recordFlags) error {
	if len(o.from) > 0 {
		if err := o.check(""); err != nil {
			return err
		}
	}
	if err := o.checkOutput(p.onTerminal()); err != nil {
		return err
	}
	limitMemory(int64(o.memory))
	if len(o.from) == 0 {
		return p.recordLive(ctx, o)
	}
	p.lingers.Store(o.follow)
	to := recording{begin: func() (*capture.Writer, error) { return p.beginCapture(o) }}
	report, err := file.Stream(ctx, o.from, p.stdin, file.Options{MaxMemory: int64(o.memory), Follow: o.follow}, to.keep)
	if closed := to.close(); !errors.Is(err, closed) {
		err = errors.Join(err, closed)
	}
	if err != nil {
		return to.explain(err, o)
	}
	for _, warning := range report.Warnings() {
		p.say("warning", warning)
	}
	if to.writer == nil {
		return nothingFound("", "no spans in %s", strings.Join(o.from, ", "))
	}
	if p.verbose {
		s := to.writer.Stats()
		p.say("wrote", fmt.Sprintf("%s: %d bytes; spans %d, messages %d, frames %d, files %d", o.out, s.Bytes, s.Spans, s.Messages, s.Frames, s.Files))
	}
	return nil
}

// onTerminal reports whether standard output is a terminal.
func (p *program) onTerminal() bool {
	out, isFile := p.stdout.(*os.File)
	return isFile && term.IsTerminal(int(out.Fd()))
}

// checkOutput refuses what cannot be written, before anything is read.
func (o *recordFlags) checkOutput(onTerminal bool) error {
	rotates := o.rotateSize > 0 || o.rotateAge > 0
	switch {
	case o.out == "":
		return wrongUsage("pfptrace record --from SOURCE -o FILE", "nowhere to write to: no -o")
	case o.rotateAge < 0:
		return wrongUsage("", "--rotate-age %s: must not be negative", o.rotateAge)
	case o.out == "-" && rotates:
		return wrongUsage("name a file", "-o -: standard output cannot be rotated")
	case o.out == "-" && onTerminal:
		return wrongUsage("name a file, or pipe it into another program", "-o -: a capture is not text, and this is a terminal")
	case o.out == "-":
		return nil
	}
	if err := o.checkApart(); err != nil {
		return err
	}
	if info, err := os.Stat(o.out); err == nil && info.Mode().IsRegular() && !o.force && !rotates {
		return alreadyThere(o.out)
	}
	return nil
}

// checkApart refuses to write into what is read.
func (o *recordFlags) checkApart() error {
	output, _ := os.Stat(o.out)
	folder, err := os.Stat(filepath.Dir(o.out))
	if err != nil {
		return err
	}
	for _, from := range o.from {
		source, err := os.Stat(from)
		switch {
		case err != nil:
			continue // reading it will say so
		case os.SameFile(source, folder):
			return wrongUsage("write it to another folder", "-o %s lies in %s, which is read", o.out, from)
		case output != nil && source.Mode().IsRegular() && os.SameFile(source, output):
			return wrongUsage("write it to another file", "-o %s is what is read", o.out)
		}
	}
	return nil
}

func alreadyThere(path string) error {
	return &failure{statusFailed, fmt.Errorf("%s is there already", path), "--force replaces it"}
}

func (p *program) beginCapture(o *recordFlags) (*capture.Writer, error) {
	p.lingers.Store(true)
	if o.out == "-" {
		return capture.NewWriter(p.stdout, capture.Options{})
	}
	writer, err := capture.Create(o.out, capture.Options{RotateSize: int64(o.rotateSize), RotateAge: o.rotateAge, Overwrite: o.force})
	if errors.Is(err, fs.ErrExist) {
		return nil, alreadyThere(o.out)
	}
	return writer, err
}

// recording keeps spans in a capture that is begun with the first of them, so
// that a source without any leaves no file behind.
type recording struct {
	begin   func() (*capture.Writer, error)
	writer  *capture.Writer // nil until there are spans
	message []byte          // reused
}

// keep is a [file.Sink].
func (r *recording) keep(spans []model.Span, resolution int64) (err error) {
	if r.writer == nil {
		if r.writer, err = r.begin(); err != nil {
			return err
		}
	}
	r.writer.SetResolution(uint32(resolution))
	r.message = otlp.AppendExport(r.message[:0], spans)
	return r.writer.Write(otlp.Traces, r.message)
}

func (r *recording) close() error {
	if r.writer == nil {
		return nil
	}
	return r.writer.Close()
}

// explain says of an error what became of the capture.
func (r *recording) explain(err error, o *recordFlags) error {
	var known *failure
	if r.writer == nil || o.out == "-" || !errors.As(failed(err), &known) {
		return err
	}
	known.hint = strings.TrimSpace(known.hint + "\nthe capture holds what was read before")
	return known
}
