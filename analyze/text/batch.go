package text

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pfptrace/pfptrace/analyze"
)

// maxMembers is how many members of a batch are listed at most.
const maxMembers = 64

// batch prints who was in a batch, in order of arrival, who held it open, and
// what its GPU time cost each. request, the one that was asked for, is marked;
// it is nil where the batch itself was asked for.
func (p *page) batch(b *analyze.BatchReport, request *analyze.RequestReport) {
	if request != nil {
		p.blank()
	}
	p.title("batch", batchName(b), part{})
	if b.Span != nil {
		p.phrases(plain("  "), say(b.Span.Origin.Service), say(b.Span.Name), say(timestamp(b.Span.Start)))
	}
	p.batchFacts(b)
	p.members(b, request)
	p.heldOpen(b)
	if len(b.Dangling) > 0 {
		p.wrapped(part{"  dangling ", notice}, plain(fmt.Sprintf("%s to traces that are not loaded: %s", count(len(b.Dangling), "link", "links"), p.ids(b.Dangling))))
	}
}

func batchName(b *analyze.BatchReport) string {
	if b.TraceID == "" {
		return b.Key
	}
	return b.TraceID
}

func (p *page) batchFacts(b *analyze.BatchReport) {
	size, formation, gpu := fmt.Sprintf("size %d", b.Size), "", ""
	if len(b.Fill) == 2 && b.Fill[1] > 0 {
		size += fmt.Sprintf(" of %d (%s full)", b.Fill[1], percentOf(b.Fill[0], b.Fill[1]))
	}
	if len(b.MemberArrivals) > 0 {
		formation = p.duration(b.Formation) + " from the first arrival to its close"
	}
	if b.GPUUnion > 0 {
		gpu = p.duration(b.GPUUnion) + " on the GPU"
		if b.GPUSum != b.GPUUnion {
			gpu += " (" + p.duration(b.GPUSum) + " summed over its spans)"
		}
	}
	members := fmt.Sprintf("%d linked, %d found", b.Linked, b.Resolved)
	if b.TraceID == "" {
		members = fmt.Sprintf("%s put together by what they share", count(b.Resolved, "request", "requests"))
	}
	p.phrases(plain("  "), say(size), say(members), say(closeWords(b.CloseReason)), say(formation), say(gpu))
}

// closeWords says why a batch was closed.
func closeWords(reason string) string {
	switch reason {
	case "", "unknown":
		return "why it closed is not known"
	case "full":
		return "closed because it was full"
	case "timeout":
		return "closed by the longest delay allowed"
	case "drain":
		return "closed because nothing more was waiting"
	case "preferred":
		return "closed at a preferred size"
	case "shape":
		return "closed because the next request's shape differs"
	case "custom":
		return "closed by a rule of its own"
	}
	return "closed by " + reason
}

func (p *page) members(b *analyze.BatchReport, request *analyze.RequestReport) {
	if len(b.MemberArrivals) == 0 {
		return
	}
	shown := b.MemberArrivals[:min(len(b.MemberArrivals), maxMembers)]
	first, last := arrivalSpan(b.MemberArrivals)
	s := p.scaleFor(max(last-first, b.GPUUnion))
	columns := []column{
		{title: "member", left: true},
		{title: "came at " + s.unit, drop: 2},
		{title: "waited"},
		{title: "others waited for it", drop: 3},
		{title: "GPU share", drop: 1},
		{title: p.set.tick + "collecting", flex: 10, drop: 4, most: 60},
		{left: true},
	}
	var rows [][]cell
	for _, m := range shown {
		note := ""
		if request != nil && m.TraceID == request.TraceID {
			note = p.set.mark
		}
		joined, held := m.Joined-first, m.Held
		rows = append(rows, []cell{
			text(short(m.TraceID)), text(s.number(m.Arrived - first)), text(s.number(held)), text(s.number(m.Blame)), text(s.number(b.AmortisedGPU[m.TraceID])),
			drawn(func(width int) []part {
				return p.span(joined, joined+held, last-first, width, groupStyle("batch_formation"))
			}),
			styled(note, bold),
		})
	}
	p.blank()
	p.table(columns, rows)
	if hidden := len(b.MemberArrivals) - len(shown); hidden > 0 {
		p.line(part{fmt.Sprintf("  and %s, all of them in -o json", count(hidden, "more member", "more members")), faint})
	}
}

// arrivalSpan is the time from the first arrival to the close.
func arrivalSpan(arrivals []analyze.MemberArrival) (first, last int64) {
	first, last = arrivals[0].Arrived, arrivals[0].Joined+arrivals[0].Held
	for _, m := range arrivals {
		first = min(first, m.Arrived)
		last = max(last, m.Joined+m.Held)
	}
	return first, last
}

// heldOpen says who kept the members waiting, the most to blame first.
func (p *page) heldOpen(b *analyze.BatchReport) {
	if b.HeldMember <= 0 || len(b.BlameMember) == 0 {
		return
	}
	type holder struct {
		name string
		ns   int64
	}
	var holders []holder
	for name, ns := range b.BlameMember {
		holders = append(holders, holder{name, ns})
	}
	slices.SortFunc(holders, func(x, y holder) int { return cmp.Or(cmp.Compare(y.ns, x.ns), cmp.Compare(x.name, y.name)) })
	var words []string
	for _, h := range holders[:min(len(holders), 3)] {
		who := "the wait for member " + short(h.name)
		if h.name == "policy" {
			who = "the batching policy, with nobody new coming"
		}
		words = append(words, fmt.Sprintf("%s (%s, %s)", who, p.duration(h.ns), percentOf(h.ns, b.HeldMember)))
	}
	if len(holders) > 3 {
		words = append(words, fmt.Sprintf("%d others", len(holders)-3))
	}
	p.wrapped(part{"  held open ", notice}, plain(fmt.Sprintf("%s of its members' time, by %s", p.duration(b.HeldMember), strings.Join(words, ", by "))))
}

// ids lists a few ids by their short forms and counts the rest.
func (p *page) ids(ids []string) string {
	const most = 8
	var shorts []string
	for _, id := range ids[:min(len(ids), most)] {
		shorts = append(shorts, short(id))
	}
	text := strings.Join(shorts, " ")
	if len(ids) > most {
		text += fmt.Sprintf(" and %d more", len(ids)-most)
	}
	return text
}
