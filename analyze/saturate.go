package analyze

import (
	"math"
	"math/bits"
)

// Times lie in [0, 2^63), so a difference of two always fits an int64. Sums and
// products of differences need not: a span that lacks its start lasts 55 years.
// They stop at the largest value, and a report in which one did says so.

// plus returns x + y, or the nearest int64.
func plus(x, y int64) int64 {
	sum := x + y
	switch {
	case x > 0 && y > 0 && sum < 0:
		return math.MaxInt64
	case x < 0 && y < 0 && sum >= 0:
		return math.MinInt64
	}
	return sum
}

// times returns n * ns for n >= 0, or the nearest int64.
func times(n, ns int64) int64 {
	size := uint64(ns)
	if ns < 0 {
		size = -size
	}
	hi, lo := bits.Mul64(uint64(n), size)
	switch {
	case (hi != 0 || lo > math.MaxInt64) && ns < 0:
		return math.MinInt64
	case hi != 0 || lo > math.MaxInt64:
		return math.MaxInt64
	case ns < 0:
		return -int64(lo)
	}
	return int64(lo)
}

// saturated reports whether one of the sums stopped at the end of the range.
func saturated(sums ...int64) bool {
	for _, sum := range sums {
		if sum == math.MaxInt64 || sum == math.MinInt64 {
			return true
		}
	}
	return false
}

const saturationWarning = "some sums are more than 2^63-1 ns (292 years) and stand at that: spans lack their start or have impossible times"
