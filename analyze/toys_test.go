package analyze_test

import (
	"slices"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// toy is a span of a generated world before it is encoded, so that a property
// can move it, cut it or take it away.
type toy struct {
	model.Draft
	role   role.Role
	domain string
}

type toys []toy

// toyEpoch is zero of the toys' times: the start of a 60 s bucket, plus room
// for what happens a little before.
const toyEpoch = 29_000_000*minute + minute/2

// spans encodes the world.
func (w toys) spans() (out []model.Span) {
	origins := map[string]*model.Origin{}
	for _, s := range w {
		if origins[s.domain] == nil {
			origins[s.domain] = model.MakeOrigin("", model.String("service.name", "svc-"+s.domain), model.String("host.name", s.domain))
		}
		d := s.Draft
		d.Name = s.role.String()
		if s.role != role.None {
			d.Attrs = append([]model.KeyValue{model.String("pfptrace.role", s.role.String())}, d.Attrs...)
		} else {
			d.Name = "plain"
		}
		out = append(out, d.Span(origins[s.domain]))
	}
	return out
}

func (w toys) clone() toys {
	out := slices.Clone(w)
	for i := range out {
		out[i].Attrs = slices.Clone(out[i].Attrs)
		out[i].Events = slices.Clone(out[i].Events)
		out[i].Links = slices.Clone(out[i].Links)
	}
	return out
}

// retime returns the world with every time changed.
func (w toys) retime(change func(domain string, t int64) int64) toys {
	out := w.clone()
	for i := range out {
		s := &out[i]
		s.Start, s.End = change(s.domain, s.Start), change(s.domain, s.End)
		for j := range s.Events {
			s.Events[j].Time = change(s.domain, s.Events[j].Time)
		}
	}
	return out
}
