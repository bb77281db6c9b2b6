package analyze_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/role"
)

// The invariants of method.md 2.6 about batches and devices, by their numbers.

// eachBatch calls f with every batch and its report.
func (s *scene) eachBatch(f func(*role.BatchInfo, analyze.BatchReport)) {
	a := s.analysis()
	for _, b := range s.world.Batches {
		report, ok := a.Inspect(b.Trace, b.Span.ID)
		if !ok {
			s.differ("batch %s is not there", b.Trace)
		}
		for _, got := range report.Batches {
			if got.TraceID == b.Trace.String() && got.SpanID == b.Span.ID.String() {
				f(b, got)
			}
		}
	}
}

func TestI16Blame(t *testing.T) {
	thorough(t, 3, func(t *rapid.T) {
		s := stage(t, anyWorld(t), 0)
		s.eachBatch(func(b *role.BatchInfo, got analyze.BatchReport) {
			closed, _ := closeOf(b)
			var blame, held int64
			for _, ns := range got.BlameMember {
				blame += ns
			}
			for _, m := range got.MemberArrivals {
				held += closed - m.Joined
			}
			if blame != held || held != got.HeldMember {
				s.differ("batch %s: blame %d, held %d, members held %d", b.Trace, blame, got.HeldMember, held)
			}
		})
	})
}

func TestI17Amortised(t *testing.T) {
	thorough(t, 3, func(t *rapid.T) {
		s := stage(t, anyWorld(t), 0)
		s.eachBatch(func(b *role.BatchInfo, got analyze.BatchReport) {
			var sum, visible int64
			for _, ns := range got.AmortisedGPU {
				sum += ns
			}
			for _, m := range got.MemberArrivals {
				visible += m.Weight
			}
			whole := max(visible, b.Weight)
			if whole == 0 {
				return
			}
			want := new(big.Int).Div(new(big.Int).Mul(big.NewInt(got.GPUUnion), big.NewInt(visible)), big.NewInt(whole)).Int64()
			if sum != want || visible == whole && len(got.Members) > 0 && sum != got.GPUUnion {
				s.differ("batch %s: shares sum to %d, want %d of %d", b.Trace, sum, want, got.GPUUnion)
			}
		})
	})
}

func TestI18DeviceTimeIsDual(t *testing.T) {
	thorough(t, 3, func(t *rapid.T) {
		s := stage(t, anyWorld(t), 0)
		from := toyEpoch + rapid.Int64Range(-5, 40).Draw(t, "from")
		to := from + rapid.Int64Range(1, 120).Draw(t, "length")
		for _, d := range s.analysis().Top(analyze.TopQuery{Start: from, End: to}).Devices {
			if sum := d.Busy + d.HostWait + d.Transfer + d.Forming + d.Consumer + d.Starved; sum != to-from || d.Window != sum {
				s.differ("device %+v: classes sum to %d of %d", d, sum, to-from)
			}
			for _, ns := range []int64{d.Busy, d.HostWait, d.Transfer, d.Forming, d.Consumer, d.Starved} {
				if ns < 0 {
					s.differ("device %+v: a negative class", d)
				}
			}
		}
	})
}

func TestI19UnionAndSum(t *testing.T) {
	thorough(t, 3, func(t *rapid.T) {
		s := stage(t, anyWorld(t), 0)
		s.eachBatch(func(b *role.BatchInfo, got analyze.BatchReport) {
			overlap := false
			gpus := gpusOf(b)
			for i, x := range gpus {
				for _, y := range gpus[:i] {
					overlap = overlap || max(x.Start, y.Start) < min(x.End, y.End)
				}
			}
			if got.GPUUnion > got.GPUSum || (got.GPUUnion == got.GPUSum) == overlap {
				s.differ("batch %s: union %d, sum %d, overlap %v", b.Trace, got.GPUUnion, got.GPUSum, overlap)
			}
		})
	})
}

// The generator is only worth something if it gets everywhere.
func TestWorldsReachEveryStageAndFlag(t *testing.T) {
	var stages [analyze.NumStages]int
	flags, reasons := map[string]int{}, map[string]int{}
	worlds := rapid.Custom(func(t *rapid.T) *scene { return stage(t, anyWorld(t), anyQuantum(t)) })
	for seed := range 1500 {
		s := worlds.Example(seed)
		a := s.analysis()
		for _, r := range s.world.Requests {
			d := a.Decompose(r)
			for stage, ns := range d.Stages {
				if ns > 0 {
					stages[stage]++
				}
			}
			for _, name := range d.Flags.Names() {
				flags[name]++
			}
		}
		for reason, n := range a.Top(analyze.TopQuery{}).Batch.CloseReasons {
			reasons[reason] += n
		}
	}
	for stage, n := range stages {
		if n == 0 {
			t.Errorf("no world has %s", analyze.Stage(stage))
		}
	}
	for _, name := range allFlags() {
		if flags[name] == 0 {
			t.Errorf("no world raises %s", name)
		}
	}
	for _, reason := range []string{"full", "timeout", "drain", "unknown"} {
		if reasons[reason] == 0 {
			t.Errorf("no batch closed for %s", reason)
		}
	}
	t.Logf("stages %v, flags %v, reasons %v", stages, flags, reasons)
}

// allFlags is the closed list of method.md 2.4.1.
func allFlags() []string {
	return []string{
		"missing:gateway", "missing:queue", "missing:batch", "missing:rpc", "missing:server", "missing:gpu", "no_batch", "cancelled",
		"implicit_batch", "close_inferred:rpc", "close_inferred:server", "close_inferred:gpu", "close_inferred:batch",
		"open_inferred:join", "formation_unsplit", "links_dropped", "fanout", "retried", "multi_stage", "superseded_work",
		"clipped_early", "late_work", "clipped_late", "contested", "skew_suspect:gateway_before_request", "late_gateway",
		"skew_suspect:gateway_after_request", "skew_suspect:closed_before_enqueue", "skew_suspect:server_before_close", "skew_suspect:server_after_rpc",
	}
}
