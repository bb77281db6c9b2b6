package model

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ParseNotation reads spans from the text notation that fixtures are written
// in and that [FormatNotation] prints, so that a bug report becomes a test by
// paste:
//
//	# a request waits in a queue; a batch of another trace takes it
//	trace 1
//	  span a  svc=api host=h1 name=request  0ms..97ms
//	  span b  svc=api host=h1 name=queue    2ms..14ms  parent=a
//	trace 2
//	  span k  svc=gpu name=batch 14ms..95ms link=1/b batch.size=32
//
// A line is one of these; # starts a comment, indentation means nothing:
//
//	base TIME                    zero of the times below that have a unit
//	origin NAME word...          a sender, for from=NAME
//	trace ID                     the trace of the spans below
//	span ID START..END word...   a span; words in any order
//
// An ID of hex digits is filled with zeros on the left, so a whole id may stand
// there or a short one. Any other ID of letters, digits and ._- that starts
// with a letter means its own bytes, filled likewise: k is 6b, up to 16 of them
// in a trace id and 8 in a span id. TIME is a number with one of the units ns,
// us, ms and s, which counts from the base, or without a unit in unix ns; a
// fraction must be whole in ns.
//
// The words of a span:
//
//	name=TEXT kind=server status=error message=TEXT parent=ID flags=257
//	svc=TEXT host=TEXT scope=TEXT(...){...}   resource=(...){...}   from=NAME
//	link=TRACE/SPAN(flags=769,state=TEXT){...} dropped_links=3
//	event=TEXT@TIME{...}
//	KEY=VALUE                    an attribute; with the key in quotes if it is a word of this list
//	kv=bytes(...)                an attribute as encoded, where no words say it exactly
//	more=bytes(...)              fields of the span's encoding that have no word
//
// svc and host are short for the resource attributes service.name and
// host.name. What stands in {} are attributes, KEY:VALUE, and in () other
// fields, more=bytes(...) among them; both may be left out. TEXT stands bare or
// in quotes as in Go. A bare VALUE is an int, a double where it has a point, an
// exponent or is inf or nan, true, false, null for the empty value, else a
// string; [a,b] is an array, {a:1} a map, bytes(aGk=) bytes in base64. An
// attribute that comes twice stays twice, and order is kept.
//
// Errors name line and column; the column counts bytes from 1.
func ParseNotation(text string) ([]Span, error) {
	p := notationParser{scanner: scanner{text: text, line: 1}, named: map[string]*Origin{}, made: map[[2]string]*Origin{}}
	for p.err == nil && p.at < len(p.text) {
		if p.inLine() {
			p.parseLine()
		}
		p.nextLine()
	}
	if p.err != nil {
		return nil, p.err
	}
	return p.spans, nil
}

type notationParser struct {
	scanner
	base  int64
	trace *TraceID
	named map[string]*Origin
	made  map[[2]string]*Origin // by encoding, so that spans of one sender share theirs
	spans []Span
}

func (p *notationParser) parseLine() {
	switch word := p.bare("._-"); word {
	case "base":
		p.inLine()
		p.base = p.spanTime()
		p.endLine()
	case "origin":
		p.inLine()
		name := p.bare("._-")
		if p.named[name] != nil {
			p.fail("origin %s is given twice", name)
		}
		p.named[name] = p.originLine()
	case "trace":
		p.inLine()
		var id TraceID
		p.id(id[:])
		p.trace = &id
		p.endLine()
	case "span":
		if p.trace == nil {
			p.fail("a span before the first trace line")
			return
		}
		p.inLine()
		p.spanLine()
	default:
		p.fail("a line starts with base, origin, trace or span, not %q", word)
	}
}

func (p *notationParser) endLine() {
	if p.inLine() {
		p.fail("unexpected text at the end of the line")
	}
}

// spanWords collects the words of one line.
type spanWords struct {
	Draft
	origin originWords
	timed  bool
	seen   map[string]bool
}

func (p *notationParser) spanLine() {
	w := spanWords{Draft: Draft{Trace: *p.trace}, seen: map[string]bool{}}
	p.id(w.ID[:])
	for p.inLine() {
		if c := p.text[p.at]; '0' <= c && c <= '9' || c == '-' {
			if w.timed {
				p.fail("times are given twice")
			}
			w.timed = true
			w.Start = p.spanTime()
			p.expect("..")
			w.End = p.spanTime()
			p.endWord()
			continue
		}
		p.spanWord(&w)
		p.endWord()
	}
	if !w.timed {
		p.fail("span without START..END")
	}
	if p.err != nil {
		return
	}
	span := w.Span(p.makeOrigin(&w.origin))
	span.Links = countLinks(span.Raw) // those in more=bytes(...) too
	p.spans = append(p.spans, span)
}

func countLinks(raw []byte) uint16 {
	n := 0
	for range messages(raw, fieldSpanLinks) {
		n++
	}
	return uint16(min(n, math.MaxUint16))
}

func (p *notationParser) spanWord(w *spanWords) {
	quoted := p.sees(`"`)
	key := p.key()
	p.expect("=")
	if quoted {
		w.Attrs = append(w.Attrs, p.attribute(key))
		return
	}
	switch key {
	case "link":
		w.Links = append(w.Links, p.link())
		return
	case "event":
		w.Events = append(w.Events, p.event())
		return
	case "kv":
		w.Attrs = append(w.Attrs, KeyValue(p.fields()))
		return
	}
	if !isSpanWord(key) && !isOriginWord(key) {
		w.Attrs = append(w.Attrs, p.attribute(key))
		return
	}
	if w.seen[key] {
		p.fail("%s is given twice", key)
	}
	w.seen[key] = true
	switch key {
	case "name":
		w.Name = p.str()
	case "kind":
		w.Kind = Kind(p.enum("kind", 255, kindNames()))
	case "status":
		w.Status = StatusCode(p.enum("status", 255, statusNames()))
	case "message":
		w.StatusMessage = p.str()
	case "parent":
		p.id(w.Parent[:])
	case "flags":
		w.Flags = uint32(p.uint(math.MaxUint32))
	case "dropped_links":
		w.DroppedLinks = uint32(p.uint(math.MaxUint32))
	case "more":
		w.More = p.fields()
	default:
		p.originWord(key, &w.origin)
	}
}

func isSpanWord(key string) bool {
	switch key {
	case "name", "kind", "status", "message", "parent", "flags", "dropped_links", "more", "link", "event", "kv":
		return true
	}
	return false
}

func kindNames() []string {
	var names []string
	for kind := KindUnspecified; kind <= KindConsumer; kind++ {
		names = append(names, kind.String())
	}
	return names
}

func statusNames() []string { return []string{"unset", "ok", "error"} }

func (p *notationParser) link() (l DraftLink) {
	p.id(l.Trace[:])
	p.expect("/")
	p.id(l.Ref.Span[:])
	p.group(func(field string) bool {
		switch field {
		case "flags":
			l.Flags = uint32(p.uint(math.MaxUint32))
		case "state":
			l.TraceState = p.str()
		case "more":
			l.More = p.fields()
		default:
			return false
		}
		return true
	})
	l.Attrs = p.attributes(0)
	return l
}

func (p *notationParser) event() (e DraftEvent) {
	e.Name = p.str()
	p.expect("@")
	e.Time = int64(p.time())
	p.group(func(field string) bool {
		if field == "more" {
			e.More = p.fields()
		}
		return field == "more"
	})
	e.Attrs = p.attributes(0)
	return e
}

// time reads a time; above 2^63-1 ns there are times of events alone.
func (p *notationParser) time() uint64 {
	negative := p.sees("-")
	if negative {
		p.at++
	}
	whole, fraction := p.digits(), ""
	if p.sees(".") && !p.sees("..") {
		p.at++
		fraction = strings.TrimRight(p.digits(), "0")
	}
	for i, unit := range []string{"ns", "us", "ms", "s"} {
		if p.sees(unit) {
			p.at += len(unit)
			return uint64(p.fromBase(negative, whole, fraction, 3*i))
		}
	}
	n, err := strconv.ParseUint(whole, 10, 64)
	if err != nil || negative || fraction != "" {
		p.fail("a time without a unit is a whole number of unix ns")
	}
	return n
}

// fromBase returns the base plus whole.fraction units of 10^digits ns.
func (p *notationParser) fromBase(negative bool, whole, fraction string, digits int) int64 {
	if len(fraction) > digits {
		p.fail("time is no whole number of ns")
		return 0
	}
	offset, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", digits-len(fraction)), 10, 64)
	if negative {
		offset = -offset
	}
	if err != nil || offset > math.MaxInt64-p.base || offset < -p.base {
		p.fail("time is not within 0 and 2^63-1 unix ns")
		return 0
	}
	return p.base + offset
}

func (p *notationParser) spanTime() int64 {
	t := p.time()
	if t > math.MaxInt64 {
		p.fail("time is above 2^63-1 unix ns")
	}
	return int64(t)
}

// originWords are the words that say who sent a span.
type originWords struct {
	from               *Origin
	resource, scope    []byte
	short, long, given bool
}

func isOriginWord(key string) bool {
	switch key {
	case "svc", "host", "scope", "resource", "from":
		return true
	}
	return false
}

func (p *notationParser) originLine() *Origin {
	var w originWords
	for p.inLine() {
		key := p.key()
		p.expect("=")
		if !isOriginWord(key) {
			p.fail("%q is no word of an origin", key)
			return nil
		}
		p.originWord(key, &w)
		p.endWord()
	}
	return p.makeOrigin(&w)
}

func (p *notationParser) originWord(key string, w *originWords) {
	switch key {
	case "from":
		name := p.bare("._-")
		if w.from = p.named[name]; w.from == nil {
			p.fail("no origin %q above", name)
		}
	case "svc", "host":
		long := map[string]string{"svc": "service.name", "host": "host.name"}[key]
		w.short = true
		w.resource = appendBytes(w.resource, fieldResourceAttributes, []byte(String(long, p.str())))
	case "resource":
		w.long = true
		w.resource = append(w.resource, p.senderFields(fieldResourceAttributes)...)
	case "scope":
		w.given = true
		if !p.sees("(") && !p.sees("{") {
			w.scope = appendBytes(w.scope, fieldScopeName, p.str())
		}
		w.scope = append(w.scope, p.senderFields(fieldScopeAttributes)...)
	}
	if w.short && w.long || w.from != nil && (w.short || w.long || w.given) {
		p.fail("%s says again who sent the span", key)
	}
}

// senderFields reads (more=...){...} of a resource or a scope.
func (p *notationParser) senderFields(attributes int) (msg []byte) {
	var more []byte
	p.group(func(field string) bool {
		if field == "more" {
			more = p.fields()
		}
		return field == "more"
	})
	for _, kv := range p.attributes(0) {
		msg = appendBytes(msg, attributes, []byte(kv))
	}
	return append(msg, more...)
}

func (p *notationParser) makeOrigin(w *originWords) *Origin {
	if w.from != nil {
		return w.from
	}
	key := [2]string{string(w.resource), string(w.scope)}
	if p.made[key] == nil {
		p.made[key] = NewOrigin(w.resource, w.scope)
	}
	return p.made[key]
}

// enum reads one of the names, or a number up to max.
func (p *notationParser) enum(what string, limit uint64, names []string) uint64 {
	if c := p.peek(); '0' <= c && c <= '9' {
		return p.uint(limit)
	}
	text := p.bare("_")
	for i, name := range names {
		if name == text {
			return uint64(i)
		}
	}
	p.fail("%s is one of %s, not %q", what, strings.Join(names, ", "), text)
	return 0
}

// id reads an id into dst: hex digits, or a name that stands for its bytes.
func (p *notationParser) id(dst []byte) {
	start := p.at
	text := p.bare("._-")
	if err := parseNotationID(dst, text); err != nil {
		p.at = start
		p.fail("id %q: %s", text, err)
	}
}

func parseNotationID(dst []byte, text string) error {
	if isHex(text) {
		return parseHexID(dst, text)
	}
	switch {
	case text == "":
		return fmt.Errorf("want hex digits or a name")
	case !isLetter(text[0]):
		return fmt.Errorf("a name starts with a letter")
	case len(text) > len(dst):
		return fmt.Errorf("a name has at most %d characters here", len(dst))
	}
	copy(dst[len(dst)-len(text):], text)
	return nil
}

func isHex(text string) bool {
	for i := range len(text) {
		if _, ok := unhex(text[i]); !ok {
			return false
		}
	}
	return text != ""
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
