package otlp

import (
	"bytes"
	"encoding/binary"
)

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
	if len(text) == 2*len(dst) && wholeHex(dst, text) {
		return true
	}
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

// wholeHex reads two digits for each byte of dst.
func wholeHex(dst, text []byte) bool {
	for i := 0; i+8 <= len(text); i += 8 {
		four, ok := eightHexDigits(binary.LittleEndian.Uint64(text[i:]))
		if !ok {
			return false
		}
		binary.LittleEndian.PutUint32(dst[i/2:], four)
	}
	return true
}

// eightHexDigits reads eight hex digits at once into four bytes.
func eightHexDigits(word uint64) (four uint32, ok bool) {
	const (
		each = 0x0101010101010101
		high = each * 0x80
	)
	if word&high != 0 {
		return 0, false
	}
	// Adding takes a byte's high bit across a threshold; no byte overflows.
	lower := word | each*0x20
	digit := (word + each*(0x80-'0')) &^ (word + each*(0x80-'9'-1))
	letter := (lower + each*(0x80-'a')) &^ (lower + each*(0x80-'f'-1))
	if (digit|letter)&high != high {
		return 0, false
	}
	nibbles := word&(each*0x0f) + word>>6&each*9
	pairs := (nibbles<<4 | nibbles>>8) & 0x00ff00ff00ff00ff
	pairs = (pairs | pairs>>8) & 0x0000ffff0000ffff
	return uint32(pairs | pairs>>16), true
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
