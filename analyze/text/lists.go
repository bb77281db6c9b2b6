package text

import (
	"strconv"
	"strings"

	"github.com/pfptrace/pfptrace/analyze"
)

// groups prints one line a group, its time as a bar of the six groups of
// stages.
func (p *page) groups(r *analyze.TopReport) {
	if len(r.Groups) == 0 {
		return
	}
	p.heading("groups", "")
	s := p.scaleFor(r.E2E.Max)
	columns := []column{
		{title: "group", left: true},
		{title: "requests", drop: 1},
		{title: "mean " + s.unit},
		{title: "p50", drop: 3},
		{title: "p99", drop: 2},
		{title: "max", drop: 5},
		{title: "where the time went", flex: 8, drop: 4, most: 60},
	}
	var rows [][]cell
	for _, group := range r.Groups {
		pieces := groupPieces(rollupOf(group))
		rows = append(rows, []cell{
			text(group.Group), text(strconv.Itoa(group.E2E.Count)), text(s.number(group.E2E.Mean)), text(s.number(group.E2E.P50)),
			text(s.number(group.E2E.P99)), text(s.number(group.E2E.Max)),
			drawn(func(width int) []part { return p.stacked(pieces, width) }),
		})
	}
	p.table(columns, rows)
}

// rollupOf sums the shares of a group's stages into the six groups of stages.
func rollupOf(group analyze.GroupReport) []analyze.StageReport {
	var out []analyze.StageReport
	for _, rollup := range analyze.Rollups() {
		sum := analyze.StageReport{Stage: rollup.Name}
		for _, stage := range group.Stages {
			if groupOf(stage.Stage) == rollup.Name {
				sum.Share += stage.Share
			}
		}
		out = append(out, sum)
	}
	return out
}

// slowest lists requests, with as much of the trace id as the width allows; 16
// digits are enough to inspect one.
func (p *page) slowest(r *analyze.TopReport) {
	if len(r.Slowest) == 0 {
		return
	}
	p.heading("slowest", "inspect one by its trace id")
	s := p.scaleFor(r.Slowest[0].E2E)
	digits := 32
	if p.Width < DefaultWidth {
		digits = 16
	}
	columns := []column{
		{title: "trace id", left: true},
		{title: "e2e " + s.unit},
		{title: "most of it in", left: true},
		{title: "", drop: 1},
		{title: "service", left: true, drop: 2},
		{title: "name", left: true, drop: 3},
		{title: "status", left: true, drop: 4},
		{title: "flags", left: true, drop: 5},
	}
	var rows [][]cell
	for _, q := range r.Slowest {
		stage, ns := largestStage(q.Stages)
		rows = append(rows, []cell{
			text(q.TraceID[:min(len(q.TraceID), digits)]), text(s.number(q.E2E)),
			styled(stage, stageStyle(stage)), text(percentOf(ns, q.E2E)),
			text(q.Service), text(q.Name), styled(q.Status, statusStyle(q.Status)), text(strings.Join(q.Flags, " ")),
		})
	}
	p.table(columns, rows)
}

// largestStage returns the stage that took the most, the first of equals.
func largestStage(stages analyze.StageMap) (name string, ns int64) {
	best := analyze.Stage(0)
	for stage := range analyze.NumStages {
		if stages[stage] > stages[best] {
			best = stage
		}
	}
	return best.String(), stages[best]
}
