package analyze

import (
	"cmp"
	"math"
	"slices"
)

// loadProfile follows arrivals and waiting through time, in windows of 50
// median batch times, for the verdict rules on bursts (method.md 2.8).
type loadProfile struct {
	start, width int64
	arrivals     []float64
	waits        []float64 // ns of queue_wait and gpu_queue in each window
	fullWaits    []int64   // difference array: how many waits cover a window whole
	clients      map[string][]callTime
}

type callTime struct{ start, end int64 }

const (
	batchTimesAWindow = 50
	maxLoadWindows    = 1 << 16 // a bogus timestamp must not ask for a window each 10 ms of 50 years
)

func newLoadProfile(window WindowReport, batches []batchMetrics) *loadProfile {
	p := &loadProfile{start: window.Start, clients: make(map[string][]callTime)}
	var times []int64
	for i := range batches {
		if batches[i].gpuUnion > 0 {
			times = append(times, batches[i].gpuUnion)
		}
	}
	length := window.End - window.Start
	if len(times) == 0 || length <= 0 {
		return p
	}
	slices.Sort(times)
	p.width = times[len(times)/2]
	if p.width > math.MaxInt64/batchTimesAWindow {
		return &loadProfile{start: window.Start, clients: p.clients}
	}
	p.width = max(p.width*batchTimesAWindow, length/maxLoadWindows+1)
	n := int((length + p.width - 1) / p.width)
	p.arrivals, p.waits, p.fullWaits = make([]float64, n), make([]float64, n), make([]int64, n+1)
	return p
}

// add counts a request's arrival and what it waited.
func (p *loadProfile) add(d *Decomposition) {
	r := d.Request
	if r.Client != "" {
		p.clients[r.Client] = append(p.clients[r.Client], callTime{r.Start, r.End})
	}
	if i := p.index(r.Start); i >= 0 {
		p.arrivals[i]++
	}
	for _, s := range d.Segments {
		if s.Stage == QueueWait || s.Stage == GPUQueue {
			p.addWait(r.Start+s.Start, r.Start+s.End)
		}
	}
}

// index returns the window that holds a time, or -1.
func (p *loadProfile) index(at int64) int {
	if p.width == 0 || at < p.start {
		return -1
	}
	if i := (at - p.start) / p.width; i < int64(len(p.arrivals)) {
		return int(i)
	}
	return -1
}

// addWait spreads a wait over the windows that it touches.
func (p *loadProfile) addWait(start, end int64) {
	first, last := p.index(start), p.index(end-1)
	if first < 0 || last < 0 || end <= start {
		return
	}
	if first == last {
		p.waits[first] += float64(end - start)
		return
	}
	p.waits[first] += float64(p.start + int64(first+1)*p.width - start)
	p.waits[last] += float64(end - p.start - int64(last)*p.width)
	p.fullWaits[first+1]++
	p.fullWaits[last]--
}

// saturation is the share of waiting that lies in windows whose devices are
// busy for 95 % or more; busy holds their mean busy fraction.
func (p *loadProfile) saturation(busy []float64) float64 {
	whole, saturated, covering := 0.0, 0.0, int64(0)
	for i := range p.waits {
		covering += p.fullWaits[i]
		wait := p.waits[i] + float64(covering)*float64(p.width)
		whole += wait
		if busy[i] >= 0.95 {
			saturated += wait
		}
	}
	if whole == 0 {
		return 0
	}
	return saturated / whole
}

// dispersion is the variance over the mean of arrivals a window: 1 for Poisson
// arrivals, more for bursts. The last window is mostly cut and left out.
func (p *loadProfile) dispersion() float64 {
	n := len(p.arrivals) - 1
	if n < 2 {
		return 0
	}
	sum, squares := 0.0, 0.0
	for _, x := range p.arrivals[:n] {
		sum += x
		squares += x * x
	}
	mean := sum / float64(n)
	if mean == 0 {
		return 0
	}
	return (squares/float64(n) - mean*mean) / mean
}

// busyFractions is the mean over the devices of their busy share, by window.
func (p *loadProfile) busyFractions(index deviceIndex, end int64) []float64 {
	busy := make([]float64, len(p.arrivals))
	for _, timeline := range index {
		at := int64(math.MinInt64)
		for _, w := range timeline.work {
			start, stop := max(w.Start, at, p.start), min(w.End, end)
			for start < stop {
				i := p.index(start)
				if i < 0 {
					break
				}
				until := min(stop, plus(p.start, times(int64(i+1), p.width)))
				busy[i] += float64(until - start)
				start = until
			}
			at = max(at, w.End)
		}
	}
	for i := range busy {
		length := min(p.width, end-p.start-int64(i)*p.width)
		busy[i] /= float64(length) * float64(max(1, len(index)))
	}
	return busy
}

// overlaps compares how often a client's next request starts before its last
// one ended with how often it would if it sent at random at the same rate: far
// fewer means that clients wait for their answers (method.md 2.8).
func (p *loadProfile) overlaps(window int64) (observed, expected float64) {
	if window <= 0 {
		return 0, 0
	}
	for _, calls := range p.clients {
		slices.SortFunc(calls, func(x, y callTime) int { return cmp.Compare(x.start, y.start) })
		rate := float64(len(calls)) / float64(window)
		for i := range len(calls) - 1 {
			if calls[i+1].start < calls[i].end {
				observed++
			}
			expected += 1 - math.Exp(-rate*float64(calls[i].end-calls[i].start))
		}
	}
	return observed, expected
}
