package text

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/profile"
)

// Profiles prints the names of profiles and what they are about.
func Profiles(w io.Writer, profiles []*profile.Profile, o Options) error {
	p := newPage(o)
	var rows [][]cell
	for _, one := range profiles {
		rows = append(rows, []cell{styled(one.Name, bold), text(one.About)})
	}
	widest := 0
	for _, row := range rows {
		widest = max(widest, p.width(row[0].text))
	}
	for _, row := range rows {
		p.wrapped(part{p.left(row[0].text, widest+2), bold}, row[1].part)
	}
	return p.writeTo(w)
}

// Explain prints what profiles made of some traces: which rule fitted which
// spans, which spans none fitted, and how much of the requests' time stays
// unattributed. top is the report of all requests, grouped by profile.
func Explain(w io.Writer, e *profile.Explanation, top *analyze.TopReport, o Options) error {
	p := newPage(o)
	memberships := 0
	for _, batch := range e.World.Batches {
		memberships += len(batch.Members)
	}
	incomplete := ""
	if n := e.World.Incomplete; n > 0 {
		incomplete = count(n, "trace without its request", "traces without their request")
	}
	p.phrases(
		plain(""), phrase{{count(e.World.Spans, "span", "spans"), bold}}, say(count(len(e.World.Requests), "request", "requests")),
		say(count(len(e.World.Batches), "batch", "batches")), say(count(memberships, "membership", "memberships")),
		phrase{{incomplete, notice}},
	)
	p.unattributed(top)
	for _, use := range e.Profiles {
		p.profileUse(use)
	}
	p.unmatched(e)
	p.warnings(e.World.Warnings)
	return p.writeTo(w)
}

// unattributed says, for each profile, how much of its requests' time no
// evidence explains.
func (p *page) unattributed(top *analyze.TopReport) {
	for _, group := range top.Groups {
		share := 0.0
		for _, stage := range group.Stages {
			if stage.Stage == analyze.Unattributed.String() {
				share = stage.Share
			}
		}
		p.phrases(plain("  "), phrase{{group.Group, bold}}, say(count(group.E2E.Count, "request", "requests")), say(percent(share)+" of their time is unattributed"))
	}
}

func (p *page) profileUse(use profile.ProfileUse) {
	p.heading("profile "+use.Name, "in force in "+count(use.Traces, "trace", "traces"))
	columns := []column{
		{title: "rule", left: true},
		{title: "gives", left: true},
		{title: "spans"},
		{title: "skipped", drop: 1},
		{title: "such as", left: true, drop: 2},
	}
	var rows [][]cell
	for _, rule := range use.Rules {
		skipped := cell{}
		if rule.Skipped > 0 {
			skipped = styled(strconv.Itoa(rule.Skipped), notice)
		}
		rows = append(rows, []cell{
			text(rule.Name), text(strings.Join(rule.Roles, " ")), text(strconv.Itoa(rule.Spans)), skipped, text(strings.Join(rule.Examples, ", ")),
		})
	}
	p.table(columns, rows)
}

func (p *page) unmatched(e *profile.Explanation) {
	if len(e.Unmatched) == 0 {
		return
	}
	p.heading("no rule fits", "spans that no profile knows, by name")
	columns := []column{{title: "spans"}, {title: "name", left: true}, {title: "service", left: true, drop: 1}}
	var rows [][]cell
	for _, name := range e.Unmatched {
		rows = append(rows, []cell{text(strconv.Itoa(name.Spans)), text(name.Name), text(name.Service)})
	}
	p.table(columns, rows)
	if more := e.Distinct - len(e.Unmatched); more > 0 {
		p.line(part{fmt.Sprintf("  and %s", count(more, "more name", "more names")), faint})
	}
}
