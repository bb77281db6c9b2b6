package analyze_test

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// spoil does one of the things to a world that happen to real traces: clocks
// drift, spans and links get lost or come twice, work is cancelled, attributes
// are missing, roles stand where nobody expects them.
func spoil(t *rapid.T, w toys) toys {
	w = w.clone()
	if len(w) == 0 {
		return w
	}
	i := rapid.IntRange(0, len(w)-1).Draw(t, "span")
	s := &w[i]
	small := rapid.Int64Range(-8, 8)
	switch what := rapid.IntRange(0, 15).Draw(t, "spoil"); what {
	case 0:
		domain, offset := s.domain, small.Draw(t, "skew")
		return w.retime(func(d string, at int64) int64 {
			if d == domain {
				return at + offset
			}
			return at
		})
	case 1:
		return slices.Delete(w, i, i+1)
	case 2:
		lost := s.role
		return slices.DeleteFunc(w, func(s toy) bool { return s.role == lost })
	case 3:
		s.Start += small.Draw(t, "start")
		s.End = max(s.Start, s.End+small.Draw(t, "end"))
	case 4:
		s.Start = toyEpoch + rapid.Int64Range(-5, 80).Draw(t, "start")
		s.End = s.Start + rapid.Int64Range(0, 40).Draw(t, "length")
	case 5:
		twin := *s
		twin.End += max(0, small.Draw(t, "longer"))
		return append(w, twin)
	case 6:
		s.End = s.Start
	case 7:
		s.Status = model.StatusError
		if rapid.Bool().Draw(t, "cancelled") {
			s.Attrs = append(s.Attrs, model.String("error.type", "cancelled"))
		}
	case 8:
		s.Attrs = slices.DeleteFunc(s.Attrs, func(kv model.KeyValue) bool {
			return kv.Key() == "pfptrace.device" || kv.Key() == "pfptrace.members" || kv.Key() == "pfptrace.member"
		})
	case 9:
		s.role = rapid.SampledFrom([]role.Role{role.None, role.Gateway, role.Queue, role.Form, role.Prep, role.GPU, role.Post, role.Scatter}).Draw(t, "role")
	case 10:
		return append(w, ownWork(t, w, s.Trace)...)
	case 11:
		twin := *s // a second span of a role that is needed once
		twin.ID[0] = byte(rapid.IntRange(1, 3).Draw(t, "second"))
		twin.Start += small.Draw(t, "start")
		twin.End = max(twin.Start, twin.End+small.Draw(t, "end"))
		return append(w, twin)
	default:
		spoilLinks(t, w, what)
	}
	return w
}

// ownWork is work in a trace of its own request: an implicit batch, if that is
// what the trace holds.
func ownWork(t *rapid.T, w toys, trace model.TraceID) (out toys) {
	start := toyEpoch + rapid.Int64Range(0, 50).Draw(t, "start")
	for n, r := range rapid.SliceOfNDistinct(rapid.SampledFrom([]role.Role{role.Form, role.RPC, role.Server, role.Prep, role.GPU, role.Post, role.Scatter}), 1, 4, rapid.ID).Draw(t, "own work") {
		work := toy{role: r, domain: "G1", Draft: model.Draft{Trace: trace, ID: model.SpanID{5: 1, 7: byte(n + len(w))}, Start: start, End: start + rapid.Int64Range(0, 20).Draw(t, "length")}}
		for _, s := range w {
			if s.Trace == trace && s.Parent.IsZero() {
				work.Parent = s.ID
			}
		}
		if r == role.GPU {
			work.Attrs = []model.KeyValue{model.String("pfptrace.device", "gpu0")}
		}
		out = append(out, work)
		start += rapid.Int64Range(0, 8).Draw(t, "then")
	}
	return out
}

// spoilLinks changes one link of a batch: it gets lost, names another span of
// the member's trace, stands on the member's side, or becomes a batch.id.
func spoilLinks(t *rapid.T, w toys, what int) {
	var linking []int
	for i := range w {
		if len(w[i].Links) > 0 {
			linking = append(linking, i)
		}
	}
	if len(linking) == 0 {
		return
	}
	from := &w[rapid.SampledFrom(linking).Draw(t, "from")]
	n := rapid.IntRange(0, len(from.Links)-1).Draw(t, "link")
	link := from.Links[n]
	var there []int
	for i := range w {
		if w[i].Trace == link.Trace {
			there = append(there, i)
		}
	}
	switch {
	case what == 12:
		from.DroppedLinks++
		from.Links = slices.Delete(from.Links, n, n+1)
	case what == 13 && len(there) > 0:
		from.Links[n].Ref.Span = w[rapid.SampledFrom(there).Draw(t, "to")].ID
	case what == 14 && len(there) > 0:
		from.Links = slices.Delete(from.Links, n, n+1)
		other := &w[rapid.SampledFrom(there).Draw(t, "other")]
		if rapid.Bool().Draw(t, "by id") {
			other.Attrs = append(other.Attrs, model.String("pfptrace.batch.id", from.Trace.String()))
		} else {
			other.Links = append(other.Links, model.DraftLink{Ref: model.Ref{Trace: from.Trace, Span: from.ID}, Flags: 0x301})
		}
	default:
		from.Links = append(from.Links, model.DraftLink{Ref: model.Ref{Trace: model.TraceID{0: 0xdd}, Span: model.SpanID{1}}, Flags: rapid.SampledFrom([]uint32{0, 0x300, 0x301}).Draw(t, "flags")})
	}
}
