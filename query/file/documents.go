package file

import (
	"bytes"
	"fmt"
)

// documents cuts JSON text into its outermost objects. Arrays around them are
// looked through, so that lines, documents one after another and arrays of
// them are one thing. Every byte is looked at once or twice, whatever a
// stranger wrote: a stretch that is no document is never read again.
type documents struct {
	src    *source
	max    int // bytes of a document
	line   int // of the window's start, from 1
	open   int // arrays around the window's start
	arrays int // arrays that were opened so far
}

// piece is a document or, if bad says why, a stretch of text that is none.
type piece struct {
	text  []byte // valid until the next piece; nil where it was too long to hold
	line  int    // where it starts
	size  int64  // bytes
	array int    // how many arrays were opened before it
	bad   string
}

// next returns the next piece; false at the end.
func (d *documents) next() (piece, bool) {
	for {
		d.skipPunctuation()
		if len(d.src.window()) > 0 {
			break
		}
		if !d.src.fill() {
			return piece{}, false
		}
	}
	d.src.need(lookahead)
	window := d.src.window()
	switch {
	case window[0] != '{':
		return d.skip(0, "not a JSON document"), true
	case startsDocument(window):
		return d.lineDocument(), true
	case startsRecord(window):
		return d.record(), true
	}
	return d.balanced(), true
}

func (d *documents) skipPunctuation() {
	window := d.src.window()
	n := len(window) - len(trimPunctuation(window))
	for _, c := range d.src.take(n) {
		switch c {
		case '\n':
			d.line++
		case '[':
			d.open++
			d.arrays++
		case ']':
			d.open = max(0, d.open-1)
		}
	}
}

// take returns the first n bytes of the window as a piece.
func (d *documents) take(n int, bad string) piece {
	text := d.src.take(n)
	p := piece{text: text, line: d.line, size: int64(n), array: d.arrays, bad: bad}
	d.line += bytes.Count(text, []byte{'\n'})
	return p
}

// lookahead is how much of a line tells whether it starts a document.
const lookahead = 64

// lineDocument takes the line that the window starts with, if it is a whole
// document as JSON lines have it. That is so when the next line starts one
// too, or there is none: the line need not be searched for its end, and a line
// that was cut off costs itself alone.
func (d *documents) lineDocument() piece {
	end, ok := d.find(0, "\n")
	if !ok && len(d.src.window()) > d.max {
		return d.tooLong()
	}
	d.src.need(end + 1 + lookahead)
	window := d.src.window()
	if end < len(window) {
		following := bytes.TrimLeft(window[end:min(len(window), end+1+lookahead)], " \t\r\n]")
		if len(following) > 0 && !startsDocument(following) {
			return d.balanced()
		}
	}
	return d.take(objectIn(window[:end]), "")
}

// record takes the Triton record that the window starts with: it lasts to the
// next. Triton writes tensors as raw text and may leave a record open, so
// neither strings nor brackets can tell.
func (d *documents) record() piece {
	end, ok := d.find(1, recordStart)
	if !ok && len(d.src.window()) > d.max {
		return d.tooLong()
	}
	return d.take(objectIn(d.src.window()[:end]), "")
}

// objectIn returns how much of stretch is the object that starts it: all up to
// the last brace if nothing but punctuation follows, else all.
func objectIn(stretch []byte) int {
	if last := bytes.LastIndexByte(stretch, '}'); last >= 0 && isPunctuation(stretch[last+1:]) {
		return last + 1
	}
	return len(stretch)
}

// find returns where mark stands in the window, from from on. If it is not
// there, or the window has become longer than max, it returns the window's
// length and false.
func (d *documents) find(from int, mark string) (int, bool) {
	for {
		window := d.src.window()
		if i := bytes.Index(window[from:], []byte(mark)); i >= 0 {
			return from + i, true
		}
		from = max(from, len(window)-len(mark)+1)
		if len(window) > d.max || !d.src.fill() {
			return len(d.src.window()), false
		}
	}
}

// balanced takes the object that the window starts with by its brackets.
func (d *documents) balanced() piece {
	var s scanner
	lines, indented := 0, false
	for n := 0; ; {
		used, stop := s.scan(d.src.window()[n:])
		n += used
		switch stop {
		case scanEnd:
			return d.take(n, "")
		case scanOpenString:
			return d.take(n, "a string is not closed before the end of its line")
		case scanDeep:
			return d.skip(n, fmt.Sprintf("brackets stand more than %d deep (limit)", maxDepth))
		case scanLine:
			if lines++; n > d.max {
				return d.tooLong()
			}
			d.src.need(n + lookahead)
			next := d.src.window()[n:]
			if lines == 1 {
				indented = startsWith(next, " \t")
			}
			if s.last != ':' && (startsDocument(next) || indented && startsWith(next, "{")) {
				return d.take(n, fmt.Sprintf("cut off: another document starts at line %d", d.line+lines))
			}
		case scanMore:
			if n > d.max {
				return d.tooLong()
			}
			if !d.src.fill() {
				return d.take(n, "cut off: its end is missing")
			}
		}
	}
}

func startsWith(b []byte, anyOf string) bool {
	return len(b) > 0 && bytes.IndexByte([]byte(anyOf), b[0]) >= 0
}

// tooLong drops what the window holds and the rest of its last line.
func (d *documents) tooLong() piece {
	return d.skip(len(d.src.window()), fmt.Sprintf("longer than %s (limit)", size(int64(d.max))))
}

// skip drops the first n bytes of the window and the rest of the line that
// they end in, without holding it.
func (d *documents) skip(n int, reason string) piece {
	p := piece{line: d.line, array: d.arrays, bad: reason}
	for {
		d.line += bytes.Count(d.src.take(n), []byte{'\n'})
		p.size += int64(n)
		if len(d.src.window()) == 0 && !d.src.refill() {
			return p
		}
		window := d.src.window()
		if n = bytes.IndexByte(window, '\n'); n == 0 {
			return p
		}
		if n < 0 {
			n = len(window)
		}
	}
}

// startsDocument reports whether b starts an object whose first key is one
// that stands at the top of OTLP or Jaeger documents and nowhere inside them.
func startsDocument(b []byte) bool {
	b, ok := afterBrace(b)
	if !ok {
		return false
	}
	end := bytes.IndexByte(b[:min(len(b), lookahead)], '"')
	if end < 0 {
		return false
	}
	switch string(b[:end]) {
	case "resourceSpans", "resource_spans", "resourceLogs", "resource_logs", "resourceMetrics", "resource_metrics",
		"resourceProfiles", "resource_profiles", "result", "batches", "trace", "data":
		return true
	}
	return false
}

// afterBrace returns what follows an opening brace and the quote of its first
// key.
func afterBrace(b []byte) ([]byte, bool) {
	if len(b) == 0 || b[0] != '{' {
		return nil, false
	}
	b = bytes.TrimLeft(b[1:], " \t\r\n")
	if len(b) == 0 || b[0] != '"' {
		return nil, false
	}
	return b[1:], true
}

const recordStart = `{"id":`

// startsRecord reports whether b starts a record as Triton writes it.
func startsRecord(b []byte) bool {
	rest, ok := bytes.CutPrefix(b, []byte(recordStart))
	if !ok {
		return false
	}
	rest = bytes.TrimLeft(rest, " 0123456789")
	rest, ok = bytes.CutPrefix(rest, []byte(","))
	rest = bytes.TrimLeft(rest, " ")
	return ok && (bytes.HasPrefix(rest, []byte(`"timestamps"`)) || bytes.HasPrefix(rest, []byte(`"model_name"`)) ||
		bytes.HasPrefix(rest, []byte(`"activity"`)))
}
