package analyze_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/role"
)

// evidenceOf lists by stage the roles whose spans may be named as a segment's
// evidence; a stage that is missing here names none.
func evidenceOf(s analyze.Segment) []role.Role {
	switch {
	case s.Stage == analyze.QueueWait && s.Level == 2, s.Stage == analyze.Admission && s.Attempt > 0:
		return nil
	}
	return map[analyze.Stage][]role.Role{
		analyze.Admission:      {role.Gateway},
		analyze.QueueWait:      {role.Queue},
		analyze.BatchFormation: {role.Form, role.Batch, role.Queue},
		analyze.GPUQueue:       {role.Server},
		analyze.HostWait:       {role.Server},
		analyze.Prep:           {role.Prep},
		analyze.GPUCompute:     {role.GPU},
		analyze.GPUPeer:        {role.GPU},
		analyze.GPUGap:         {role.Server},
		analyze.Post:           {role.Post, role.Server},
		analyze.Scatter:        {role.Scatter, role.Batch},
	}[s.Stage]
}

// The span of a segment is the evidence of its first piece, and where several
// give it, which one is named does not depend on their order. Work is going on
// at the segment's start; a wait may go on after its queue span.
func TestSegmentsNameTheirEvidence(t *testing.T) {
	thorough(t, 5, func(t *rapid.T) {
		w := anyWorld(t)
		s, shuffled := stage(t, w, 0), stage(t, rapid.Permutation(w).Draw(t, "order"), 0)
		a, b := s.analysis(), shuffled.analysis()
		for i, r := range s.world.Requests {
			d := a.Decompose(r).Clone()
			for _, segment := range d.Segments {
				s.checkEvidence(r, segment)
			}
			if x, y := spansOf(d), spansOf(b.Decompose(shuffled.world.Requests[i])); x != y {
				s.differ("request %s: evidence\n%s\nin another order\n%s", r.Trace, x, y)
			}
		}
	})
}

func (s *scene) checkEvidence(r *role.RequestInfo, segment analyze.Segment) {
	s.Helper()
	allowed := evidenceOf(segment)
	if segment.Span == nil {
		// Formation and scatter of a batch without a span, or without a form
		// or scatter span, are between points of different spans.
		if allowed != nil && segment.Stage != analyze.BatchFormation && segment.Stage != analyze.Scatter {
			s.differ("request %s: %s %d..%d names no span", r.Trace, segment.Stage, segment.Start, segment.End)
		}
		return
	}
	value, _ := segment.Span.Attrs().Get("pfptrace.role")
	is := role.Parse(value.Str())
	if !slices.Contains(allowed, is) {
		s.differ("request %s: %s names a %s span", r.Trace, segment.Stage, is)
	}
	if at := r.Start + segment.Start; slices.Contains([]role.Role{role.GPU, role.Prep, role.Post, role.Server}, is) &&
		(at < segment.Span.Start || at >= segment.Span.End) {
		s.differ("request %s: %s at %d names %s, which lasts %d..%d", r.Trace, segment.Stage, at, segment.Span.ID, segment.Span.Start, segment.Span.End)
	}
}

func spansOf(d analyze.Decomposition) string {
	var b strings.Builder
	for _, s := range d.Segments {
		fmt.Fprintf(&b, "  %d..%d %s", s.Start, s.End, s.Stage)
		if s.Span != nil {
			fmt.Fprintf(&b, " %s/%s", s.Span.Trace, s.Span.ID)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
