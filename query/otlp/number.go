package otlp

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"
)

// parseUint reads a whole number of at most 2^64-1: digits, or what amounts to
// them with a point or an exponent ("1.5e3").
func parseUint(text []byte) (n uint64, ok bool) {
	if len(text) == 0 || len(text) > 19 { // 19 digits cannot overflow
		return parseDecimal(text)
	}
	at := 0
	for ; len(text)-at >= 8; at += 8 {
		eight, ok := eightDigits(binary.LittleEndian.Uint64(text[at:]))
		if !ok {
			return parseDecimal(text)
		}
		n = n*1e8 + eight
	}
	for _, c := range text[at:] {
		if c-'0' > 9 {
			return parseDecimal(text)
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}

// eightDigits reads eight digits at once: neighbours are put together to pairs,
// pairs to fours, fours to the whole.
func eightDigits(word uint64) (n uint64, ok bool) {
	const each = 0x0101010101010101
	if word&(each*0xf0)|(word+each*6)&(each*0xf0)>>4 != each*0x33 {
		return 0, false
	}
	word &= each * 0x0f
	word = word*10 + word>>8
	word = word&0x00ff00ff00ff00ff*100 + word>>16&0x00ff00ff00ff00ff
	return word&0xffff*10000 + word>>32&0xffff, true
}

// timeDigits is how many digits unix nanoseconds have, from 2001 to 2262.
const timeDigits = 19

// parseTime reads a time of that many digits and the quote behind it.
func parseTime(b []byte) (ns int64, ok bool) {
	high, ok := eightDigits(binary.LittleEndian.Uint64(b))
	low, ok2 := eightDigits(binary.LittleEndian.Uint64(b[8:]))
	x, y, z := b[16]-'0', b[17]-'0', b[18]-'0'
	n := (high*1e8+low)*1000 + uint64(x)*100 + uint64(y)*10 + uint64(z)
	return int64(n), ok && ok2 && max(x, y, z) <= 9 && b[timeDigits] == '"' && n <= math.MaxInt64
}

// parseInt is parseUint with a sign.
func parseInt(text []byte) (int64, bool) {
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		text = text[1:]
	}
	n, ok := parseUint(text)
	if negative {
		return -int64(n), ok && n <= 1<<63
	}
	return int64(n), ok && n <= math.MaxInt64
}

// parseDecimal is exact, where going through a float64 would round unix times.
func parseDecimal(text []byte) (n uint64, ok bool) {
	exponent := 0
	if i := bytes.IndexAny(text, "eE"); i >= 0 {
		e, err := strconv.Atoi(string(text[i+1:]))
		if err != nil || e < -100 || e > 100 {
			return 0, false
		}
		exponent, text = e, text[:i]
	}
	digits := text
	if i := bytes.IndexByte(text, '.'); i >= 0 {
		exponent -= len(text) - i - 1
		digits = append(append(make([]byte, 0, len(text)), text[:i]...), text[i+1:]...)
	}
	for len(digits) > 1 && digits[len(digits)-1] == '0' {
		digits, exponent = digits[:len(digits)-1], exponent+1
	}
	if len(digits) == 0 || len(digits) > 200 {
		return 0, false
	}
	for ; exponent > 0 && len(digits) < 200; exponent-- {
		digits = append(digits[:len(digits):len(digits)], '0')
	}
	n, err := strconv.ParseUint(string(digits), 10, 64)
	return n, err == nil && (exponent == 0 || n == 0)
}

// parseDouble reads a number, and the words that OTLP's JSON writes for the
// doubles that JSON has no numbers for.
func parseDouble(text []byte) (float64, bool) {
	switch string(text) {
	case "NaN":
		return math.NaN(), true
	case "Infinity":
		return math.Inf(1), true
	case "-Infinity":
		return math.Inf(-1), true
	}
	f, err := strconv.ParseFloat(view(text), 64)
	return f, err == nil
}

// appendBase64 appends the decoded bytes of base64 text: either alphabet, with
// or without padding.
func appendBase64(dst, text []byte) ([]byte, bool) {
	text = bytes.TrimRight(text, "=")
	encoding := base64.RawStdEncoding
	if bytes.ContainsAny(text, "-_") {
		encoding = base64.RawURLEncoding
	}
	out, err := encoding.AppendDecode(dst, text)
	if err != nil {
		return dst, false
	}
	return out, true
}
