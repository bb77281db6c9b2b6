package text

import (
	"io"
	"slices"
	"time"

	"github.com/pfptrace/pfptrace/analyze"
)

// Inspect prints where the time of one request went, or who was in a batch.
func Inspect(w io.Writer, r *analyze.InspectReport, o Options) error {
	p := newPage(o)
	if r.Request != nil {
		p.request(r)
	}
	for i := range r.Batches {
		p.batch(&r.Batches[i], r.Request)
	}
	p.skew(r.Skew)
	p.warnings(r.Warnings)
	return p.writeTo(w)
}

func (p *page) request(r *analyze.InspectReport) {
	q := r.Request
	p.title("request", q.TraceID, part{q.Status, statusStyle(q.Status)})
	profile, attempts := "", ""
	if q.Profile != "" {
		profile = "profile " + q.Profile
	}
	if q.Attempts > 1 {
		attempts = count(q.Attempts, tryWord(q), tryWord(q)+"s")
	}
	p.phrases(plain("  "), say(q.Service), say(q.Name), say(profile))
	p.phrases(plain("  "), say(timestamp(q.StartUnixNano)), say("e2e "+p.exact(q.E2E)), say(attempts))
	p.requestStages(q)
	p.accounting(q)
	p.waterfall(r)
	p.flags(q.Flags)
}

// tryWord is what the parts of a request's chain are called: steps where all
// of them did what they should, attempts where some failed.
func tryWord(q *analyze.RequestReport) string {
	if slices.Contains(q.Flags, "multi_stage") {
		return "step"
	}
	return "attempt"
}

// title names what is shown by its id, whole even on a narrow page.
func (p *page) title(what, id string, note part) {
	if p.width(what+" "+id+"  "+note.text) <= p.Width {
		p.line(part{what + " ", bold}, plain(id+"  "), note)
		return
	}
	p.line(part{what + " ", bold}, note)
	p.wrapped(plain("  "), plain(id))
}

func statusStyle(status string) style {
	if status == "ok" {
		return good
	}
	return alarm
}

func timestamp(unixNano int64) string {
	return time.Unix(0, unixNano).UTC().Format("2006-01-02 15:04:05.000000000 UTC")
}

// requestStages prints the stages that the request has, in their order, and
// their sum.
func (p *page) requestStages(q *analyze.RequestReport) {
	s := p.scaleFor(q.E2E)
	p.heading("stages", "")
	columns := []column{
		{title: "stage", left: true},
		{title: s.unit},
		{title: "share"},
		{title: "to first byte", drop: 1},
		{flex: 4, drop: 2, most: 60},
	}
	untilFirst := func(stages func(*analyze.TTFBReport) int64) string {
		if q.TTFB == nil {
			return ""
		}
		return s.number(stages(q.TTFB))
	}
	var rows [][]cell
	for stage := range analyze.NumStages {
		ns, name := q.Stages[stage], stage.String()
		if ns == 0 {
			continue
		}
		rows = append(rows, []cell{
			text(name), text(s.number(ns)), text(percentOf(ns, q.E2E)),
			text(untilFirst(func(t *analyze.TTFBReport) int64 { return t.Stages[stage] })),
			drawn(func(width int) []part { return p.bar(float64(ns)/float64(q.E2E), width, stageStyle(name)) }),
		})
	}
	p.table(columns, append(rows, bolded([]cell{
		text("total"), text(s.number(q.E2E)), text(percentOf(q.E2E, q.E2E)),
		text(untilFirst(func(t *analyze.TTFBReport) int64 { return t.E2E })), text(""),
	})))
}

// accounting prints what the partition left out or could not settle; nothing
// where there is nothing.
func (p *page) accounting(q *analyze.RequestReport) {
	facts := []struct {
		ns    int64
		words string
	}{
		{q.Wasted, "went to attempts that failed, and to waiting for the next one"},
		{q.Superseded, "of work went on in attempts that were already given up; not counted above"},
		{q.Contested, "could be in another stage: two things seem to happen at once"},
		{q.Early, "of evidence lies before the request's start or its attempt; cut off"},
		{q.Late, "of evidence lies after the answer; cut off"},
	}
	first := true
	for _, fact := range facts {
		if fact.ns == 0 {
			continue
		}
		if first {
			p.blank()
			first = false
		}
		p.wrapped(part{"  " + p.duration(fact.ns) + " ", notice}, plain(fact.words))
	}
	if len(q.OffPath) > 0 {
		p.wrapped(part{"  off the path ", notice}, plain("batches that worked for this request and did not hold up its answer: "+p.ids(q.OffPath)))
	}
}

func (p *page) flags(names []string) {
	if len(names) == 0 {
		return
	}
	p.heading("flags", "what to know before trusting the above")
	for _, name := range names {
		p.wrapped(part{"  " + name + "  ", notice}, plain(analyze.FlagWords(name)))
	}
}

func (p *page) skew(pairs []analyze.SkewReport) {
	if len(pairs) == 0 {
		return
	}
	p.heading("clocks", "what must be added to the second clock to read it on the first")
	largest := int64(0)
	for _, pair := range pairs {
		largest = max(largest, magnitude(pair.Lo), magnitude(pair.Hi))
	}
	s := p.scaleFor(largest)
	columns := []column{
		{title: "clocks", left: true},
		{title: "at least " + s.unit, drop: 1},
		{title: "at most " + s.unit, drop: 1},
		{title: "verdict", left: true},
	}
	var rows [][]cell
	for _, pair := range pairs {
		verdict, in := p.skewVerdict(pair)
		rows = append(rows, []cell{
			text(pair.From + " " + p.set.arrow + " " + pair.To), text(bound(s, pair.Lo)), text(bound(s, pair.Hi)), styled(verdict, in),
		})
	}
	p.table(columns, rows)
}

func magnitude(bound *int64) int64 {
	if bound == nil {
		return 0
	}
	return max(*bound, -(*bound + 1))
}

func bound(s scale, ns *int64) string {
	if ns == nil {
		return "-"
	}
	return s.number(*ns)
}

func (p *page) skewVerdict(pair analyze.SkewReport) (string, style) {
	switch pair.Verdict {
	case "consistent_with_zero":
		return "may agree", ""
	case "proved":
		return "at least " + p.duration(pair.MinCorrection) + " apart", notice
	case "inconsistent":
		return "no one offset fits", alarm
	}
	return pair.Verdict, ""
}

func (p *page) warnings(warnings []string) {
	if len(warnings) == 0 {
		return
	}
	p.blank()
	for _, warning := range warnings {
		p.wrapped(part{"warning: ", notice}, plain(warning))
	}
}
