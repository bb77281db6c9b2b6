// Package analyze is the method: it gives every nanosecond of every request to
// a stage, and says who held which batch open, what a GPU waited for, and what
// the clocks cannot prove. The specification is the project's method text;
// section numbers in comments are its.
//
// The package is pure: no clock, no I/O, no goroutine. It reads a [role.World]
// and knows nothing of span names, attributes or files.
//
// The one function that gives a nanosecond to a stage is [Analysis.Decompose]
// in decompose.go; what a row of evidence is stands in evidence.go.
package analyze

import (
	"fmt"
	"slices"

	"github.com/pfptrace/pfptrace/analyze/role"
)

// SkewMode says what to do about clocks that differ (method.md 2.5).
type SkewMode uint8

const (
	// SkewNone decomposes the times as they are, and flags contradictions.
	SkewNone SkewMode = iota
	// SkewMin first applies the smallest offsets that causality proves.
	SkewMin
)

// Options of an analysis.
type Options struct {
	Quantum int64 // ns, the resolution of timestamps: contradictions up to it are not called skew
	Skew    SkewMode
}

// Analysis answers questions about one World. It is not safe for concurrent
// use: it keeps scratch memory between calls.
type Analysis struct {
	world    *role.World
	opts     Options
	devices  deviceIndex
	skew     skewBounds
	facts    map[*role.BatchInfo]*batchFacts // of batches with a span, where no offsets apply
	arrivals map[*role.BatchInfo][]arrival   // of batches with a span and joined ones
	scratch  scratch

	warnings  []string // the world's, and what New found
	saturated bool     // some sum of a batch stopped at the end of the range
}

// New prepares an analysis of a world, which must not change afterwards.
func New(world *role.World, opts Options) *Analysis {
	a := &Analysis{world: world, opts: opts, facts: make(map[*role.BatchInfo]*batchFacts, len(world.Batches))}
	a.devices = indexDevices(world)
	a.skew = a.collectSkew()
	a.arrivals = a.collectArrivals()
	a.warnings = slices.Clone(world.Warnings)
	odd := 0
	for _, r := range world.Requests {
		if oddWeight(r) {
			odd++
		}
	}
	if odd > 0 {
		a.warnings = append(a.warnings, fmt.Sprintf("%d requests have a weight below 0 or above %d: it counts as 1", odd, int64(maxWeight)))
	}
	return a
}

// warningsNow are the warnings that a report made now must carry.
func (a *Analysis) warningsNow() []string {
	if a.saturated {
		return append(slices.Clone(a.warnings), saturationWarning)
	}
	return slices.Clone(a.warnings)
}

// offsets are what must be added to the clock of a domain. Nil is no offset.
type offsets map[string]int64

func (o offsets) at(domain string) int64 {
	if o == nil {
		return 0
	}
	return o[domain]
}
