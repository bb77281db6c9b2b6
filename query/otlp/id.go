package otlp

import "bytes"

// parseID reads an id as text into dst, which is 16 or 8 bytes long. By OTLP
// it is hex of either case; in the wild it is also hex behind 0x, hex without
// its leading zeros (Jaeger), base64 of the bytes (protojson), and base64 of
// the hex text.
func parseID(dst, text []byte) bool {
	if parseHex(dst, text) {
		return true
	}
	var room [64]byte
	if len(text) > len(room) {
		return false
	}
	raw, ok := appendBase64(room[:0], text)
	switch {
	case ok && len(raw) == len(dst):
		copy(dst, raw)
		return true
	case ok && len(raw) == 2*len(dst):
		return parseHex(dst, raw)
	}
	return false
}

// parseHex reads 1 to 2*len(dst) hex digits, filled with zeros on the left.
func parseHex(dst, text []byte) bool {
	if len(text) > 2 && (bytes.HasPrefix(text, []byte("0x")) || bytes.HasPrefix(text, []byte("0X"))) {
		text = text[2:]
	}
	if len(text) == 0 || len(text) > 2*len(dst) {
		return false
	}
	clear(dst)
	for i := range text {
		digit, ok := unhex(text[len(text)-1-i])
		if !ok {
			return false
		}
		dst[len(dst)-1-i/2] |= digit << (4 * (i % 2))
	}
	return true
}

func unhex(c byte) (digit byte, ok bool) {
	switch {
	case c-'0' <= 9:
		return c - '0', true
	case c|0x20-'a' <= 5:
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}
