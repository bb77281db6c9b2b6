package profile

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/pfptrace/pfptrace/model"
)

// timeUnit says how an attribute writes a time or a length.
type timeUnit uint8

const (
	unitNs timeUnit = iota
	unitUs
	unitMs
	unitS
	unitText // Go's and Rust's duration text: 1.5ms, 45.6µs, 2m3s
)

var unitNames = map[string]timeUnit{"ns": unitNs, "us": unitUs, "ms": unitMs, "s": unitS, "go": unitText, "rust": unitText}

func parseUnit(name string) (timeUnit, error) {
	if u, ok := unitNames[name]; ok {
		return u, nil
	}
	return 0, fmt.Errorf("unknown unit %q: want ns, us, ms, s, go or rust", name)
}

// maxDurationText is the longest duration text that is read; longer ones are
// no duration.
const maxDurationText = 64

// nanoseconds reads a value written in unit u, rounded to the nearest ns. It is
// false for a value that is no number and for one that int64 cannot hold.
func (u timeUnit) nanoseconds(v model.Value) (int64, bool) {
	if u == unitText {
		text := strings.TrimSpace(v.Str())
		if text == "" || len(text) > maxDurationText {
			return 0, false
		}
		d, err := time.ParseDuration(text)
		return int64(d), err == nil
	}
	scale := [...]int64{unitNs: 1, unitUs: 1e3, unitMs: 1e6, unitS: 1e9}[u]
	if n, ok := v.Int(); ok {
		if n > math.MaxInt64/scale || n < math.MinInt64/scale {
			return 0, false
		}
		return n * scale, true
	}
	f, ok := v.Double()
	f = math.Round(f * float64(scale))
	if !ok || !(math.Abs(f) < 1<<63) {
		return 0, false
	}
	return int64(f), true
}

// addNs adds two amounts of ns; false where int64 cannot hold the sum.
func addNs(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (sum > a) == (b > 0)
}
