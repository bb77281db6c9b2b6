package model

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// scanner walks over notation text. The first failure sticks and moves it to
// the end of the text, so that callers need not check after every step.
type scanner struct {
	text  string
	at    int // offset in text
	line  int // from 1
	start int // offset of the line
	err   error
}

func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("line %d, column %d: %s", s.line, s.at-s.start+1, fmt.Sprintf(format, args...))
	}
	s.at = len(s.text)
}

// inLine skips blanks and reports whether anything but a comment follows in
// the line.
func (s *scanner) inLine() bool {
	for s.sees(" ") || s.sees("\t") || s.sees("\r") {
		s.at++
	}
	return s.at < len(s.text) && !s.sees("\n") && !s.sees("#")
}

func (s *scanner) nextLine() {
	end := strings.IndexByte(s.text[s.at:], '\n')
	if end < 0 {
		s.at = len(s.text)
		return
	}
	s.at += end + 1
	s.start = s.at
	s.line++
}

func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *scanner) sees(token string) bool { return strings.HasPrefix(s.text[s.at:], token) }

func (s *scanner) expect(token string) {
	if !s.sees(token) {
		s.fail("want %s", token)
		return
	}
	s.at += len(token)
}

// endWord checks that the word just read is at its end.
func (s *scanner) endWord() {
	if c := s.peek(); c != 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n' {
		s.fail("unexpected %q after the word", c)
	}
}

// blanks skips what may stand between the parts of a value in brackets.
func (s *scanner) blanks() {
	for s.sees(" ") || s.sees("\t") {
		s.at++
	}
}

// valueMarks are the signs that may stand in bare text, keyMarks those in a
// bare key.
const (
	valueMarks = "._-/:+*$%&~^?!<>;|"
	keyMarks   = "._-/*$%&~^?!<>;|"
)

// bare reads letters, digits and marks; there may be none.
func (s *scanner) bare(marks string) string {
	rest := s.text[s.at:]
	end := strings.IndexFunc(rest, func(r rune) bool { return !isBare(r, marks) })
	if end < 0 {
		end = len(rest)
	}
	s.at += end
	return rest[:end]
}

func isBare(r rune, marks string) bool {
	if r < utf8.RuneSelf {
		return '0' <= r && r <= '9' || isLetter(byte(r)) || strings.ContainsRune(marks, r)
	}
	return r != utf8.RuneError && unicode.IsLetter(r)
}

func (s *scanner) quoted() string {
	prefix, err := strconv.QuotedPrefix(s.text[s.at:])
	if err != nil {
		s.fail("a quoted text without its end, or with an escape Go has not")
		return ""
	}
	s.at += len(prefix)
	text, err := strconv.Unquote(prefix)
	if err != nil {
		s.fail("%s: %s", prefix, err)
	}
	return text
}

// str reads TEXT: bare or in quotes.
func (s *scanner) str() string {
	if s.sees(`"`) {
		return s.quoted()
	}
	text := s.bare(valueMarks)
	if text == "" {
		s.fail("want text; none is written \"\"")
	}
	return text
}

func (s *scanner) key() string {
	if s.sees(`"`) {
		return s.quoted()
	}
	key := s.bare(keyMarks)
	if key == "" {
		s.fail("want a key, in quotes if it has other signs than %s", keyMarks)
	}
	return key
}

func (s *scanner) digits() string {
	start := s.at
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.at++
	}
	if start == s.at {
		s.fail("want a digit")
	}
	return s.text[start:s.at]
}

func (s *scanner) uint(limit uint64) uint64 {
	n, err := strconv.ParseUint(s.digits(), 10, 64)
	if err != nil || n > limit {
		s.fail("number is above %d", limit)
	}
	return n
}

func (s *scanner) bytesLiteral() []byte {
	s.expect("bytes(")
	end := strings.IndexAny(s.text[s.at:], ")\n")
	if end < 0 {
		s.fail("bytes( without )")
		return nil
	}
	data, err := base64.StdEncoding.DecodeString(s.text[s.at : s.at+end])
	if err != nil {
		s.fail("bytes(...): %s", err)
		return nil
	}
	s.at += end
	s.expect(")")
	return data
}

// fields reads the encoding of fields of a message.
func (s *scanner) fields() []byte {
	data := s.bytesLiteral()
	rest := data
	for ok := true; len(rest) > 0; {
		if _, rest, ok = next(rest); !ok {
			s.fail("bytes(...) holds no fields in protobuf's encoding")
			return nil
		}
	}
	return data
}

// list reads open item,item... close; without open it reads nothing.
func (s *scanner) list(opening, closing string, item func()) {
	if !s.sees(opening) {
		return
	}
	s.at += len(opening)
	for s.blanks(); !s.sees(closing) && s.err == nil; s.blanks() {
		item()
		s.blanks()
		if s.sees(closing) {
			break
		}
		s.expect(",")
	}
	s.expect(closing)
}

// group reads (field=...,field=...); read reports whether it knows the field.
func (s *scanner) group(read func(field string) bool) {
	s.list("(", ")", func() {
		start := s.at
		field := s.bare("_")
		s.expect("=")
		if s.err == nil && !read(field) {
			s.at = start
			s.fail("unknown field %q", field)
		}
	})
}

// attributes reads {key:value,...}.
func (s *scanner) attributes(depth int) (out []KeyValue) {
	s.list("{", "}", func() {
		quoted := s.sees(`"`)
		key := s.key()
		s.blanks()
		s.expect(":")
		s.blanks()
		if key == "kv" && !quoted {
			out = append(out, KeyValue(s.fields()))
			return
		}
		out = append(out, keyed(key, s.value(depth)))
	})
	return out
}

func (s *scanner) attribute(key string) KeyValue { return keyed(key, s.value(0)) }

// value reads VALUE and returns it as an AnyValue message.
func (s *scanner) value(depth int) []byte {
	if depth > maxNesting {
		s.fail("more than %d arrays and maps inside each other", maxNesting)
		return nil
	}
	switch {
	case s.sees(`"`):
		return appendBytes(nil, int(ValueString), s.quoted())
	case s.sees("["):
		var array []byte
		s.list("[", "]", func() { array = appendBytes(array, 1, s.value(depth+1)) })
		return appendBytes(nil, int(ValueArray), array)
	case s.sees("{"):
		var list []byte
		for _, kv := range s.attributes(depth + 1) {
			list = appendBytes(list, 1, []byte(kv))
		}
		return appendBytes(nil, int(ValueMap), list)
	case s.sees("bytes("):
		return appendBytes(nil, int(ValueBytes), s.bytesLiteral())
	}
	text := s.str()
	value, err := bareValue(text)
	if err != nil {
		s.fail("%s", err)
	}
	return value
}

// bareValue returns what bare text means as an AnyValue message.
func bareValue(text string) ([]byte, error) {
	switch text {
	case "null":
		return nil, nil
	case "true":
		return appendVarint(nil, int(ValueBool), 1), nil
	case "false":
		return appendVarint(nil, int(ValueBool), 0), nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return appendVarint(nil, int(ValueInt), uint64(n)), nil
	}
	if strings.Trim(strings.TrimLeft(text, "+-"), "0123456789") == "" && text != "" && strings.ContainsAny(text, "0123456789") {
		return nil, fmt.Errorf("%s does not fit in 64 bits; a text of digits stands in quotes", text)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return appendFixed64(nil, int(ValueDouble), math.Float64bits(f)), nil
	}
	return appendBytes(nil, int(ValueString), text), nil
}
