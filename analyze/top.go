package analyze

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
	"strconv"

	"github.com/pfptrace/pfptrace/analyze/role"
)

// maxGroups is how many groups a breakdown shows; the rest are one, "other".
const maxGroups = 256

// TopQuery says which requests a report is about, and what it lists beside the
// breakdown. The zero query is about all.
type TopQuery struct {
	Start, End int64 // unix ns: requests that end in [Start,End), devices within it; both 0: all that is loaded
	Filter     *Filter
	GroupBy    string // service, profile, batch-size, or an attribute of the request's span; "" for no groups
	Slowest    int    // how many of the slowest requests to list
}

func (q *TopQuery) bounded() bool { return q.Start != 0 || q.End != 0 }

func (q *TopQuery) covers(end int64) bool {
	return !q.bounded() || end >= q.Start && end < q.End
}

// topBuilder collects one report.
type topBuilder struct {
	analysis *Analysis
	query    TopQuery
	window   WindowReport
	whole    *breakdown
	groups   map[string]*breakdown
	crowded  int // requests in "other" because there are too many groups
	slowest  slowHeap
	requests int
	batches  []batchMetrics // that end in the window, with a span or joined
	onDevice []batchMetrics // all that can have run on a device, whatever the window and the filter
	selected map[*role.RequestInfo]bool
	load     *loadProfile
	missing  int // requests whose batch is not loaded
}

// Top says where the time of the requests in the window went.
func (a *Analysis) Top(q TopQuery) *TopReport {
	b := &topBuilder{analysis: a, query: q, whole: newBreakdown(), window: WindowReport{a.world.Start, a.world.End}}
	if q.bounded() {
		b.window = WindowReport{q.Start, q.End}
	}
	if q.GroupBy != "" {
		b.groups = make(map[string]*breakdown)
	}
	if q.Filter != nil {
		b.selected = make(map[*role.RequestInfo]bool)
	}
	b.addBatches()
	b.load = newLoadProfile(b.window, b.batches)
	for _, r := range a.world.Requests {
		if m, ok := a.measureImplicit(r); ok {
			b.onDevice = append(b.onDevice, m)
		}
		if q.covers(r.End) {
			b.addRequest(r)
		}
	}
	return b.report()
}

func (b *topBuilder) addBatches() {
	for _, batch := range b.analysis.world.Batches {
		m := b.analysis.measureBatch(batch)
		if b.query.covers(batch.End) {
			b.batches = append(b.batches, m)
		}
		if batch.Span != nil { // a joined batch only repeats its members' spans
			b.onDevice = append(b.onDevice, m)
		}
	}
}

func (b *topBuilder) addRequest(r *role.RequestInfo) {
	d := b.analysis.Decompose(r)
	row := Row{Request: r, E2E: d.E2E, Stages: d.Stages, Flags: d.Flags, Attempts: max(1, d.Attempts), BatchSize: answeringSize(&d)}
	if b.query.Filter != nil {
		if !b.query.Filter.Match(&row) {
			return
		}
		b.selected[r] = true
	}
	b.requests++
	b.whole.add(row.E2E, &row.Stages)
	if b.groups != nil {
		b.group(&row).add(row.E2E, &row.Stages)
	}
	if d.Flags&(MissingBatch|NoBatch) != 0 {
		b.missing++
	}
	b.load.add(&d)
	b.offer(&row)
}

// answeringSize is the size of the batch that gave the answer, 0 without one.
func answeringSize(d *Decomposition) int64 {
	if len(d.Chain) == 0 {
		return 0
	}
	last := d.Chain[len(d.Chain)-1]
	if !last.Implicit {
		return sizeOf(last)
	}
	if joined := d.Request.Joined; len(joined) > 0 {
		return sizeOf(joined[len(joined)-1])
	}
	return 1
}

func (b *topBuilder) group(row *Row) *breakdown {
	key := b.groupKey(row)
	if found, ok := b.groups[key]; ok {
		return found
	}
	if len(b.groups) >= maxGroups {
		b.crowded++
		key = "other"
		if found, ok := b.groups[key]; ok {
			return found
		}
	}
	b.groups[key] = newBreakdown()
	return b.groups[key]
}

func (b *topBuilder) groupKey(row *Row) string {
	switch b.query.GroupBy {
	case "service":
		return row.Request.Service
	case "profile":
		return row.Request.Profile
	case "batch-size":
		return strconv.FormatInt(row.BatchSize, 10)
	}
	value, ok := row.attr(b.query.GroupBy)
	if !ok {
		return ""
	}
	return value.Text()
}

// slowHeap keeps the slowest requests, the least slow of them on top.
type slowHeap []Row

func (h slowHeap) Len() int           { return len(h) }
func (h slowHeap) Less(i, j int) bool { return slower(&h[j], &h[i]) < 0 }
func (h slowHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *slowHeap) Push(x any)        { *h = append(*h, x.(Row)) }
func (h *slowHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

// slower orders rows, the slowest first, then by start and id.
func slower(x, y *Row) int {
	return cmp.Or(cmp.Compare(y.E2E, x.E2E), cmp.Compare(x.Request.Start, y.Request.Start),
		x.Request.Trace.Compare(y.Request.Trace), compareSpans(x.Request.Span, y.Request.Span))
}

func (b *topBuilder) offer(row *Row) {
	switch n := b.query.Slowest; {
	case n == 0:
	case len(b.slowest) < n:
		heap.Push(&b.slowest, *row)
	case slower(row, &b.slowest[0]) < 0:
		b.slowest[0] = *row
		heap.Fix(&b.slowest, 0)
	}
}

func (b *topBuilder) report() *TopReport {
	world := b.analysis.world
	b.keepSelected()
	window := b.window.End - b.window.Start
	devices := occupancies(b.onDevice, b.window.Start, b.window.End)
	out := &TopReport{
		Schema: SchemaTop, Window: b.window, Spans: world.Spans, Requests: b.requests, Batches: len(b.batches), Incomplete: world.Incomplete,
		E2E: b.whole.e2e.report(), Stages: b.whole.stageReports(), Rollup: b.whole.rollupReports(), Batch: summarise(b.batches),
		Devices: deviceReports(devices, window), Links: linksReport(&world.Links), Profiles: b.analysis.profiles(),
		Warnings: b.analysis.warningsNow(),
	}
	out.Verdict = b.verdict(devices, window)
	slices.SortFunc(b.slowest, func(x, y Row) int { return slower(&x, &y) })
	for i := range b.slowest {
		out.Slowest = append(out.Slowest, b.slowest[i].report())
	}
	out.Groups = b.groupReports()
	if !b.whole.exact() {
		out.Warnings = append(out.Warnings, fmt.Sprintf("quantiles are from a histogram (relative error at most 1 %%): more than %d values", exactLimit))
	}
	if n := closedEarly(b.batches); n > 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%d batches closed before their first member was queued (clocks differ): their formation counts as 0", n))
	}
	if b.crowded > 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%d requests are in the group \"other\": there are more than %d groups", b.crowded, maxGroups))
	}
	return out
}

// keepSelected drops batches without a request that the filter let through.
func (b *topBuilder) keepSelected() {
	if b.selected == nil {
		return
	}
	b.batches = slices.DeleteFunc(b.batches, func(m batchMetrics) bool {
		return !slices.ContainsFunc(m.batch.Members, func(member *role.Membership) bool { return b.selected[member.Request] })
	})
}

func (b *topBuilder) groupReports() (out []GroupReport) {
	for key, group := range b.groups {
		out = append(out, GroupReport{Group: key, E2E: group.e2e.report(), Stages: group.stageReports()})
	}
	slices.SortFunc(out, func(x, y GroupReport) int {
		return cmp.Or(cmp.Compare(y.E2E.Total.Float(), x.E2E.Total.Float()), cmp.Compare(x.Group, y.Group))
	})
	return out
}

func (row *Row) report() SlowRequest {
	r := row.Request
	return SlowRequest{
		TraceID: r.Trace.String(), SpanID: r.Span.ID.String(), Service: r.Service, Name: r.Span.Name, Status: r.Status.String(),
		Start: r.Start, E2E: row.E2E, Stages: row.Stages, Flags: row.Flags.Names(),
	}
}

// closedEarly counts the batches whose formation would be negative.
func closedEarly(batches []batchMetrics) (n int) {
	for i := range batches {
		if batches[i].formation < 0 {
			n++
		}
	}
	return n
}

// summarise is about all batches; formation only counts those with a member.
func summarise(batches []batchMetrics) BatchSummary {
	var sizes, formation, gpu distribution
	var filled, room Sum
	out := BatchSummary{Count: len(batches)}
	for i := range batches {
		m := &batches[i]
		sizes.add(m.size)
		gpu.add(m.gpuUnion)
		if len(m.arrivals) > 0 {
			formation.add(max(0, m.formation))
		}
		if m.batch.MaxSize > 0 {
			filled.Add(m.size)
			room.Add(m.batch.MaxSize)
		}
		if out.CloseReasons == nil {
			out.CloseReasons = make(map[string]int)
		}
		out.CloseReasons[m.closeReason]++
	}
	out.Size = sizes.sizes()
	if room.Float() > 0 {
		ratio := filled.Float() / room.Float()
		out.FillRatio = &ratio
	}
	if formation.count > 0 {
		report := formation.report()
		out.Formation = &report
	}
	if gpu.count > 0 {
		report := gpu.report()
		out.GPU = &report
	}
	return out
}

func linksReport(c *role.LinkCounts) LinksReport {
	out := LinksReport{
		Live: c.ByClass[role.Live], TraceOnly: c.ByClass[role.TraceOnly], DanglingUnsampled: c.ByClass[role.DanglingUnsampled],
		DanglingLost: c.ByClass[role.DanglingLost], DanglingUnknown: c.ByClass[role.DanglingUnknown], Invalid: c.ByClass[role.Invalid],
		Truncated: c.Truncated,
	}
	for _, n := range c.ByClass {
		out.Total += n
	}
	return out
}
