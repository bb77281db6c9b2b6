package otlp_test

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pfptrace/pfptrace/query/otlp"
)

// The scanners of eight bytes at a time against the obvious, with every byte
// at every place.
func TestWordsOfEightBytes(t *testing.T) {
	for _, start := range []string{"01234567", "abcdefAB", "        ", "\x80\xff\x00/:@G`g"[:8], "!!!!!!!!"} {
		for place := range 8 {
			for c := range 256 {
				b := []byte(start)
				b[place] = byte(c)
				checkWord(t, b)
			}
		}
	}
}

func checkWord(t *testing.T, b []byte) {
	t.Helper()
	word := uint64(0)
	for i, c := range b {
		word |= uint64(c) << (8 * i)
	}
	n, ok := otlp.EightDigits(word)
	want, err := strconv.ParseUint(string(b), 10, 64)
	if ok != (err == nil) || ok && n != want {
		t.Fatalf("digits %q: %d, %t", b, n, ok)
	}
	four, ok := otlp.EightHexDigits(word)
	bytes, err := hex.DecodeString(string(b))
	got := []byte{byte(four), byte(four >> 8), byte(four >> 16), byte(four >> 24)}
	if ok != (err == nil) || ok && !slices.Equal(got, bytes) {
		t.Fatalf("hex %q: %x, %t", b, got, ok)
	}
	for _, tail := range []string{"", "xyz", "\"", "padding of some length"} {
		text := string(b) + tail
		end := strings.IndexAny(text, "\"\\")
		if end < 0 {
			end = len(text)
		}
		if got := otlp.EndOfPlain([]byte(text), 0); got != end {
			t.Fatalf("end of %q: %d, want %d", text, got, end)
		}
	}
}

// Numbers near the limits, in the ways that JSON writes them.
func TestIntegersOfJSON(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"9223372036854775807", "9223372036854775807"},
		{"-9223372036854775808", "-9223372036854775808"},
		{"9223372036854775808", `"9223372036854775808"`},
		{"-9223372036854775809", `"-9223372036854775809"`},
		{"1.7953331557763820e18", "1795333155776382000"},
		{"1e18", "1000000000000000000"},
		{"1e19", `"1e19"`},
		{"10E-1", "1"},
		{"1.5", `"1.5"`},
		{"-0", "0"},
		{"1e-101", `"1e-101"`},
		{"99999999999999999999e-5", `"99999999999999999999e-5"`},
		{"123000e-3", "123"},
	} {
		for _, quote := range []string{"", `"`} {
			doc := one(fmt.Sprintf(`"name":"n","attributes":[{"key":"a","value":{"intValue":%s%s%s}}]`, quote, test.text, quote))
			spans, err := otlp.NewDecoder().JSON(nil, []byte(doc))
			if err != nil || len(spans) != 1 {
				t.Fatal(test.text, len(spans), err)
			}
			if got := describe(&spans[0]); got != "n a="+test.want {
				t.Errorf("%s is %s, want %s", test.text, got, test.want)
			}
		}
	}
}
