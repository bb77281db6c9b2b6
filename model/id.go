package model

import (
	"bytes"
	"encoding/hex"
	"fmt"
)

// TraceID is a W3C trace id. The zero id is invalid.
type TraceID [16]byte

// SpanID is a W3C span id. It is unique only inside its trace: the key of a
// span is (trace id, span id), never the span id alone. The zero id is invalid
// as a span's own and means "none" as a parent's.
type SpanID [8]byte

// IsZero reports whether the id is the invalid all-zero one.
func (id TraceID) IsZero() bool { return id == TraceID{} }

// IsZero reports whether the id is the invalid all-zero one.
func (id SpanID) IsZero() bool { return id == SpanID{} }

// String returns 32 lower-case hex digits.
func (id TraceID) String() string { return hex.EncodeToString(id[:]) }

// String returns 16 lower-case hex digits.
func (id SpanID) String() string { return hex.EncodeToString(id[:]) }

// Compare orders ids as their hex texts do.
func (id TraceID) Compare(other TraceID) int { return bytes.Compare(id[:], other[:]) }

// Compare orders ids as their hex texts do.
func (id SpanID) Compare(other SpanID) int { return bytes.Compare(id[:], other[:]) }

// ParseTraceID reads 1 to 32 hex digits of either case, with or without 0x.
// Shorter texts are filled with zeros on the left, as Jaeger writes them.
func ParseTraceID(s string) (id TraceID, err error) {
	if err = parseHexID(id[:], s); err != nil {
		return TraceID{}, fmt.Errorf("trace id %q: %w", s, err)
	}
	return id, nil
}

// ParseSpanID reads 1 to 16 hex digits of either case, with or without 0x.
func ParseSpanID(s string) (id SpanID, err error) {
	if err = parseHexID(id[:], s); err != nil {
		return SpanID{}, fmt.Errorf("span id %q: %w", s, err)
	}
	return id, nil
}

func parseHexID(dst []byte, s string) error {
	if len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		s = s[2:]
	}
	if s == "" || len(s) > 2*len(dst) {
		return fmt.Errorf("want 1 to %d hex digits, got %d", 2*len(dst), len(s))
	}
	for i := range len(s) {
		nibble, ok := unhex(s[len(s)-1-i])
		if !ok {
			return fmt.Errorf("%q is no hex digit", s[len(s)-1-i])
		}
		dst[len(dst)-1-i/2] |= nibble << (4 * (i % 2))
	}
	return nil
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
