package analyze

import (
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// nearestRank is the definition: the smallest value that at least percent of
// all values do not exceed.
func nearestRank(values []int64, percent int) int64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(math.Ceil(float64(len(sorted))*float64(percent)/100))-1]
}

func TestQuantilesAreExactBelowTheLimit(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 3, 99, 100, 101, 1000} {
		var d distribution
		values := make([]int64, n)
		for i := range values {
			values[i] = max(0, random.Int64N(1000)-500) // half of them 0
			d.add(values[i])
		}
		for _, percent := range []int{1, 50, 90, 95, 99, 100} {
			if got, want := d.quantile(percent), nearestRank(values, percent); got != want {
				t.Errorf("p%d of %d values is %d, want %d", percent, n, got, want)
			}
		}
		if !d.exact() {
			t.Errorf("%d values are not exact", n)
		}
	}
}

func TestQuantilesAboveTheLimitAreWithinOnePercent(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var d distribution
	values := make([]int64, exactLimit*3)
	for i := range values {
		values[i] = int64(math.Exp(random.NormFloat64()*4 + 12))
		d.add(values[i])
	}
	if d.exact() {
		t.Fatal("still exact")
	}
	for _, percent := range []int{1, 10, 50, 90, 95, 99, 100} {
		got, want := float64(d.quantile(percent)), float64(nearestRank(values, percent))
		if math.Abs(got-want) > 0.01*want {
			t.Errorf("p%d is %.0f, want %.0f", percent, got, want)
		}
	}
}

func TestHistogramHoldsEveryValue(t *testing.T) {
	for _, ns := range []int64{1, 2, 3, 63, 64, 65, 1e9, math.MaxInt64 - 1, math.MaxInt64} {
		middle := bucketMiddle(bucketIndex(ns))
		if off := math.Abs(float64(middle) - float64(ns)); off > float64(ns)/128+1 {
			t.Errorf("%d stands as %d", ns, middle)
		}
	}
}

// Six spans that lack their start last 55 years each: more than an int64 holds.
func TestSumDoesNotOverflow(t *testing.T) {
	var s Sum
	want := new(big.Int)
	for range 6 {
		s.Add(math.MaxInt64)
		want.Add(want, big.NewInt(math.MaxInt64))
	}
	if s.String() != want.String() || s.Mean(6) != math.MaxInt64 {
		t.Errorf("sum %s, mean %d; want %s", s, s.Mean(6), want)
	}
	var back Sum
	data, _ := json.Marshal(s)
	if err := json.Unmarshal(data, &back); err != nil || back != s {
		t.Errorf("%s read back as %s: %v", data, back, err)
	}
	for range 6 {
		s.Sub(math.MaxInt64)
	}
	if s != (Sum{}) {
		t.Errorf("%s is left", s)
	}
}
