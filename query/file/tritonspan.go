package file

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/pfptrace/pfptrace/model"
)

// The spans made here have the shape that Triton writes in its OpenTelemetry
// mode, so that one profile reads both: InferRequest, in it the model's span,
// in it "compute". What the moments of InferRequest are there, events before
// its start, is its start here: nothing else says when it began.

// maxAncestors bounds how far parents are followed; ensembles hold each other
// two or three deep.
const maxAncestors = 64

// finishTriton turns the records of the file into spans, also those that were
// read before the limit of memory was reached.
func (r *reading) finishTriton() {
	t := &r.triton
	if len(t.order) == 0 {
		return
	}
	r.met("Triton trace JSON")
	r.note("Triton's times are of the host's steady clock, not of wall time: they cannot be put beside those of another host, or of before a restart")
	origin := model.MakeOrigin("triton-server",
		model.String("service.name", "triton-inference-server"), model.String("pfptrace.clock", "steady"))
	unfinished, lost := 0, 0
	for _, q := range t.order {
		if _, ok := q.at("REQUEST_END"); !ok {
			unfinished++
		}
		root, ok := t.rootOf(q)
		if !ok {
			lost++
		}
		drafts := q.drafts(root, t.parentOf(q))
		spans, bytes := r.spans[:0], 0
		for i := range drafts {
			span := drafts[i].Span(origin)
			spans = append(spans, span)
			bytes += len(span.Raw)
		}
		_ = r.add(spans, bytes)
	}
	r.noteTriton(unfinished, lost)
}

func (r *reading) noteTriton(unfinished, lost int) {
	if unfinished > 0 {
		r.note(counted(unfinished, "request") + " without REQUEST_END: taken to end with the last moment that is there")
	}
	if lost > 0 {
		r.note(counted(lost, "request") + " of ensembles whose parent is not in the file, or is themselves: in a trace of their own")
	}
	if r.triton.tensors > 0 {
		r.note(counted(r.triton.tensors, "record") + " of tensors, which are not read")
	}
}

// parentOf returns the request that made q, nil if none did or it is missing.
func (t *triton) parentOf(q *tritonRequest) *tritonRequest {
	if q.parent == 0 {
		return nil
	}
	return t.requests[tritonKey{q.key.array, q.parent}]
}

// rootOf returns the request whose trace q belongs to. If some ancestor is
// missing or the parents go round, that is q itself, and ok is false.
func (t *triton) rootOf(q *tritonRequest) (root *tritonRequest, ok bool) {
	root = q
	for range maxAncestors {
		if root.parent == 0 {
			return root, true
		}
		parent := t.parentOf(root)
		if parent == nil {
			break
		}
		root = parent
	}
	return q, false
}

// tritonSeed is what ids are made of. It comes from the record, not from the
// file's name: the same request has the same ids in a copy of the file and in
// a longer one, and those of two servers differ by the nanosecond of their
// first moment.
type tritonSeed [sha256.Size]byte

func (q *tritonRequest) seed() tritonSeed {
	var first stamp
	if len(q.stamps) > 0 {
		first = q.stamps[0]
	}
	return sha256.Sum256(fmt.Appendf(nil, "triton %d %q %q %q %d", q.key.id, q.model, q.request, first.name, first.ns))
}

func (s tritonSeed) traceID() model.TraceID { return model.TraceID(s[:16]) }

func (s tritonSeed) spanID(span string) model.SpanID {
	sum := sha256.Sum256(append(s[:], span...))
	return model.SpanID(sum[:8])
}

// drafts makes the spans of a request in the trace of root. A request that
// another made has no InferRequest: its model's span hangs under the parent's.
func (q *tritonRequest) drafts(root, parent *tritonRequest) (drafts []model.Draft) {
	seed := q.seed()
	child := func(span string, above model.SpanID, name string) model.Draft {
		return model.Draft{Trace: root.seed().traceID(), ID: seed.spanID(span), Parent: above, Name: name, Kind: model.KindServer}
	}
	var above model.SpanID
	switch {
	case q.parent == 0:
		request := child("InferRequest", model.SpanID{}, "InferRequest")
		var ok bool
		if request.Start, request.End, ok = q.extent(isOfRequest); !ok {
			return nil
		}
		request.Events = q.events(func(name string) bool { return placeOf(name) == inRequest })
		above = request.ID
		drafts = append(drafts, request)
	case root != q:
		above = parent.seed().spanID("model")
	}
	first, last, ok := q.extent(func(name string) bool { return placeOf(name) != inRequest })
	if !ok {
		return drafts
	}
	activities := q.activities()
	own := child("model", above, q.model)
	own.Start, own.End = q.between("REQUEST_START", "REQUEST_END", first, last)
	own.Attrs = q.attributes()
	own.Events = q.events(func(name string) bool {
		return placeOf(name) == inModel && !slices.Contains(activities, activityOf(name)) || placeOf(name) == inRequest && q.parent != 0
	})
	drafts = append(drafts, own)
	if start, end, ok := q.extent(isOfCompute); ok {
		compute := child("compute", own.ID, "compute")
		compute.Start, compute.End = q.between("COMPUTE_START", "COMPUTE_END", start, end)
		compute.Events = q.events(isOfCompute)
		drafts = append(drafts, compute)
	}
	for _, name := range activities {
		activity := child("activity "+name, own.ID, name)
		activity.Start, activity.End = q.between(name+"_START", name+"_END", first, last)
		activity.Events = q.events(func(moment string) bool { return activityOf(moment) == name })
		drafts = append(drafts, activity)
	}
	return drafts
}

// activities returns the names X of what a backend reports as X_START and
// X_END. They are spans of their own.
func (q *tritonRequest) activities() (names []string) {
	for _, s := range q.stamps {
		name := activityOf(s.name)
		if name == "" || name == "REQUEST" || placeOf(s.name) != inModel || slices.Contains(names, name) {
			continue
		}
		_, started := q.at(name + "_START")
		_, ended := q.at(name + "_END")
		if started && ended {
			names = append(names, name)
		}
	}
	return names
}

// activityOf returns X for X_START and X_END, else "".
func activityOf(name string) string {
	if x, ok := strings.CutSuffix(name, "_START"); ok {
		return x
	}
	x, _ := strings.CutSuffix(name, "_END")
	if x == name {
		return ""
	}
	return x
}

func (q *tritonRequest) events(passes func(name string) bool) (events []model.DraftEvent) {
	for _, s := range q.stamps {
		if passes(s.name) {
			events = append(events, model.DraftEvent{Time: s.ns, Name: s.name})
		}
	}
	return events
}

// isOfRequest leaves out when an idle gRPC handler began to wait: that is not
// part of the request, and may be minutes before it.
func isOfRequest(name string) bool { return name != "GRPC_WAITREAD_START" }

func isOfCompute(name string) bool { return placeOf(name) == inCompute }

// between returns the moments with these names, or what is given instead of a
// missing one.
func (q *tritonRequest) between(from, to string, first, last int64) (start, end int64) {
	start, ok := q.at(from)
	if !ok {
		start = first
	}
	end, ok = q.at(to)
	if !ok {
		end = last
	}
	return start, end
}

func (q *tritonRequest) attributes() []model.KeyValue {
	attrs := []model.KeyValue{
		model.String("triton.model_name", q.model),
		model.Int("triton.model_version", q.version),
		model.Int("triton.trace_id", q.key.id),
		model.Int("triton.trace_parent_id", q.parent),
	}
	if q.request != "" {
		attrs = append(attrs, model.String("triton.request_id", q.request))
	}
	return attrs
}

// place is the span that a moment belongs to.
type place uint8

const (
	inModel place = iota
	inRequest
	inCompute
)

func placeOf(name string) place {
	switch {
	case strings.HasPrefix(name, "HTTP_"), strings.HasPrefix(name, "GRPC_"), name == "INFER_RESPONSE_COMPLETE":
		return inRequest
	case name == "COMPUTE_START", name == "COMPUTE_INPUT_END", name == "COMPUTE_OUTPUT_START", name == "COMPUTE_END":
		return inCompute
	}
	return inModel
}
