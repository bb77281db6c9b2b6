package file

import "bytes"

// maxDepth bounds how deep brackets may stand in each other. Jaeger's UI
// writes references inside references; its deepest sample has 49.
const maxDepth = 1000

// scanner follows brackets and strings of JSON text, a piece at a time, and
// knows nothing else of it: whether the text is right the decoders find out.
type scanner struct {
	depth    int
	inString bool
	escaped  bool
	last     byte // the last byte that is no white space
}

// What stopped a scan.
type scanStop uint8

const (
	scanMore       scanStop = iota // the piece is used up
	scanEnd                        // the last bracket was closed
	scanLine                       // a line ended, outside of strings
	scanOpenString                 // a line ended inside a string
	scanDeep                       // more than maxDepth brackets are open
)

// scan reads b up to the first thing of note and returns how much it read.
func (s *scanner) scan(b []byte) (int, scanStop) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		if s.inString {
			switch {
			case c == '\n':
				return i, scanOpenString
			case s.escaped:
				s.escaped = false
			case c == '\\':
				s.escaped = true
			case c == '"':
				s.inString = false
			}
			continue
		}
		switch c {
		case ' ', '\t', '\r':
			continue
		case '\n':
			return i + 1, scanLine
		case '"':
			s.inString = true
		case '{', '[':
			if s.depth++; s.depth > maxDepth {
				return i, scanDeep
			}
		case '}', ']':
			if s.depth--; s.depth <= 0 {
				s.last = c
				return i + 1, scanEnd
			}
		}
		s.last = c
	}
	return len(b), scanMore
}

// closing returns the length of the object or array at the start of b, or -1
// if b does not hold its end.
func closing(b []byte) int {
	var s scanner
	for n := 0; ; {
		used, stop := s.scan(b[n:])
		n += used
		switch stop {
		case scanEnd:
			return n
		case scanLine:
		default:
			return -1
		}
	}
}

// split cuts text into the objects that stand in it one after another. It
// returns nil if the text is not that and nothing else.
func split(text []byte) (objects []section) {
	rest := trimPunctuation(text)
	for len(rest) > 0 {
		n := -1
		if rest[0] == '{' {
			n = closing(rest)
		}
		if n < 0 {
			return nil
		}
		from := len(text) - len(rest)
		objects = append(objects, section{from, from + n})
		rest = trimPunctuation(rest[n:])
	}
	return objects
}

// section is a part of a text, from an offset to another.
type section struct{ from, to int }

// punctuation is what stands between documents: white space, the commas and
// brackets of arrays around them, and the record separator of RFC 7464.
const punctuation = " \t\r\n,[]\x1e"

func trimPunctuation(b []byte) []byte { return bytes.TrimLeft(b, punctuation) }

func isPunctuation(b []byte) bool { return len(trimPunctuation(b)) == 0 }
