package text

import (
	"fmt"
	"strings"

	"github.com/pfptrace/pfptrace/analyze"
)

// maxSegments is how many rows a waterfall has at most.
const maxSegments = 200

// waterfall prints the segments in the order of time, each in its place on one
// axis. A line of its own says where the way leads into another trace: from the
// request into its batch, and back.
func (p *page) waterfall(r *analyze.InspectReport) {
	q := r.Request
	s := p.scaleFor(q.E2E)
	shown := q.Segments[:min(len(q.Segments), maxSegments)]
	rows := p.waterfallRows(r, shown, s)
	columns := []column{
		{left: true},
		{title: s.unit},
		{flex: 8, most: 140},
		{title: "seen in", left: true, drop: 1},
	}
	if p.Width < 72 {
		columns = columns[:3] // the drawing needs the room
	}
	widths := p.fitColumns(columns, rows)
	columns[2].title = p.axis(q.E2E, widths[2], s)
	p.heading("timeline", "where each nanosecond went, across traces")
	p.table(columns, rows)
	if hidden := len(q.Segments) - len(shown); hidden > 0 {
		p.line(part{fmt.Sprintf("  and %s, all of them in -o json", count(hidden, "more segment", "more segments")), faint})
	}
}

func (p *page) waterfallRows(r *analyze.InspectReport, segments []analyze.SegmentReport, s scale) [][]cell {
	q := r.Request
	var rows [][]cell
	trace, attempt := q.TraceID, 0
	for _, segment := range segments {
		to := segmentTrace(segment, q.TraceID, trace)
		if to != trace {
			rows = append(rows, p.crossing(r, to))
			trace = to
		}
		if segment.Attempt > 0 && segment.Attempt != attempt && q.Attempts > 1 {
			attempt = segment.Attempt
			rows = append(rows, []cell{styled(fmt.Sprintf("%s %d of %d", tryWord(q), attempt, q.Attempts), bold), text(""), text(""), text("")})
		}
		name := segment.Stage.String()
		label := "  " + name
		if segment.Level == 2 {
			label += " (outer)"
		}
		in := stageStyle(name)
		rows = append(rows, []cell{
			text(label), text(s.number(segment.End - segment.Start)),
			drawn(func(width int) []part { return p.span(segment.Start, segment.End, q.E2E, width, in) }),
			styled(evidence(segment), faint),
		})
	}
	return rows
}

// segmentTrace says in whose trace a segment lies. Gaps have no span of their
// own: those at the client's and the gateway's end belong to the request, the
// others stay where the way is.
func segmentTrace(segment analyze.SegmentReport, request, current string) string {
	if segment.TraceID != "" {
		return segment.TraceID
	}
	switch segment.Stage {
	case analyze.Ingress, analyze.Egress, analyze.Reply, analyze.Backoff, analyze.Admission:
		return request
	}
	return current
}

func (p *page) crossing(r *analyze.InspectReport, to string) []cell {
	label := p.set.enter + " trace " + short(to)
	if to == r.Request.TraceID {
		label = p.set.leave + " request " + short(to)
	}
	for i := range r.Batches {
		if r.Batches[i].TraceID == to && to != r.Request.TraceID {
			label = p.set.enter + " batch " + short(to)
		}
	}
	return []cell{styled(label, bold), text(""), text(""), text("")}
}

// evidence names the span that a segment was read from.
func evidence(segment analyze.SegmentReport) string {
	if segment.Span == nil {
		return ""
	}
	return strings.TrimSpace(segment.Span.Origin.Service + " " + segment.Span.Name)
}

// short is the part of an id that is enough to ask for it.
func short(id string) string { return id[:min(len(id), 8)] }
