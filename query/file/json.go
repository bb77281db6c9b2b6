package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pfptrace/pfptrace/query/otlp"
)

// readJSON reads a file of JSON objects of any of the kinds that we know.
func (r *reading) readJSON() error {
	docs := &documents{src: r.src, max: int(r.opts.MaxMessage), line: 1}
	err := r.objects(docs)
	switch {
	case docs.open == 0 || err != nil:
	case len(r.triton.order) > 0:
		r.note("the list is not closed, as in the file of a server that still runs: what comes last may be missing")
	case r.src.failure() == nil:
		r.problem(Problem{Line: docs.line, Reason: "the list is not closed: its end may be missing"}, 0)
	}
	return err
}

func (r *reading) objects(docs *documents) error {
	for {
		p, ok := docs.next()
		if !ok {
			return nil
		}
		if err := r.piece(p); err != nil {
			return err
		}
	}
}

// piece reads a document. If it is none, it may be several on one line.
func (r *reading) piece(p piece) error {
	reason := p.bad
	if reason == "" {
		if reason = r.object(p.text, p); reason == "" {
			return r.full()
		}
		if objects := split(p.text); len(objects) > 1 {
			return r.several(p, objects)
		}
	}
	r.damage(p, reason)
	return r.full()
}

func (r *reading) several(p piece, objects []section) error {
	line, counted := p.line, 0
	for _, o := range objects {
		line += bytes.Count(p.text[counted:o.from], []byte{'\n'})
		counted = o.from
		text := p.text[o.from:o.to]
		one := piece{text: text, line: line, size: int64(len(text)), array: p.array}
		if reason := r.object(text, one); reason != "" {
			r.damage(one, reason)
		}
		if err := r.full(); err != nil {
			return err
		}
	}
	return nil
}

// damage reports a piece that is no document: where it starts, or where its
// syntax breaks.
func (r *reading) damage(p piece, reason string) {
	line := p.line
	switch syntax, offset := syntaxError(p.text); {
	case syntax == unexpectedEnd && p.bad == "":
		reason = "cut off: its end is missing"
	case syntax != "" && syntax != unexpectedEnd:
		line += bytes.Count(p.text[:offset], []byte{'\n'})
		reason = "malformed JSON: " + syntax
	}
	r.problem(Problem{Line: line, Reason: reason}, p.size)
}

// unexpectedEnd is what encoding/json says of text that is right as far as it
// goes.
const unexpectedEnd = "unexpected end of JSON input"

// syntaxError says what is wrong with the JSON object text, and where; "" if
// nothing is, or text is none.
func syntaxError(text []byte) (string, int) {
	if !startsWith(text, "{") {
		return "", 0
	}
	err := json.Unmarshal(text, &anything{})
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return "", 0
	}
	return syntax.Error(), int(min(max(syntax.Offset-1, 0), int64(len(text))))
}

// anything is a JSON value that is checked and not kept.
type anything struct{}

func (*anything) UnmarshalJSON([]byte) error { return nil }

// object reads one JSON object, whatever kind it is. reason says why it cannot
// be read, "" if it could.
func (r *reading) object(text []byte, p piece) (reason string) {
	switch kind := kindOf(text); kind {
	case otlpObject:
		return r.otlpObject(text)
	case logsObject:
		return r.otherSignal(text, otlp.Logs)
	case metricsObject:
		return r.otherSignal(text, otlp.Metrics)
	case profilesObject:
		return r.otherSignal(text, otlp.Profiles)
	case jaegerObject:
		return r.jaegerObject(text)
	case tritonObject:
		return r.tritonObject(text, p)
	}
	looks := looksLike(text)
	if syntax, _ := syntaxError(text); r.looks == "" && syntax == "" {
		r.looks = looks
	}
	return "it looks like " + looks
}

// otlpObject keeps the spans before the place where a document is malformed,
// unless several documents are taken for one: those are read one by one.
func (r *reading) otlpObject(text []byte) (reason string) {
	before := r.file.Spans
	spans, err := r.decoder.JSON(r.spans[:0], text)
	if err != nil && len(split(text)) > 1 {
		return err.Error()
	}
	r.met("OTLP JSON")
	bytes := 0
	for i := range spans {
		bytes += len(spans[i].Raw)
	}
	_ = r.add(spans, bytes) // the caller asks whether a limit is reached
	if err != nil {
		if r.file.Spans > before {
			return fmt.Sprintf("%v; the spans before that are kept", err)
		}
		return err.Error()
	}
	r.file.Messages++
	return ""
}

// otherSignal counts a document of another signal, if it is well formed.
func (r *reading) otherSignal(text []byte, s otlp.Signal) (reason string) {
	if _, err := r.others.JSON(nil, text); err != nil {
		return err.Error()
	}
	r.file.Skipped[s]++
	return ""
}
