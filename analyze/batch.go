package analyze

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// closeTolerance is how far from its cause a batch may close and still be
// ascribed to it (method.md 2.7).
const closeTolerance = 1e6 // ns

// arrival is a member that counts: one whose attempt in the batch has a queue
// span.
type arrival struct {
	request *role.RequestInfo
	at      int64 // Q0
	joined  int64 // a*: max(Q0, open); not cut at close, so that skew shows
}

// batchMetrics are what method.md 2.7 says of one batch. Times in ns.
type batchMetrics struct {
	batch       *role.BatchInfo
	facts       *batchFacts
	arrivals    []arrival // by (Q0, trace id)
	size        int64
	closeReason string
	formation   int64 // close - first Q0; only with arrivals
	held        int64 // sum over members of close - a*
	policy      int64 // what all members waited after the last had joined
	blame       []int64
	gpuUnion    int64
	gpuSum      int64
}

// measureBatch computes a batch's metrics. Offsets come from the bucket of the
// first member.
func (a *Analysis) measureBatch(b *role.BatchInfo) batchMetrics {
	var shift offsets
	if len(b.Members) > 0 {
		shift = a.offsetsFor(b.Members[0].Request)
	}
	m := batchMetrics{batch: b, facts: a.factsOf(b, shift)}
	m.arrivals = joinAt(a.arrivals[b], m.facts)
	m.size = sizeOf(b)
	m.closeReason = m.reason()
	m.setBlame()
	stretches := make([]span64, len(m.facts.gpu))
	for i, g := range m.facts.gpu {
		stretches[i] = span64{g.start, max(g.start, g.end)}
		m.gpuSum = plus(m.gpuSum, stretches[i].end-stretches[i].start)
	}
	m.gpuUnion = measure(stretches)
	a.saturated = a.saturated || saturated(m.gpuSum, m.held, m.policy) || saturated(m.blame...)
	return m
}

// sizeOf is what the batch says of its size, else its links with those dropped,
// else (no span of its own) how many requests the join found.
func sizeOf(b *role.BatchInfo) int64 {
	switch {
	case b.Size > 0:
		return b.Size
	case b.Span == nil:
		return int64(len(b.Members))
	}
	return int64(b.Links) + b.DroppedLinks
}

// collectArrivals lists, for every batch, the members that count, by (Q0, trace
// id). It goes through the requests, once: a batch that asked each member for
// its attempts would cost the square of the steps of a long LLM answer.
func (a *Analysis) collectArrivals() map[*role.BatchInfo][]arrival {
	out := make(map[*role.BatchInfo][]arrival, len(a.world.Batches))
	add := func(b *role.BatchInfo, r *role.RequestInfo, q0 int64) {
		list := out[b]
		if n := len(list); n > 0 && list[n-1].request == r { // several attempts: the smallest Q0
			list[n-1].at = min(list[n-1].at, q0)
			return
		}
		out[b] = append(list, arrival{request: r, at: q0})
	}
	for _, r := range a.world.Requests {
		a.scratch.attempts = a.attempts(r, a.offsetsFor(r), a.scratch.attempts[:0])
		for i := range a.scratch.attempts {
			switch t := &a.scratch.attempts[i]; {
			case t.facts == nil || t.queue == nil:
			case !t.facts.batch.Implicit:
				add(t.facts.batch, r, t.q0)
			default: // a joined batch has no attempt of its own: its members' are in their implicit batches
				for _, joined := range r.Joined {
					add(joined, r, t.q0)
				}
			}
		}
	}
	for _, list := range out {
		slices.SortFunc(list, func(x, y arrival) int {
			return cmp.Or(cmp.Compare(x.at, y.at), x.request.Trace.Compare(y.request.Trace), compareSpans(x.request.Span, y.request.Span))
		})
	}
	return out
}

// joinAt says when each arrival could join: when it came, or when the consumer
// began to collect.
func joinAt(arrivals []arrival, f *batchFacts) []arrival {
	joined := slices.Clone(arrivals)
	for i := range joined {
		joined[i].joined = joined[i].at
		if f.hasOpen {
			joined[i].joined = max(joined[i].at, f.open)
		}
	}
	return joined
}

// reason is what the batch says closed it, else the first of full, timeout and
// drain that fits.
func (m *batchMetrics) reason() string {
	b, closed := m.batch, m.facts.close
	switch {
	case b.CloseReason != "":
		return b.CloseReason
	case b.MaxSize > 0 && m.size == b.MaxSize:
		return "full"
	case len(m.arrivals) == 0:
		return "unknown"
	case b.MaxDelay > 0 && abs(closed-m.arrivals[0].joined-b.MaxDelay) <= closeTolerance:
		return "timeout"
	case b.MaxSize > 0 && m.size < b.MaxSize && closed-m.arrivals[len(m.arrivals)-1].joined <= closeTolerance:
		return "drain"
	}
	return "unknown"
}

func abs(x int64) int64 {
	if x < 0 {
		return -x
	}
	return x
}

// setBlame finds who held the batch open: while i members wait for the next to
// join, that next one is to blame for i times the wait; after the last, the
// policy is. The blame sums to what the members were held.
func (m *batchMetrics) setBlame() {
	n := len(m.arrivals)
	if n == 0 {
		return
	}
	m.formation = m.facts.close - m.arrivals[0].at
	m.blame = make([]int64, n)
	for i, arrival := range m.arrivals {
		m.held = plus(m.held, m.facts.close-arrival.joined)
		if i > 0 {
			m.blame[i] = times(int64(i), arrival.joined-m.arrivals[i-1].joined)
		}
	}
	m.policy = times(int64(n), m.facts.close-m.arrivals[n-1].joined)
}

// maxWeight is above every size of a real request (atoms, tokens, pixels), and
// small enough that the weights of a batch cannot overflow when added.
const maxWeight = 1 << 40

// weightOf is a request's size; 1 where it gives none, or an impossible one.
func weightOf(r *role.RequestInfo) int64 {
	if !r.HasWeight || oddWeight(r) {
		return 1
	}
	return r.Weight
}

func oddWeight(r *role.RequestInfo) bool {
	return r.HasWeight && (r.Weight < 0 || r.Weight > maxWeight)
}

// shares splits the batch's GPU time among the members that count by weight, in
// integers by largest remainder, ties by trace id. Where the batch says that it
// weighed more than what is visible, only the visible part is handed out
// (invariant I17).
func (m *batchMetrics) shares() []int64 {
	visible := uint64(0)
	for _, arrival := range m.arrivals {
		visible += uint64(weightOf(arrival.request))
	}
	whole := max(visible, uint64(max(0, m.batch.Weight)))
	shares := make([]int64, len(m.arrivals))
	if whole == 0 {
		return shares
	}
	remainders := make([]uint64, len(shares))
	target, _ := mulDiv(uint64(m.gpuUnion), visible, whole)
	left := int64(target)
	for i, arrival := range m.arrivals {
		share, remainder := mulDiv(uint64(m.gpuUnion), uint64(weightOf(arrival.request)), whole)
		shares[i], remainders[i] = int64(share), remainder
		left -= shares[i]
	}
	order := make([]int, len(shares))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int {
		return cmp.Or(cmp.Compare(remainders[y], remainders[x]), m.arrivals[x].request.Trace.Compare(m.arrivals[y].request.Trace))
	})
	for _, i := range order[:min(int64(len(order)), left)] {
		shares[i]++
	}
	return shares
}

// mulDiv returns x*y/z and its remainder without overflow; y <= z.
func mulDiv(x, y, z uint64) (quotient, remainder uint64) {
	hi, lo := bits.Mul64(x, y)
	return bits.Div64(hi, lo, z)
}

// report is the batch as printers show it.
func (m *batchMetrics) report() BatchReport {
	b := m.batch
	out := BatchReport{
		Span: b.Span, Key: b.Key, Linked: b.Links, Resolved: len(m.arrivals), Size: m.size, CloseReason: m.closeReason,
		Formation: m.formation, HeldMember: m.held, GPUUnion: m.gpuUnion, GPUSum: m.gpuSum, OccupancyGPU: m.gpuUnion,
		Dangling: make([]string, 0, len(b.Dangling)), Members: make([]string, 0, len(m.arrivals)),
	}
	if b.Span != nil {
		out.TraceID, out.SpanID = b.Trace.String(), b.Span.ID.String()
	}
	if b.MaxSize > 0 {
		out.Fill = []int64{m.size, b.MaxSize}
	}
	for _, id := range b.Dangling {
		out.Dangling = append(out.Dangling, id.String())
	}
	if len(m.arrivals) == 0 {
		return out
	}
	out.FirstArrival = m.arrivals[0].request.Trace.String()
	out.LastArrival = m.arrivals[len(m.arrivals)-1].request.Trace.String()
	out.BlameMember, out.AmortisedGPU = map[string]int64{}, map[string]int64{}
	addNonZero(out.BlameMember, "policy", m.policy)
	shares := m.shares()
	for i, arrival := range m.arrivals {
		id := arrival.request.Trace.String()
		out.Members = append(out.Members, id)
		addNonZero(out.BlameMember, id, m.blame[i])
		out.AmortisedGPU[id] += shares[i]
		out.MemberArrivals = append(out.MemberArrivals, MemberArrival{
			TraceID: id, Arrived: arrival.at, Joined: arrival.joined, Held: m.facts.close - arrival.joined, Blame: m.blame[i],
			Weight: weightOf(arrival.request),
		})
	}
	return out
}

func addNonZero(m map[string]int64, key string, ns int64) {
	if ns != 0 {
		m[key] = plus(m[key], ns)
	}
}

// idTexts returns ids as text.
func idTexts(batches []*role.BatchInfo) (texts []string) {
	for _, b := range batches {
		texts = append(texts, b.Trace.String())
	}
	return texts
}

func spanIDText(s *model.Span) (trace, span string) {
	if s == nil {
		return "", ""
	}
	return s.Trace.String(), s.ID.String()
}
