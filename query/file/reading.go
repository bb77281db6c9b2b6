package file

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/capture"
	"github.com/pfptrace/pfptrace/query/otlp"
)

// reading is one file that is being read.
type reading struct {
	*loader
	file       FileReport
	src        *source
	in         *counter
	decoder    *otlp.Decoder
	others     *otlp.Decoder // for documents of other signals, whose refusals say nothing
	spans      []model.Span  // reused
	jaeger     jaeger
	triton     triton
	zstd       *zstd.Decoder // for frames that are compressed one by one; nil until one is met
	damaged    int64         // bytes of damaged frames of a capture that were looked through
	resolution int64         // what the times of the spans that come are rounded to, in ns; 0 where they are not
	looks      string        // what the first document that is nothing we read looks like
}

// stream reads one file.
func (l *loader) stream(name string, from io.Reader, fileSize int64) error {
	in := &counter{r: from}
	r := &reading{loader: l, file: FileReport{Name: name, Size: fileSize}, in: in, src: &source{r: in}}
	r.decoder, r.others = otlp.NewDecoder(), otlp.NewDecoder()
	err := r.read()
	r.finishJaeger()
	r.finishTriton()
	if r.full() != nil {
		r.file.Limit = r.limit
	}
	if r.failed != nil {
		return r.failed
	}
	if failure := r.src.failure(); failure != nil {
		r.file.Failure = failure.Error()
	}
	if r.zstd != nil {
		r.zstd.Close()
	}
	if err := l.ctx.Err(); err != nil && !l.opts.Follow {
		return interrupted(err)
	}
	r.file.Stored = in.n
	r.file.Content = r.src.offset() + int64(len(r.src.window()))
	r.file.Refused = append(r.file.Refused, r.decoder.Refused()...)
	if err != nil {
		return err
	}
	if err := r.nothing(); err != nil {
		return err
	}
	l.report.Files = append(l.report.Files, r.file)
	return nil
}

// read finds out what the file is and reads it to its end or a limit.
func (r *reading) read() error {
	r.src.need(capture.HeaderSize)
	if _, ok := capture.ParseHeader(r.src.window()); ok {
		return r.untilFull(r.readCapture())
	}
	src, compression, stop, err := decompress(r.src, r.in, r.opts.MaxExpansion)
	if err != nil {
		return &Error{File: r.file.Name, Reason: "damaged: " + err.Error(), Err: err}
	}
	defer stop()
	r.src, r.file.Compression = src, compression
	if r.opts.Follow {
		r.src.need(lookahead) // the format is told by what is there
	} else {
		r.src.need(firstChunk)
	}
	if err := r.src.failure(); err != nil && len(r.src.window()) == 0 {
		return systemError(r.file.Name, err)
	}
	r.skipByteOrderMark()
	if err = r.full(); err == nil {
		err = r.body()
	}
	return r.untilFull(err)
}

// untilFull takes a limit as the end of what is read, which is no error.
func (r *reading) untilFull(err error) error {
	if errors.Is(err, errFull) {
		return nil
	}
	return err
}

func (r *reading) skipByteOrderMark() {
	if head := r.src.window(); len(head) >= 3 && string(head[:3]) == "\xef\xbb\xbf" {
		r.src.take(3)
	}
}

// body reads the messages of a file.
func (r *reading) body() error {
	head := r.src.window()
	format := sniff(head, r.src.err != nil)
	r.src.keep = format != jsonText
	switch format {
	case jsonText:
		return r.readJSON()
	case protoMessage, protoWrapped:
		return r.readMessages(format == protoWrapped)
	case fixedFrames:
		return r.readFrames(fixedLength)
	case varintFrames:
		return r.readFrames(varintLength)
	}
	return &Error{File: r.file.Name, Reason: looksOf(head), Advice: accepted}
}

// met notes that the file holds messages of this format.
func (r *reading) met(format string) {
	if !slices.Contains(r.file.Formats, format) {
		r.file.Formats = append(r.file.Formats, format)
	}
}

// note adds a note to the report, once.
func (r *reading) note(text string) {
	if !slices.Contains(r.file.Notes, text) {
		r.file.Notes = append(r.file.Notes, text)
	}
}

// add keeps the spans of a message of this many bytes.
func (r *reading) add(spans []model.Span, bytes int) error {
	if room := r.opts.MaxSpans - r.loader.count; len(spans) > room {
		spans = spans[:room]
		r.limit = "the limit of " + counted(r.opts.MaxSpans, "span")
	}
	if r.failed == nil && len(spans) > 0 {
		r.failed = r.sink(spans, r.resolution)
		r.report.QuantumNS = max(r.report.QuantumNS, r.resolution)
	}
	r.loader.count += len(spans)
	r.file.Spans += len(spans)
	r.spans = spans[:0]
	if r.keeps {
		r.memory += int64(len(spans))*spanMemory + int64(bytes)
	}
	return r.full()
}

// refuse counts spans of a format that is not OTLP.
func (r *reading) refuse(reason, example string) {
	const maxExample = 80
	for i := range r.file.Refused {
		if r.file.Refused[i].Reason == reason {
			r.file.Refused[i].Count++
			return
		}
	}
	r.file.Refused = append(r.file.Refused, otlp.Refusal{Reason: reason, Count: 1, Dropped: true, Example: example[:min(len(example), maxExample)]})
}

func (r *reading) problemAt(offset, lost int64, reason string) {
	r.problem(Problem{Offset: offset, Reason: reason}, lost)
}

func (r *reading) problem(p Problem, lost int64) {
	p.File = r.file.Name
	r.file.Problems++
	r.file.Lost += lost
	if r.file.Problems == 1 {
		r.file.First = p
	}
	if len(r.report.Problems) < maxProblems {
		r.report.Problems = append(r.report.Problems, p)
	}
}

// nothing returns an error if there is nothing in the file that could be read.
func (r *reading) nothing() error {
	f := &r.file
	switch {
	case f.Spans > 0 || f.Limit != "":
		return nil
	case len(f.Refused) > 0:
		refused := f.Refused[0]
		return r.hopeless(fmt.Sprintf("none of its spans can be read: %s%s", refused.Reason, example(refused.Example)))
	case f.Messages > 0 || f.Skipped != [otlp.NumSignals]int{}:
		return nil
	case f.Failure != "":
		return r.hopeless("damaged: " + f.Failure)
	case r.looks != "":
		return r.hopeless("it looks like " + r.looks)
	case f.First.Line > 0:
		return r.hopeless(fmt.Sprintf("line %d: %s", f.First.Line, f.First.Reason))
	case f.Problems > 0:
		return r.hopeless(fmt.Sprintf("byte %d: %s", f.First.Offset, f.First.Reason))
	}
	return nil
}

// hopeless is the error of a file of which nothing can be read. Its problems
// go with it: the report is about files that were read.
func (r *reading) hopeless(reason string) error {
	r.report.Problems = slices.DeleteFunc(r.report.Problems, func(p Problem) bool { return p.File == r.file.Name })
	return &Error{File: r.file.Name, Reason: reason, Advice: accepted}
}

// unpack decompresses a message that is zstd by itself.
func (r *reading) unpack(msg []byte) ([]byte, error) {
	r.met("zstd in each message")
	return r.unzstd(msg)
}

// unzstd decompresses one frame, up to the limit of a message.
func (r *reading) unzstd(frame []byte) ([]byte, error) {
	if r.zstd == nil {
		limit := uint64(r.opts.MaxMessage)
		decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(limit), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		r.zstd = decoder
	}
	return r.zstd.DecodeAll(frame, nil)
}
