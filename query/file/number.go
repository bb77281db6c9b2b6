package file

import (
	"bytes"
	"math"
	"strconv"
)

// number is an integer as strangers write it: a JSON number, one with a zero
// fraction or an exponent, or any of these as text. It never fails; ok says
// whether it was one.
type number struct {
	value int64
	ok    bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(text []byte) error {
	*n = number{}
	digits := string(bytes.Trim(text, `" `))
	if value, err := strconv.ParseInt(digits, 10, 64); err == nil {
		*n = number{value, true}
		return nil
	}
	const exact = 1 << 53
	if f, err := strconv.ParseFloat(digits, 64); err == nil && f == math.Trunc(f) && math.Abs(f) <= exact {
		*n = number{int64(f), true}
	}
	return nil
}

// micros returns n microseconds in nanoseconds.
func (n number) micros() (ns int64, ok bool) {
	if !n.ok || n.value > math.MaxInt64/1000 || n.value < math.MinInt64/1000 {
		return 0, false
	}
	return n.value * 1000, true
}
