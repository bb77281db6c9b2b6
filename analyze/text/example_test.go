package text

import "github.com/pfptrace/pfptrace/analyze"

const (
	requestA = "d35b6b745c1562cef4e2660059110b4b"
	requestB = "5c0ffee0a1b2c3d4e5f60718293a4b5c"
	batchA   = "fda3fb48b89bbc0956d929c64d305e88"
)

// inspectExample is the second worked example of the method: two members; the
// second holds the batch open, then the timeout does.
//
//	client   [0                                            1000)
//	gateway   [20                                        980)
//	queue      [30   200)
//	form            [100 220)
//	rpc                  [220                     900)
//	server                [240                  880)
//	gpu                      [300         800)
func inspectExample() *analyze.InspectReport {
	request := &analyze.RequestReport{
		TraceID: requestA, SpanID: "1111111111111111", Service: "client", Name: "request", Profile: "pfptrace", Status: "ok",
		StartUnixNano: 1760000000000000000, E2E: 1000, Attempts: 2, Contested: 5, OffPath: []string{batchA},
		Flags: []string{"contested", "retried"},
		TTFB:  &analyze.TTFBReport{E2E: 340},
	}
	add := func(stage analyze.Stage, length int64, trace string) {
		start := int64(0)
		if n := len(request.Segments); n > 0 {
			start = request.Segments[n-1].End
		}
		request.Segments = append(request.Segments, analyze.SegmentReport{Start: start, End: start + length, Stage: stage, Attempt: 1, Level: 1, TraceID: trace})
		request.Stages[stage] += length
		request.TTFB.Stages[stage] += max(0, min(length, 340-start))
	}
	add(analyze.Ingress, 20, "")
	add(analyze.Admission, 10, requestA)
	add(analyze.QueueWait, 70, requestA)
	add(analyze.BatchFormation, 120, batchA)
	add(analyze.TransferIn, 20, "")
	add(analyze.HostWait, 20, batchA)
	add(analyze.Prep, 40, batchA)
	add(analyze.GPUCompute, 500, batchA)
	add(analyze.Post, 80, batchA)
	add(analyze.TransferOut, 20, "")
	add(analyze.Scatter, 30, batchA)
	add(analyze.Reply, 50, "")
	add(analyze.Egress, 20, "")
	lo, hi := int64(30), int64(70)
	return &analyze.InspectReport{
		Schema: analyze.SchemaInspect, Request: request, Profiles: []string{"pfptrace"},
		Batches: []analyze.BatchReport{{
			TraceID: batchA, SpanID: "2222222222222222", Linked: 3, Resolved: 2, Size: 2, Fill: []int64{2, 8}, CloseReason: "timeout",
			FirstArrival: requestA, LastArrival: requestB, Formation: 190, HeldMember: 180,
			BlameMember: map[string]int64{requestB: 60, "policy": 120}, GPUUnion: 500, GPUSum: 500,
			AmortisedGPU: map[string]int64{requestA: 125, requestB: 375}, OccupancyGPU: 500,
			Dangling: []string{"0123456789abcdef0123456789abcdef"}, Members: []string{requestA, requestB},
			MemberArrivals: []analyze.MemberArrival{
				{TraceID: requestA, Arrived: 30, Joined: 100, Held: 120, Weight: 100},
				{TraceID: requestB, Arrived: 160, Joined: 160, Held: 60, Blame: 60, Weight: 300},
			},
		}},
		Skew:     []analyze.SkewReport{{From: "host-K", To: "host-S", Lo: &lo, Hi: &hi, Verdict: "proved", MinCorrection: 30}, {From: "host-C", To: "host-G", Hi: &hi, Verdict: "consistent_with_zero"}},
		Warnings: []string{"traces.jsonl line 7: unexpected end of the document; 1 of 100 lines could not be read (0.9 % of the bytes)"},
	}
}

func topExample() *analyze.TopReport {
	dist := func(mean int64) analyze.DistReport {
		d := analyze.DistReport{Count: 120, Mean: mean, P50: mean - mean/8, P90: 2 * mean, P95: 3 * mean, P99: 4 * mean, Max: 5 * mean}
		for range d.Count {
			d.Total.Add(mean)
		}
		return d
	}
	r := &analyze.TopReport{
		Schema: analyze.SchemaTop, Window: analyze.WindowReport{Start: 1760000000000000000, End: 1760000009500000000},
		Spans: 1500, Requests: 120, Batches: 16, Incomplete: 1, DroppedSpans: 3, E2E: dist(25e6), Profiles: []string{"pfptrace", "triton"},
		Verdict:  analyze.VerdictReport{Code: "batch-formation-bound", Evidence: map[string]float64{"s_batch_formation": 0.42, "tmo": 0.81}},
		Warnings: []string{"3 spans came twice"},
		Links:    analyze.LinksReport{Total: 123, Live: 120, DanglingUnsampled: 3},
		Devices:  []analyze.DeviceReport{{Device: "gpu0", Host: "host-S", Window: 1000, Busy: 400, HostWait: 100, Transfer: 50, Forming: 250, Consumer: 80, Starved: 120}},
	}
	share := map[analyze.Stage]float64{analyze.Ingress: .02, analyze.QueueWait: .1, analyze.BatchFormation: .42, analyze.GPUCompute: .36, analyze.Post: .06, analyze.Egress: .04}
	for stage := range analyze.NumStages {
		d := dist(int64(share[stage] * 25e6))
		r.Stages = append(r.Stages, analyze.StageReport{Stage: stage.String(), Total: d.Total, Share: share[stage], Requests: 118, Mean: d.Mean, P50: d.P50, P90: d.P90, P95: d.P95, P99: d.P99, Max: d.Max})
	}
	for _, group := range analyze.Rollups() {
		line := analyze.StageReport{Stage: group.Name}
		for _, stage := range group.Stages {
			line.Share += share[stage]
		}
		r.Rollup = append(r.Rollup, line)
	}
	fill, formation, gpu := 0.71, dist(9e6), dist(8e6)
	r.Batch = analyze.BatchSummary{
		Count: 16, Size: &analyze.SizeReport{Mean: 7.5, P50: 8, P90: 8, P95: 8, P99: 8, Max: 8}, FillRatio: &fill,
		Formation: &formation, GPU: &gpu, CloseReasons: map[string]int{"timeout": 13, "full": 3},
	}
	r.Groups = []analyze.GroupReport{{Group: "api", E2E: r.E2E, Stages: r.Stages}, {Group: "batch-jobs", E2E: dist(50e6), Stages: r.Stages}}
	r.Slowest = []analyze.SlowRequest{{TraceID: requestA, Service: "client", Name: "POST /infer", Status: "ok", E2E: 125e6, Stages: analyze.StageMap{analyze.QueueWait: 80e6, analyze.GPUCompute: 45e6}, Flags: []string{"retried"}}}
	return r
}
