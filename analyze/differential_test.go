package analyze_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/profile"
	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// scene is a generated world on its way through the real path.
type scene struct {
	*rapid.T
	traces  *model.Traces
	world   *role.World
	oracle  *oracle
	quantum int64
}

// matcher holds the built-in profiles, compiled once.
var matcher = sync.OnceValue(func() *profile.Matcher { return profile.NewMatcher(profile.Builtin()...) })

func stage(t *rapid.T, w toys, quantum int64) *scene {
	var b model.Builder
	b.Add(w.spans()...)
	traces := b.Build()
	world := matcher().Resolve(traces)
	return &scene{t, traces, world, &oracle{world: world, quantum: quantum}, quantum}
}

func (s *scene) analysis() *analyze.Analysis {
	return analyze.New(s.world, analyze.Options{Quantum: s.quantum})
}

// differ fails with the world in notation, ready to be pasted.
func (s *scene) differ(format string, args ...any) {
	s.Helper()
	s.Fatalf("%s\nquantum %d, world:\n%s", fmt.Sprintf(format, args...), s.quantum, model.FormatNotation(s.traces.List))
}

// thorough runs a property hundreds of times (rapid's own number of times is a
// flag), once that with -short.
func thorough(t *testing.T, hundreds int, property func(*rapid.T)) {
	t.Helper()
	if testing.Short() {
		hundreds = 1
	}
	for range hundreds {
		if rapid.Check(t, property); t.Failed() {
			return
		}
	}
}

func anyQuantum(t *rapid.T) int64 {
	return rapid.SampledFrom([]int64{0, 0, 1, 3}).Draw(t, "quantum")
}

func TestDecomposeAgreesWithTheOracle(t *testing.T) {
	thorough(t, 20, func(t *rapid.T) {
		s := stage(t, anyWorld(t), anyQuantum(t))
		a := s.analysis()
		for _, r := range s.world.Requests {
			got, want := answerText(realAnswer(a, r)), answerText(s.oracle.decompose(r))
			if got != want {
				s.differ("request %s: real\n%s\noracle\n%s", r.Trace, got, want)
			}
		}
	})
}

// realAnswer puts the real result into the oracle's words.
func realAnswer(a *analyze.Analysis, r *role.RequestInfo) (out answer) {
	d := a.Decompose(r)
	out = answer{
		stages: d.Stages, flags: d.Flags.Names(), attempts: d.Attempts, early: d.Early, late: d.Late, contested: d.Contested,
		wasted: d.Wasted, superseded: d.Superseded,
	}
	for _, b := range d.Chain {
		if !slices.Contains(out.chain, b) {
			out.chain = append(out.chain, b)
		}
	}
	for _, b := range d.OffPath {
		out.offPath = append(out.offPath, b.Trace.String())
	}
	out.offPath = slices.Compact(out.offPath) // two batches may have one trace id
	for _, s := range d.Segments {
		out.segments = append(out.segments, answerSegment{s.Start, s.End, s.Stage, s.Attempt, s.Level})
	}
	if report, ok := a.Inspect(r.Trace, r.Span.ID); ok {
		out.ttfb = report.Request.TTFB
	}
	return out
}

func answerText(a answer) string {
	var b strings.Builder
	for _, s := range a.segments {
		fmt.Fprintf(&b, "  %d..%d %s attempt %d level %d\n", s.start, s.end, s.stage, s.attempt, s.level)
	}
	fmt.Fprintf(&b, "  stages %v\n  flags %v\n  attempts %d early %d late %d contested %d wasted %d superseded %d\n  off path %v, chain",
		a.stages, a.flags, a.attempts, a.early, a.late, a.contested, a.wasted, a.superseded, a.offPath)
	for _, batch := range a.chain {
		fmt.Fprintf(&b, " %s", batch.Trace)
	}
	if a.ttfb != nil {
		fmt.Fprintf(&b, "\n  first byte %d %v", a.ttfb.E2E, a.ttfb.Stages)
	}
	return b.String()
}

func TestBatchesAgreeWithTheOracle(t *testing.T) {
	thorough(t, 8, func(t *rapid.T) {
		// Close reasons tolerate a millisecond: some worlds last that long.
		k := rapid.SampledFrom([]int64{1, 300_000}).Draw(t, "times")
		s := stage(t, anyWorld(t).retime(func(_ string, at int64) int64 { return toyEpoch + (at-toyEpoch)*k }), anyQuantum(t))
		a := s.analysis()
		bySpan := map[string]*role.BatchInfo{}
		for _, b := range s.world.Batches {
			bySpan[b.Trace.String()+b.Span.ID.String()] = b
		}
		for _, tr := range s.traces.List {
			report, ok := a.Inspect(tr.ID, model.SpanID{})
			if !ok {
				continue
			}
			for _, got := range report.Batches {
				b := bySpan[got.TraceID+got.SpanID]
				if b == nil {
					s.differ("batch %s/%s is not there", got.TraceID, got.SpanID)
				}
				if g, w := batchText(got), batchText(s.oracle.batch(b)); g != w {
					s.differ("batch %s: real\n%s\noracle\n%s", b.Trace, g, w)
				}
			}
		}
	})
}

func batchText(b analyze.BatchReport) string {
	return fmt.Sprintf("linked %d resolved %d size %d fill %v reason %s first %s last %s formation %d held %d blame %v gpu %d of %d shares %v occupancy %d dangling %v members %v",
		b.Linked, b.Resolved, b.Size, b.Fill, b.CloseReason, b.FirstArrival, b.LastArrival, b.Formation, b.HeldMember, b.BlameMember,
		b.GPUUnion, b.GPUSum, b.AmortisedGPU, b.OccupancyGPU, b.Dangling, b.Members)
}

func TestDevicesAgreeWithTheOracle(t *testing.T) {
	thorough(t, 8, func(t *rapid.T) {
		s := stage(t, anyWorld(t), anyQuantum(t))
		from := toyEpoch + rapid.Int64Range(-5, 40).Draw(t, "from")
		to := from + rapid.Int64Range(1, 120).Draw(t, "length")
		for _, d := range s.analysis().Top(analyze.TopQuery{Start: from, End: to}).Devices {
			if want := s.oracle.device(d.Host, d.Device, from, to); !reflect.DeepEqual(d, want) {
				s.differ("device from %d to %d: real\n%+v\noracle\n%+v", from-toyEpoch, to-toyEpoch, d, want)
			}
		}
	})
}

func TestSkewAgreesWithTheOracle(t *testing.T) {
	thorough(t, 8, func(t *rapid.T) {
		s := stage(t, anyWorld(t), anyQuantum(t))
		a := s.analysis()
		for _, r := range s.world.Requests {
			report, _ := a.Inspect(r.Trace, r.Span.ID)
			var got, want []string
			for _, pair := range report.Skew {
				got = append(got, skewText(pair))
			}
			for _, l := range s.oracle.legs() {
				if l.order < 2 || len(report.Batches) > 0 {
					want = append(want, skewText(l.report()))
				}
			}
			if !slices.Equal(got, want) {
				s.differ("request %s: real %s\noracle %s", r.Trace, got, want)
			}
		}
	})
}

// What is decomposed after a correction is what clocks moved by hand give; but
// for which of two spans has a role that is needed once: that was decided as
// the clocks were.
func TestCorrectedClocksAgreeWithTheOracle(t *testing.T) {
	thorough(t, 6, func(t *rapid.T) {
		w := anyWorld(t)
		s := stage(t, w, anyQuantum(t))
		offsets := s.oracle.offsets()
		moved := stage(t, w.retime(func(domain string, at int64) int64 { return at + offsets[domain] }), s.quantum)
		if onlyOnes(s.world) != onlyOnes(moved.world) {
			return
		}
		a := analyze.New(s.world, analyze.Options{Quantum: s.quantum, Skew: analyze.SkewMin})
		want := map[model.Ref]answer{}
		for _, r := range moved.world.Requests {
			want[r.Span.Ref()] = moved.oracle.decompose(r)
		}
		for _, r := range s.world.Requests {
			if len(r.Members) == 0 {
				continue // its report has no pair K to S, so none corrects it
			}
			if got, want := answerText(realAnswer(a, r)), answerText(want[r.Span.Ref()]); got != want {
				s.differ("request %s, offsets %v: real\n%s\noracle\n%s", r.Trace, offsets, got, want)
			}
		}
	})
}

// onlyOnes names the spans whose role is needed once.
func onlyOnes(w *role.World) string {
	var all []string
	add := func(of model.TraceID, iv *role.Interval) {
		if iv != nil {
			all = append(all, fmt.Sprintf("%s has %s %s", of, iv.Role, iv.Span.ID))
		}
	}
	for _, r := range w.Requests {
		add(r.Trace, r.Gateway)
		if r.Implicit != nil {
			add(r.Trace, r.Implicit.Form)
			add(r.Trace, r.Implicit.RPC)
			add(r.Trace, r.Implicit.Server)
		}
	}
	for _, b := range w.Batches {
		add(b.Trace, b.Form)
		add(b.Trace, b.RPC)
		add(b.Trace, b.Server)
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func skewText(s analyze.SkewReport) string {
	bound := func(ns *int64) string {
		if ns == nil {
			return "-"
		}
		return fmt.Sprint(*ns)
	}
	return fmt.Sprintf("%s->%s [%s,%s] %s %d", s.From, s.To, bound(s.Lo), bound(s.Hi), s.Verdict, s.MinCorrection)
}
