package analyze

import (
	"fmt"
	"slices"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// Inspect reports on the request of a trace, or on the batch where the trace
// holds no request. span picks one of several requests; the zero id takes the
// outermost, first one. ok is false where the trace holds neither.
func (a *Analysis) Inspect(trace model.TraceID, span model.SpanID) (report *InspectReport, ok bool) {
	out := &InspectReport{Schema: SchemaInspect, Profiles: a.profiles()}
	if requests := a.requestsOf(trace, span); len(requests) > 0 {
		a.inspectRequest(out, requests[0])
		if len(requests) > 1 {
			out.Warnings = append(out.Warnings, fmt.Sprintf("the trace holds %d requests, and this is the first: --span shows another, such as %s", len(requests), requests[1].Span.ID))
		}
		return out, true
	}
	var batches []*role.BatchInfo
	for _, b := range a.world.Batches {
		if b.Span != nil && b.Trace == trace && (span.IsZero() || b.Span.ID == span) {
			batches = append(batches, b)
			batches = append(batches, b.Outer...)
		}
	}
	if len(batches) == 0 {
		return nil, false
	}
	a.reportBatches(out, batches)
	out.Skew = skewReports(a.pairsOf(nil, batches))
	out.Warnings = a.warningsNow()
	return out, true
}

// profiles are the names of those that matched anything, an empty list rather
// than none: JSON tells the two apart.
func (a *Analysis) profiles() []string { return append([]string{}, a.world.Profiles...) }

// requestsOf lists the requests of a trace, the one that started first in
// front; only the one with this span id, if it is not zero.
func (a *Analysis) requestsOf(trace model.TraceID, span model.SpanID) (list []*role.RequestInfo) {
	for _, r := range a.world.Requests {
		if r.Trace == trace && (span.IsZero() || r.Span.ID == span) {
			list = append(list, r)
		}
	}
	return list
}

func (a *Analysis) inspectRequest(out *InspectReport, r *role.RequestInfo) {
	d := a.Decompose(r).Clone()
	out.Request = d.report()
	batches := a.listed(&d)
	a.reportBatches(out, batches)
	out.Skew = skewReports(a.pairsOf(r, batches))
	out.Warnings = a.warningsNow()
}

// listed returns the batches of a request's report: the chain's in its order,
// then those off the path, then the outer ones. An implicit batch stands there
// only where a join put several requests' work together.
func (a *Analysis) listed(d *Decomposition) (list []*role.BatchInfo) {
	seen := make(map[*role.BatchInfo]bool)
	add := func(b *role.BatchInfo) {
		if !seen[b] {
			seen[b] = true
			list = append(list, b)
		}
	}
	for _, batches := range [][]*role.BatchInfo{d.Chain, d.OffPath} {
		for _, b := range batches {
			if !b.Implicit {
				add(b)
				continue
			}
			for _, joined := range d.Request.Joined {
				if len(joined.Members) > 1 {
					add(joined)
				}
			}
		}
	}
	for _, b := range slices.Clone(list) {
		for _, outer := range b.Outer {
			add(outer)
		}
	}
	return list
}

func (a *Analysis) reportBatches(out *InspectReport, batches []*role.BatchInfo) {
	for _, b := range batches {
		m := a.measureBatch(b)
		out.Batches = append(out.Batches, m.report())
	}
}

func skewReports(pairs []boundPair) (reports []SkewReport) {
	for _, p := range pairs {
		reports = append(reports, p.report())
	}
	return reports
}

func (d *Decomposition) report() *RequestReport {
	r := d.Request
	out := &RequestReport{
		TraceID: r.Trace.String(), SpanID: r.Span.ID.String(), Service: r.Service, Name: r.Span.Name, Profile: r.Profile,
		Status: r.Status.String(), StartUnixNano: r.Start, E2E: d.E2E, Stages: d.Stages, Flags: d.Flags.Names(),
		Early: d.Early, Late: d.Late, Contested: d.Contested, Wasted: d.Wasted, Superseded: d.Superseded, OffPath: slices.Compact(idTexts(d.OffPath)),
		Segments: make([]SegmentReport, 0, len(d.Segments)),
	}
	if d.Attempts > 1 {
		out.Attempts = d.Attempts
	}
	for _, s := range d.Segments {
		trace, span := spanIDText(s.Span)
		out.Segments = append(out.Segments, SegmentReport{s.Start, s.End, s.Stage, s.Attempt, s.Level, span, trace, s.Span})
	}
	if d.HasFirstByte {
		out.TTFB = &TTFBReport{E2E: d.FirstByte, Stages: d.stagesUntil(d.FirstByte)}
	}
	return out
}

// stagesUntil is the partition cut at t, for the time to the first byte.
func (d *Decomposition) stagesUntil(t int64) (stages StageMap) {
	for _, s := range d.Segments {
		if s.Start < t {
			stages[s.Stage] += min(s.End, t) - s.Start
		}
	}
	return stages
}
