package otlp

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner walks one JSON document. It never backtracks over more than one
// token, and after an error it stands still: every method then answers "no
// more", so that callers need not look at err at each step.
//
// It reads more than JSON in one point: control characters may stand unescaped
// in strings, as invalid UTF-8 may. Printers strip both.
type scanner struct {
	doc   []byte
	at    int
	first bool // the next member or element is the first of its object or array
	err   error
	text  []byte // decoded strings that held escapes
	norm  [32]byte
}

func (s *scanner) fail(what string) {
	if s.err == nil {
		s.err = fmt.Errorf("malformed OTLP JSON at byte %d: %s", s.at, what)
	}
	s.at = len(s.doc)
}

// peek skips white space and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	for s.at < len(s.doc) {
		switch c := s.doc[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) want(c byte) bool {
	if s.peek() != c {
		s.fail(fmt.Sprintf("expected %q%s", c, s.found()))
		return false
	}
	s.at++
	return true
}

// found says what stands here, for errors.
func (s *scanner) found() string {
	if s.at >= len(s.doc) {
		return ", found the end"
	}
	return fmt.Sprintf(", found %q", s.doc[s.at])
}

// open enters an object or an array. It is false for null, which means absent,
// and for anything else, which is an error.
func (s *scanner) open(bracket byte) bool {
	if s.at < len(s.doc) && s.doc[s.at] == bracket {
		s.at++
		s.first = true
		return true
	}
	if s.peek() == 'n' {
		s.literal("null")
		return false
	}
	s.first = s.want(bracket)
	return s.first
}

// more moves to the next member or element; at the closing bracket it leaves
// the object or array and is false.
func (s *scanner) more(closing byte) bool {
	if !s.first && s.at < len(s.doc) && s.doc[s.at] == ',' {
		s.at++
		return true
	}
	first := s.first
	s.first = false
	c := s.peek()
	if first && c == closing {
		s.at++
		return false
	}
	if first {
		return s.err == nil
	}
	if c == ',' {
		s.at++
		return true
	}
	if c == closing {
		s.at++
		return false
	}
	s.fail(fmt.Sprintf("expected ',' or %q%s", closing, s.found()))
	return false
}

// key reads a member's name and its colon. The name comes out normalised:
// lower case, without underscores, so that traceId, trace_id and TraceID are
// one. Names longer than any we know come out empty. It is good until the next
// call.
func (s *scanner) key() []byte {
	name := s.string()
	s.want(':')
	n := 0
	for _, c := range name {
		if c == '_' {
			continue
		}
		if n == len(s.norm) {
			return nil
		}
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		s.norm[n] = c
		n++
	}
	return s.norm[:n]
}

// string reads a string. The result aliases the document, or text where there
// were escapes.
func (s *scanner) string() []byte {
	if s.at < len(s.doc) && s.doc[s.at] == '"' {
		s.at++
	} else if !s.want('"') {
		return nil
	}
	start := s.at
	end := endOfPlain(s.doc, start)
	switch {
	case end == len(s.doc):
		s.fail("a string without an end")
		return nil
	case s.doc[end] == '"':
		s.at = end + 1
		return s.doc[start:end]
	}
	return s.escaped(start, end)
}

// escaped reads a string that begins at start and has its first escape at at.
func (s *scanner) escaped(start, at int) []byte {
	from := len(s.text)
	for {
		s.text = append(s.text, s.doc[start:at]...)
		s.at = at
		if at == len(s.doc) {
			s.fail("a string without an end")
			return nil
		}
		if s.doc[at] == '"' {
			s.at++
			return s.text[from:len(s.text):len(s.text)]
		}
		if !s.escape() {
			return nil
		}
		start = s.at
		at = endOfPlain(s.doc, start)
	}
}

// escape reads one escape and appends what it means to text.
func (s *scanner) escape() bool {
	if s.at+1 >= len(s.doc) {
		s.fail("a string without an end")
		return false
	}
	c := s.doc[s.at+1]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return s.unicode()
	default:
		s.fail("bad escape in a string")
		return false
	}
	s.text = append(s.text, c)
	s.at += 2
	return true
}

// unicode reads \uXXXX, and a surrogate pair as one; half a pair is U+FFFD.
func (s *scanner) unicode() bool {
	r, ok := hex4(s.doc, s.at)
	if !ok {
		s.fail("bad escape in a string")
		return false
	}
	s.at += 6
	if utf16.IsSurrogate(r) {
		low, _ := hex4(s.doc, s.at)
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			s.at += 6
		}
	}
	s.text = utf8.AppendRune(s.text, r)
	return true
}

// hex4 reads \uXXXX at at.
func hex4(doc []byte, at int) (r rune, ok bool) {
	if len(doc)-at < 6 || doc[at] != '\\' || doc[at+1] != 'u' {
		return 0, false
	}
	for _, c := range doc[at+2 : at+6] {
		digit, ok := unhex(c)
		if !ok {
			return 0, false
		}
		r = r<<4 | rune(digit)
	}
	return r, true
}

// endOfPlain returns where the quote or backslash stands that is next in b
// from at on, len(b) if there is none. It looks at eight bytes at a time.
func endOfPlain(b []byte, at int) int {
	const (
		each  = 0x0101010101010101
		quote = each * '"'
		slash = each * '\\'
		high  = each * 0x80
	)
	for len(b)-at >= 8 {
		word := binary.LittleEndian.Uint64(b[at:])
		q, s := word^quote, word^slash // a zero byte is a find
		if found := ((q-each)&^q | (s-each)&^s) & high; found != 0 {
			return at + bits.TrailingZeros64(found)>>3
		}
		at += 8
	}
	for at < len(b) && b[at] != '"' && b[at] != '\\' {
		at++
	}
	return at
}

// has reports whether what stands in doc at at begins with text.
func has(doc []byte, at int, text string) bool {
	return len(doc)-at >= len(text) && string(doc[at:at+len(text)]) == text
}

// literal reads one of the words of JSON.
func (s *scanner) literal(word string) []byte {
	start := s.at
	if !has(s.doc, start, word) {
		s.fail("expected " + word)
		return nil
	}
	s.at += len(word)
	return s.doc[start:s.at]
}

// number reads a number and returns its text, nil where none stands.
func (s *scanner) number() []byte {
	start := s.at
	if s.at < len(s.doc) && s.doc[s.at] == '-' {
		s.at++
	}
	leading := s.at
	good := s.digits() && (s.doc[leading] != '0' || s.at == leading+1)
	if good && s.at < len(s.doc) && s.doc[s.at] == '.' {
		s.at++
		good = s.digits()
	}
	if good && s.at < len(s.doc) && s.doc[s.at]|0x20 == 'e' {
		s.at++
		if s.at < len(s.doc) && (s.doc[s.at] == '+' || s.doc[s.at] == '-') {
			s.at++
		}
		good = s.digits()
	}
	if !good {
		s.at = start
		s.fail("bad number")
		return nil
	}
	return s.doc[start:s.at]
}

// digits moves over a run of digits and reports whether there was one.
func (s *scanner) digits() bool {
	start := s.at
	for s.at < len(s.doc) && s.doc[s.at]-'0' <= 9 {
		s.at++
	}
	return s.at > start
}

// skip moves over one value of any kind, at the given depth.
func (s *scanner) skip(depth int) {
	if depth > maxDepth {
		s.fail("nested too deep")
		return
	}
	switch s.peek() {
	case '{':
		for s.open('{'); s.more('}'); {
			s.string()
			s.want(':')
			s.skip(depth + 1)
		}
	case '[':
		for s.open('['); s.more(']'); {
			s.skip(depth + 1)
		}
	default:
		s.scalar()
	}
}

// scalar reads a string, a number, true or false and returns its text, which
// is nil for null and on an error, and never otherwise.
func (s *scanner) scalar() []byte {
	if s.at < len(s.doc) && s.doc[s.at] == '"' {
		return s.string()
	}
	switch s.peek() {
	case '"':
		return s.string()
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		s.literal("null")
		return nil
	case '{', '[':
		s.fail("expected text or a number" + s.found())
		return nil
	}
	return s.number()
}
