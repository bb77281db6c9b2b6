package text

import (
	"math"
	"strconv"
	"strings"

	"github.com/pfptrace/pfptrace/analyze"
)

// scale is the unit and the precision that all durations of a column share, so
// that digits of the same worth stand under each other.
type scale struct {
	unit     string
	ns       int64 // of one unit
	decimals int
}

// scaleFor picks the scale in which the largest value has two to four digits
// before the point.
func (p *page) scaleFor(largest int64) scale {
	switch {
	case largest < 10_000:
		return scale{"ns", 1, 0}
	case largest < 10_000_000:
		return scale{p.set.micro, 1_000, 1}
	case largest < 100_000_000:
		return scale{"ms", 1_000_000, 2}
	case largest < 10_000_000_000:
		return scale{"ms", 1_000_000, 1}
	case largest < 1_000_000_000_000:
		return scale{"s", 1_000_000_000, 2}
	}
	return scale{"s", 1_000_000_000, 0}
}

// number rounds half away from zero, in integers. What is not zero but rounds
// to it is shown as less than the smallest figure.
func (s scale) number(ns int64) string {
	sign, n := "", uint64(ns)
	if ns < 0 {
		sign, n = "-", -uint64(ns)
	}
	step := uint64(s.ns)
	for range s.decimals {
		step /= 10
	}
	digits := n / step
	if n%step >= step-n%step {
		digits++
	}
	if digits == 0 && n > 0 {
		return sign + "<" + s.point(1)
	}
	return sign + s.point(digits)
}

// point puts the decimal point into a number of smallest figures.
func (s scale) point(figures uint64) string {
	text := strconv.FormatUint(figures, 10)
	if s.decimals == 0 {
		return text
	}
	text = strings.Repeat("0", max(0, s.decimals+1-len(text))) + text
	return text[:len(text)-s.decimals] + "." + text[len(text)-s.decimals:]
}

// duration is a duration in running text, in the unit that suits it alone.
func (p *page) duration(ns int64) string {
	magnitude := ns
	if ns < 0 {
		magnitude = -(ns + 1) // -2^63 has no positive twin
	}
	s := p.scaleFor(magnitude)
	if magnitude >= 1000*s.ns {
		s.decimals = 0
	}
	return s.number(ns) + " " + s.unit
}

// exact is a duration with all of its nanoseconds.
func (p *page) exact(ns int64) string {
	exact := strconv.FormatInt(ns, 10) + " ns"
	if rounded := p.duration(ns); rounded != exact {
		return rounded + " (" + exact + ")"
	}
	return exact
}

// sum is a total in running text, which may be longer than an int64 holds.
func (p *page) sum(total analyze.Sum) string {
	if ns := total.Float(); ns >= math.MaxInt64 {
		return strconv.FormatFloat(ns/1e9, 'g', 4, 64) + " s"
	}
	return p.duration(int64(total.Float()))
}

// percent is a share from 0 to 1 as 12.3%.
func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) + "%" }

// percentOf is part/whole as a percentage, a dash where there is no whole.
func percentOf(part, whole int64) string {
	if whole == 0 {
		return "-"
	}
	return percent(float64(part) / float64(whole))
}

// count is n things, with the noun in the plural where there is not one.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
