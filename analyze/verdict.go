package analyze

import "maps"

// Gates of method.md 2.8: below them shares are shown, and no verdict.
const (
	minBatches      = 30
	maxUnattributed = 0.30
	maxUnbatched    = 0.05 // requests without a batch: with more, batches are missing and idle classes mean nothing
)

// situation is what the verdict rules look at. Shares and fractions are 0 to 1.
type situation struct {
	batches      int
	unbatched    float64
	unattributed float64
	devices      int

	busy, host, transfer, forming, consumer, starved float64 // of the devices' time

	queueWait, gpuQueue, formation, network, hostShare float64 // of the requests' time

	saturation, dispersion      float64
	timeouts                    float64 // share of batches closed by a timeout
	policyBlame                 float64 // share of formation that the policy is to blame for
	fill, overhead              float64 // n/max; constant part of the service time over its mean
	hasFill, hasOverhead        bool
	overlapsSeen, overlapsDrawn float64
}

// verdict names what the requests wait for: the first rule that matches, with
// the numbers that it used. It is not confirmed: no intervention was replayed.
func (b *topBuilder) verdict(devices map[device]*occupancy, window int64) VerdictReport {
	s := b.situation(devices, window)
	v := s.judge()
	evidence := map[string]float64{"batches": float64(s.batches), "unattributed": s.unattributed}
	if s.devices > 0 {
		evidence["busy"] = s.busy
	}
	if v.Evidence == nil {
		v.Evidence = evidence
	} else {
		maps.Copy(v.Evidence, evidence)
	}
	return v
}

func (b *topBuilder) situation(devices map[device]*occupancy, window int64) situation {
	w := b.whole
	s := situation{
		batches:      len(b.batches),
		unattributed: w.share(Unattributed),
		queueWait:    w.share(QueueWait),
		gpuQueue:     w.share(GPUQueue),
		formation:    w.share(BatchFormation),
		network:      w.share(Ingress, TransferIn, TransferOut, Scatter, Reply, Egress),
		hostShare:    w.share(HostWait, Prep, GPUGap, Post),
		devices:      len(devices),
	}
	if b.requests > 0 {
		s.unbatched = float64(b.missing) / float64(b.requests)
	}
	if len(devices) > 0 && window > 0 {
		var sum [numClasses]float64
		for _, o := range devices {
			for class, ns := range o {
				sum[class] += float64(ns)
			}
		}
		all := float64(window) * float64(len(devices))
		s.busy, s.host, s.transfer = sum[classBusy]/all, sum[classHost]/all, sum[classTransfer]/all
		s.forming, s.consumer, s.starved = sum[classForming]/all, sum[classConsumer]/all, sum[classStarved]/all
	}
	s.setBatches(b.batches)
	s.saturation = b.load.saturation(b.load.busyFractions(b.analysis.devices, b.window.End))
	s.dispersion = b.load.dispersion()
	s.overlapsSeen, s.overlapsDrawn = b.load.overlaps(window)
	return s
}

func (s *situation) setBatches(batches []batchMetrics) {
	var filled, room, held, policy Sum
	timeouts := 0
	for i := range batches {
		m := &batches[i]
		if m.closeReason == "timeout" {
			timeouts++
		}
		if m.batch.MaxSize > 0 {
			filled.Add(m.size)
			room.Add(m.batch.MaxSize)
		}
		held.Add(max(0, m.held))
		policy.Add(max(0, m.policy))
	}
	if len(batches) > 0 {
		s.timeouts = float64(timeouts) / float64(len(batches))
	}
	if s.hasFill = room.Float() > 0; s.hasFill {
		s.fill = filled.Float() / room.Float()
	}
	if held.Float() > 0 {
		s.policyBlame = policy.Float() / held.Float()
	}
	s.overhead, s.hasOverhead = overheadShare(batches)
}

// judge applies the rules of method.md 2.8 in their order; the first match
// wins. Rules that look at devices cannot match where no device is named.
func (s *situation) judge() VerdictReport {
	if s.batches < minBatches || s.unattributed > maxUnattributed || s.unbatched > maxUnbatched {
		return VerdictReport{Code: "insufficient-data", Sub: s.shortfall(), Evidence: map[string]float64{"unbatched": s.unbatched}}
	}
	largest := max(s.queueWait, s.gpuQueue, s.formation, s.network, s.hostShare)
	is := func(share float64) bool { return share >= largest }
	known := s.devices > 0
	switch {
	case known && s.busy >= 0.85:
		return s.gpuBound()
	case s.queueWait+s.gpuQueue >= 0.30 && s.saturation >= 0.60:
		return VerdictReport{Code: "queue-bound", Sub: "arrival bursts", Evidence: map[string]float64{
			"queue_wait": s.queueWait, "gpu_queue": s.gpuQueue, "saturation": s.saturation, "dispersion": s.dispersion,
		}}
	case known && s.busy >= 0.60 && s.gpuQueue >= 0.25 && is(s.gpuQueue):
		return VerdictReport{Code: "GPU-bound", Sub: "near saturation", Evidence: map[string]float64{"gpu_queue": s.gpuQueue}}
	case s.formation >= 0.20 && is(s.formation) && s.timeouts >= 0.50:
		return VerdictReport{Code: "batch-formation-bound", Evidence: map[string]float64{
			"batch_formation": s.formation, "forming": s.forming, "timeouts": s.timeouts, "policy_blame": s.policyBlame,
		}}
	case known && s.queueWait >= 0.20 && is(s.queueWait) && s.consumer >= 0.10:
		v := VerdictReport{Code: "consumer-bound", Evidence: map[string]float64{
			"queue_wait": s.queueWait, "consumer": s.consumer, "transfer": s.transfer,
		}}
		if s.transfer >= s.consumer {
			v.Sub = "held by transfer"
		}
		return v
	case s.network >= 0.30 && is(s.network):
		return VerdictReport{Code: "network/transfer-bound", Evidence: map[string]float64{"network": s.network}}
	case s.hostShare >= 0.30 && is(s.hostShare) || known && s.host >= 0.30:
		return VerdictReport{Code: "host-bound", Evidence: map[string]float64{"server_host": s.hostShare, "host": s.host}}
	case known && s.starved >= 0.5*(1-s.busy) && s.queueWait+s.gpuQueue+s.formation < 0.30:
		return s.idle()
	}
	return VerdictReport{Code: "balanced", Evidence: map[string]float64{
		"queue_wait": s.queueWait, "gpu_queue": s.gpuQueue, "batch_formation": s.formation, "network": s.network, "server_host": s.hostShare,
	}}
}

func (s *situation) shortfall() string {
	switch {
	case s.batches < minBatches:
		return "too few batches"
	case s.unbatched > maxUnbatched:
		return "batches are missing"
	}
	return "too much time is unattributed"
}

// gpuBound tells whether larger batches would help: batches are half empty and
// a good part of each is constant cost.
func (s *situation) gpuBound() VerdictReport {
	v := VerdictReport{Code: "GPU-bound", Sub: "saturated", Evidence: map[string]float64{}}
	if s.hasFill {
		v.Evidence["fill"] = s.fill
	}
	if s.hasOverhead {
		v.Evidence["overhead"] = s.overhead
	}
	if s.hasFill && s.fill < 0.5 && s.hasOverhead && s.overhead >= 0.3 {
		v.Sub = "overhead-dominated"
	}
	return v
}

// idle tells clients that wait for their answers from an open, light load.
func (s *situation) idle() VerdictReport {
	evidence := map[string]float64{"starved": s.starved, "expected_overlaps": s.overlapsDrawn}
	if s.overlapsDrawn >= 10 {
		ratio := s.overlapsSeen / s.overlapsDrawn
		evidence["overlap_ratio"] = ratio
		if ratio <= 0.20 {
			return VerdictReport{Code: "client-bound", Evidence: evidence}
		}
	}
	return VerdictReport{Code: "underloaded", Sub: "open arrivals", Evidence: evidence}
}

// overheadShare fits GPU time = a + b*n over the batches, by least squares on
// relative error with neither below 0 (method.md 3.2, first step), and returns
// a over the mean. ok is false where all batches have one size: then a cannot
// be told from b.
func overheadShare(batches []batchMetrics) (share float64, ok bool) {
	var w, wn, wnn, wt, wnt, sum float64
	count := 0
	first, varied := int64(0), false
	for i := range batches {
		n, t := float64(batches[i].size), float64(batches[i].gpuUnion)
		if t <= 0 || n <= 0 {
			continue
		}
		if count == 0 {
			first = batches[i].size
		}
		varied = varied || batches[i].size != first
		count++
		weight := 1 / (t * t)
		w, wn, wnn, wt, wnt = w+weight, wn+weight*n, wnn+weight*n*n, wt+weight*t, wnt+weight*n*t
		sum += t
	}
	if !varied {
		return 0, false
	}
	a := (wt*wnn - wnt*wn) / (w*wnn - wn*wn)
	slope := (w*wnt - wn*wt) / (w*wnn - wn*wn)
	switch {
	case slope < 0:
		a = wt / w
	case a < 0:
		a = 0
	}
	return a / (sum / float64(count)), true
}
