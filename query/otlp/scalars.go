package otlp

import "math"

// readID reads an id into dst, which is 16 or 8 bytes long. No text and null
// are the zero id; bad is the text of what is no id, else nil.
func (s *scanner) readID(dst []byte) (bad []byte) {
	at, digits := s.at+1, 2*len(dst)
	if len(s.doc)-at > digits && s.doc[at-1] == '"' && s.doc[at+digits] == '"' && wholeHex(dst, s.doc[at:at+digits]) {
		s.at = at + digits + 1
		return nil
	}
	clear(dst)
	if s.peek() == '[' {
		return s.readBytes(dst)
	}
	text := s.scalar()
	if len(text) == 0 || parseID(dst, text) {
		return nil
	}
	clear(dst)
	return text
}

// readBytes reads an id as an array of bytes, which is how Rust prints it.
func (s *scanner) readBytes(dst []byte) (bad []byte) {
	start, count, good := s.at, 0, true
	for s.open('['); s.more(']'); count++ {
		n, ok := parseUint(s.scalar())
		good = good && ok && n <= 0xff && count < len(dst)
		if good {
			dst[count] = byte(n)
		}
	}
	if good && (count == len(dst) || count == 0) {
		return nil
	}
	clear(dst)
	return s.doc[start:s.at]
}

// readTime reads unix nanoseconds. No text and null are 0; bad is the text of
// what is no time within 0 and 2^63-1, else nil.
func (s *scanner) readTime() (ns int64, bad []byte) {
	at := s.at + 1
	if len(s.doc)-at > timeDigits && s.doc[at-1] == '"' {
		if ns, ok := parseTime(s.doc[at:]); ok {
			s.at = at + timeDigits + 1
			return ns, nil
		}
	}
	text := s.scalar()
	if len(text) == 0 {
		return 0, nil
	}
	n, ok := parseUint(text)
	if !ok || n > math.MaxInt64 {
		return 0, text
	}
	return int64(n), nil
}
