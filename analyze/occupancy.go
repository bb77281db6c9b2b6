package analyze

import (
	"cmp"
	"slices"

	"github.com/pfptrace/pfptrace/analyze/role"
)

// deviceClass is what a device is doing, or waiting for, at a moment. The most
// downstream thing present counts: the smaller number wins.
type deviceClass uint8

const (
	classBusy     deviceClass = iota // a GPU span is on it
	classHost                        // a batch is in the server, before or between its GPU spans
	classTransfer                    // a batch is on its way to the server
	classForming                     // a batch is being collected and has a member
	classConsumer                    // work waits and no consumer collects
	classStarved                     // nothing is there to be done
	numClasses
)

// occupancy gives every ns of a device in [from,to) to one class (method.md
// 2.7): the classes sum to the window exactly.
type occupancy [numClasses]int64

// change is a point at which something begins (+1) or ends (-1) to be present.
type change struct {
	at    int64
	class deviceClass
	by    int8
}

// occupancies classifies the time of each device that a batch names.
func occupancies(batches []batchMetrics, from, to int64) map[device]*occupancy {
	changes := make(map[device][]change)
	for i := range batches {
		batches[i].addPresence(changes)
	}
	out := make(map[device]*occupancy, len(changes))
	for key, list := range changes {
		out[key] = classify(list, from, to)
	}
	return out
}

// addPresence says when a batch was where, to each device that it ran on.
// "Before its first GPU span" and "between its GPU spans" mean those on that
// device: a batch that has moved on to another device keeps this one from
// nobody.
func (m *batchMetrics) addPresence(changes map[device][]change) {
	f := m.facts
	type extent struct{ first, last int64 }
	extents := make(map[device]extent, 1)
	for _, g := range f.gpu {
		if g.Device == "" {
			continue
		}
		key := device{g.Domain, g.Device}
		e, seen := extents[key]
		if !seen {
			e = extent{g.start, g.end}
		}
		extents[key] = extent{min(e.first, g.start), max(e.last, g.end)}
		changes[key] = appendStretch(changes[key], classBusy, g.start, g.end)
	}
	for key, e := range extents {
		list := changes[key]
		if f.hasServer {
			list = appendStretch(list, classHost, f.s0, e.first)
			list = appendStretch(list, classTransfer, f.close, f.s0)
		}
		list = appendStretch(list, classHost, e.first, e.last)
		if len(m.arrivals) > 0 {
			first := m.arrivals[0]
			list = appendStretch(list, classForming, first.joined, f.close)
			list = appendStretch(list, classConsumer, first.at, first.joined)
		}
		changes[key] = list
	}
}

func appendStretch(list []change, class deviceClass, start, end int64) []change {
	if start >= end {
		return list
	}
	return append(list, change{start, class, 1}, change{end, class, -1})
}

func classify(list []change, from, to int64) *occupancy {
	slices.SortFunc(list, func(x, y change) int { return cmp.Compare(x.at, y.at) })
	var out occupancy
	var present [numClasses]int
	at := from
	for _, c := range list {
		if until := min(c.at, to); until > at {
			out[current(&present)] += until - at
			at = until
		}
		present[c.class] += int(c.by)
	}
	if to > at {
		out[current(&present)] += to - at
	}
	return &out
}

func current(present *[numClasses]int) deviceClass {
	for class := range classStarved {
		if present[class] > 0 {
			return class
		}
	}
	return classStarved
}

// deviceReports lists the devices by (host, name).
func deviceReports(byDevice map[device]*occupancy, window int64) []DeviceReport {
	var out []DeviceReport
	for key, o := range byDevice {
		out = append(out, DeviceReport{
			Device: key.name, Host: key.domain, Window: window, Busy: o[classBusy], HostWait: o[classHost], Transfer: o[classTransfer],
			Forming: o[classForming], Consumer: o[classConsumer], Starved: o[classStarved],
		})
	}
	slices.SortFunc(out, func(x, y DeviceReport) int {
		return cmp.Or(cmp.Compare(x.Host, y.Host), cmp.Compare(x.Device, y.Device))
	})
	return out
}

// measureImplicit returns the metrics of an implicit batch that ran on a named
// device, so that the device's time can be classified.
func (a *Analysis) measureImplicit(r *role.RequestInfo) (batchMetrics, bool) {
	b := r.Implicit
	if b == nil || !slices.ContainsFunc(b.GPU, func(g *role.Interval) bool { return g.Device != "" }) {
		return batchMetrics{}, false
	}
	m := batchMetrics{batch: b, facts: a.factsOf(b, a.offsetsFor(r))}
	a.scratch.attempts = a.attempts(r, m.facts.shift, a.scratch.attempts[:0])
	for i := range a.scratch.attempts {
		t := &a.scratch.attempts[i]
		if t.facts != nil && t.facts.batch == b && t.queue != nil {
			m.arrivals = joinAt([]arrival{{request: r, at: t.q0}}, m.facts)
		}
	}
	return m, true
}
