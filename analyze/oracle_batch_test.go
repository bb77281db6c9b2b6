package analyze_test

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// arrival is a member that counts (2.7).
type arrival struct {
	trace  model.TraceID
	at     int64 // Q0
	weight int64
}

func (o *oracle) arrivals(b *role.BatchInfo) (out []arrival) {
	for _, r := range o.world.Requests {
		var first *arrival
		for _, t := range o.tries(r) {
			if t.batch == b && t.queue != nil && (first == nil || t.queue.Start < first.at) {
				first = &arrival{r.Trace, t.queue.Start, 1}
			}
		}
		if first != nil {
			if r.HasWeight {
				first.weight = r.Weight
			}
			out = append(out, *first)
		}
	}
	slices.SortFunc(out, func(x, y arrival) int {
		return cmp.Or(cmp.Compare(x.at, y.at), x.trace.Compare(y.trace))
	})
	return out
}

// joined is a*: "where open is unknown a* = a".
func (a *arrival) joined(b *role.BatchInfo) int64 {
	if b.Form != nil {
		return max(a.at, b.Form.Start)
	}
	return a.at
}

// batch is method.md 2.7 for one batch. Its GPU time is that of its own spans
// and of those of its outer batches, which "count as b's".
func (o *oracle) batch(b *role.BatchInfo) (out analyze.BatchReport) {
	members := o.arrivals(b)
	closed, _ := closeOf(b)
	out = analyze.BatchReport{Linked: b.Links, Resolved: len(members), Size: b.Size, CloseReason: b.CloseReason}
	if out.Size == 0 {
		out.Size = int64(b.Links) + b.DroppedLinks
	}
	if b.MaxSize > 0 {
		out.Fill = []int64{out.Size, b.MaxSize}
	}
	for _, id := range b.Dangling {
		out.Dangling = append(out.Dangling, id.String())
	}
	gpus := gpusOf(b)
	out.GPUUnion, out.GPUSum = unionAndSum(gpus)
	out.OccupancyGPU = out.GPUUnion
	if len(members) > 0 {
		out.FirstArrival, out.LastArrival = members[0].trace.String(), members[len(members)-1].trace.String()
		out.Formation = closed - members[0].at
	}
	blame := map[string]int64{}
	for i, m := range members {
		out.Members = append(out.Members, m.trace.String())
		out.HeldMember += closed - m.joined(b)
		if i+1 < len(members) {
			blame[members[i+1].trace.String()] += int64(i+1) * (members[i+1].joined(b) - m.joined(b))
		} else {
			blame["policy"] += int64(i+1) * (closed - m.joined(b))
		}
	}
	for who, ns := range blame {
		if ns == 0 {
			delete(blame, who)
		}
	}
	out.BlameMember = blame
	out.AmortisedGPU = shares(out.GPUUnion, members, b.Weight)
	if out.CloseReason == "" {
		out.CloseReason = closeReason(b, members, out.Size, closed)
	}
	return out
}

func closeReason(b *role.BatchInfo, members []arrival, size, closed int64) string {
	const millisecond = 1_000_000
	if b.MaxSize > 0 && size == b.MaxSize {
		return "full"
	}
	if len(members) == 0 {
		return "unknown"
	}
	first, last := members[0].joined(b), members[len(members)-1].joined(b)
	if late := closed - (first + b.MaxDelay); b.MaxDelay > 0 && -millisecond <= late && late <= millisecond {
		return "timeout"
	}
	if b.MaxSize > 0 && size < b.MaxSize && closed-last <= millisecond {
		return "drain"
	}
	return "unknown"
}

func unionAndSum(of []*role.Interval) (union, sum int64) {
	var all []proof
	for _, iv := range of {
		all = append(all, proof{start: iv.Start, end: iv.End})
		sum += max(0, iv.End-iv.Start)
	}
	return measure(all), sum
}

// shares splits G by weight: largest remainder, ties by trace id.
func shares(g int64, members []arrival, said int64) map[string]int64 {
	var visible int64
	for _, m := range members {
		visible += m.weight
	}
	whole := max(said, visible)
	if whole == 0 {
		whole = 1 // nobody weighs anything, nobody pays
	}
	type share struct {
		trace     string
		ns        int64
		remainder *big.Int
	}
	var all []share
	left := new(big.Int).Div(new(big.Int).Mul(big.NewInt(g), big.NewInt(visible)), big.NewInt(whole)).Int64()
	for _, m := range members {
		quotient, remainder := new(big.Int).DivMod(new(big.Int).Mul(big.NewInt(g), big.NewInt(m.weight)), big.NewInt(whole), new(big.Int))
		all = append(all, share{m.trace.String(), quotient.Int64(), remainder})
		left -= quotient.Int64()
	}
	slices.SortFunc(all, func(x, y share) int {
		return cmp.Or(y.remainder.Cmp(x.remainder), cmp.Compare(x.trace, y.trace))
	})
	out := map[string]int64{}
	for i, s := range all {
		if int64(i) < left {
			s.ns++
		}
		out[s.trace] += s.ns
	}
	return out
}

// device is the six classes of 2.7, for the window [from, to). A batch is on
// the device if it has GPU spans there, of its own or of an outer batch. "[S0,
// g_first) or between its GPU spans": those on this device.
func (o *oracle) device(host, name string, from, to int64) analyze.DeviceReport {
	const busy, inServer, transfer, forming, consumer = 5, 4, 3, 2, 1
	var all []proof
	for _, b := range o.batches() {
		gpus := slices.DeleteFunc(gpusOf(b), func(g *role.Interval) bool { return g.Domain != host || g.Device != name })
		if len(gpus) == 0 {
			continue
		}
		for _, g := range gpus {
			all = append(all, proof{start: g.Start, end: g.End, rank: busy})
		}
		closed, _ := closeOf(b)
		if b.Server != nil {
			all = append(all, proof{start: b.Server.Start, end: earliest(gpus), rank: inServer},
				proof{start: closed, end: b.Server.Start, rank: transfer})
		}
		all = append(all, proof{start: earliest(gpus), end: latest(gpus), rank: inServer})
		if members := o.arrivals(b); len(members) > 0 {
			open := members[0].joined(b)
			all = append(all, proof{start: open, end: closed, rank: forming}, proof{start: members[0].at, end: open, rank: consumer})
		}
	}
	out := analyze.DeviceReport{Device: name, Host: host, Window: to - from}
	for _, piece := range pieces(all, from, to) {
		length, best := piece[1]-piece[0], 0
		for _, p := range active(all, piece) {
			best = max(best, p.rank)
		}
		*[]*int64{&out.Starved, &out.Consumer, &out.Forming, &out.Transfer, &out.HostWait, &out.Busy}[best] += length
	}
	return out
}
