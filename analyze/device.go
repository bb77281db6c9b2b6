package analyze

import (
	"cmp"
	"slices"

	"github.com/pfptrace/pfptrace/analyze/role"
)

// device is a GPU: a name is unique only inside its host's clock domain.
type device struct{ domain, name string }

// deviceWork is one GPU interval on a device, and whose it is.
type deviceWork struct {
	role.Part
	batch *role.BatchInfo
}

// deviceIndex holds each device's work by start, with the latest end so far, so
// that the work that overlaps a stretch is found without a walk over all.
type deviceIndex map[device]*deviceTimeline

type deviceTimeline struct {
	work   []deviceWork
	maxEnd []int64 // of work[:i+1]
}

func indexDevices(world *role.World) deviceIndex {
	index := make(deviceIndex)
	add := func(b *role.BatchInfo) {
		for _, g := range b.GPU {
			if g.Device == "" || g.Start >= g.End {
				continue
			}
			key := device{g.Domain, g.Device}
			if index[key] == nil {
				index[key] = &deviceTimeline{}
			}
			index[key].work = append(index[key].work, deviceWork{role.Part{Start: g.Start, End: g.End}, b})
		}
	}
	for _, b := range world.Batches {
		if b.Span != nil {
			add(b)
		}
	}
	for _, r := range world.Requests {
		if r.Implicit != nil {
			add(r.Implicit)
		}
	}
	for _, timeline := range index {
		timeline.seal()
	}
	return index
}

func (t *deviceTimeline) seal() {
	slices.SortStableFunc(t.work, func(x, y deviceWork) int {
		return cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(x.End, y.End))
	})
	t.maxEnd = make([]int64, len(t.work))
	for i, w := range t.work {
		t.maxEnd[i] = w.End
		if i > 0 {
			t.maxEnd[i] = max(w.End, t.maxEnd[i-1])
		}
	}
}

// othersBusy returns when batches other than f's own had the device of f's
// first GPU span, within [from,to), as disjoint stretches in order. GPU spans
// without a device give none.
func (d deviceIndex) othersBusy(f *batchFacts, from, to int64) []role.Part {
	timeline := d[device{f.gpu[0].Domain, f.gpu[0].Device}]
	if timeline == nil || from >= to {
		return nil
	}
	by := f.shift.at(f.gpu[0].Domain)
	from, to = from-by, to-by
	first, _ := slices.BinarySearchFunc(timeline.maxEnd, from, func(end, at int64) int { return cmp.Compare(end, at+1) })
	var out []role.Part
	for _, w := range timeline.work[first:] {
		if w.Start >= to {
			break
		}
		if w.End <= from || f.owns(w.batch) {
			continue
		}
		start, end := max(w.Start, from)+by, min(w.End, to)+by
		if n := len(out); n > 0 && start <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, end)
			continue
		}
		out = append(out, role.Part{Start: start, End: end})
	}
	return out
}
