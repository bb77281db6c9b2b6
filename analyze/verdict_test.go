package analyze

import "testing"

// Each case is the smallest change to a calm system that one rule of method.md
// 2.8 looks for; the rules are tried in their order.
func TestVerdictRules(t *testing.T) {
	calm := func() situation {
		return situation{
			batches: 100, devices: 1, busy: 0.40, starved: 0.10, consumer: 0.05,
			queueWait: 0.10, gpuQueue: 0.05, formation: 0.10, network: 0.10, hostShare: 0.10,
		}
	}
	for _, test := range []struct {
		name      string
		change    func(*situation)
		code, sub string
	}{
		{"nothing stands out", func(*situation) {}, "balanced", ""},
		{"29 batches", func(s *situation) { s.batches = 29 }, "insufficient-data", "too few batches"},
		{"opaque servers", func(s *situation) { s.unattributed = 0.31 }, "insufficient-data", "too much time is unattributed"},
		{"sampled batches", func(s *situation) { s.unbatched = 0.06 }, "insufficient-data", "batches are missing"},
		{"a full GPU", func(s *situation) { s.busy = 0.85 }, "GPU-bound", "saturated"},
		{"small batches with a high constant cost", func(s *situation) {
			s.busy, s.fill, s.hasFill, s.overhead, s.hasOverhead = 0.9, 0.4, true, 0.3, true
		}, "GPU-bound", "overhead-dominated"},
		{"bursts", func(s *situation) { s.queueWait, s.saturation = 0.30, 0.60 }, "queue-bound", "arrival bursts"},
		{"queue in front of the GPU", func(s *situation) { s.busy, s.gpuQueue = 0.60, 0.25 }, "GPU-bound", "near saturation"},
		{"the delay closes batches", func(s *situation) { s.formation, s.timeouts = 0.25, 0.5 }, "batch-formation-bound", ""},
		{"no consumer collects", func(s *situation) { s.queueWait, s.consumer = 0.25, 0.10 }, "consumer-bound", ""},
		{"the consumer waits for the hand-over", func(s *situation) {
			s.queueWait, s.consumer, s.transfer = 0.25, 0.10, 0.10
		}, "consumer-bound", "held by transfer"},
		{"transfers", func(s *situation) { s.network = 0.30 }, "network/transfer-bound", ""},
		{"the host between GPU spans", func(s *situation) { s.hostShare = 0.30 }, "host-bound", ""},
		{"the device waits for its host", func(s *situation) { s.host = 0.30 }, "host-bound", ""},
		{"clients that wait for answers", func(s *situation) {
			s.starved, s.overlapsDrawn, s.overlapsSeen = 0.30, 10, 2
		}, "client-bound", ""},
		{"a light load", func(s *situation) { s.starved, s.overlapsDrawn, s.overlapsSeen = 0.30, 10, 3 }, "underloaded", "open arrivals"},
		{"a light load of unknown clients", func(s *situation) { s.starved = 0.30 }, "underloaded", "open arrivals"},
		{"no device is named", func(s *situation) { s.devices, s.busy, s.starved = 0, 0, 0 }, "balanced", ""},
	} {
		s := calm()
		test.change(&s)
		if v := s.judge(); v.Code != test.code || v.Sub != test.sub || v.Confirmed {
			t.Errorf("%s: %s (%s), want %s (%s)", test.name, v.Code, v.Sub, test.code, test.sub)
		}
	}
}

// t = 3 ms + 1 ms a member, so half of the time of a batch of three is constant.
func TestOverheadShareFindsTheConstantPart(t *testing.T) {
	var batches []batchMetrics
	for _, n := range []int64{1, 2, 3, 4, 5} {
		batches = append(batches, batchMetrics{size: n, gpuUnion: 3e6 + n*1e6})
	}
	share, ok := overheadShare(batches)
	if !ok || share < 0.499 || share > 0.501 {
		t.Errorf("share %f, %v; want 0.5", share, ok)
	}
	if _, ok := overheadShare(batches[:1]); ok {
		t.Error("one size cannot tell constant from growing cost")
	}
}
