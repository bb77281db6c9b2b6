package profile

import (
	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// fact returns what span i says: by the key of the explicit profile first, then
// by that of the profile that claims it.
func (l *localizer) fact(i int, f fact) (model.Value, bool) {
	d := l.at(i)
	if l.explicit >= 0 {
		if key := l.profiles[l.explicit].facts[f]; key != "" {
			if v, ok := d.attr(key); ok {
				return v, true
			}
		}
	}
	if p := l.claims[i].profile; p >= 0 && int(p) != l.explicit {
		if key := l.profiles[p].facts[f]; key != "" {
			return d.attr(key)
		}
	}
	return model.Value{}, false
}

// number reads a fact that is not negative.
func (l *localizer) number(i int, f fact) (n int64, ok bool) {
	v, said := l.fact(i, f)
	if !said {
		return 0, false
	}
	if n, ok = v.Int(); !ok || n < 0 {
		l.odd.badNumbers++
		return 0, false
	}
	return n, true
}

func (l *localizer) factText(i int, f fact) string {
	v, _ := l.fact(i, f)
	return v.Str()
}

// traceID reads an attribute that holds the id of a trace.
func (l *localizer) traceID(v model.Value) (model.TraceID, bool) {
	id, err := model.ParseTraceID(v.Str())
	if err != nil || id.IsZero() {
		l.odd.badIDs++
		return model.TraceID{}, false
	}
	return id, true
}

func (l *localizer) newRequest(i int) *role.RequestInfo {
	span := &l.trace.Spans[i]
	r := l.requests.next()
	*r = role.RequestInfo{
		Trace: l.trace.ID, Span: span, Service: span.Origin.Service, Status: status(span), Start: span.Start,
		End: max(span.Start, span.End), Domain: span.Origin.Domain, Can: l.can.request,
	}
	if p := l.claims[i].profile; p >= 0 {
		r.Profile, r.Async = l.profiles[p].Name, l.profiles[p].async
	}
	r.Weight, r.HasWeight = l.number(i, factWeight)
	return r
}

func (l *localizer) newBatch(i int) *batch {
	span := &l.trace.Spans[i]
	b := l.states.next()
	b.info = l.batches.next()
	*b.info = role.BatchInfo{
		Trace: l.trace.ID, Span: span, Status: status(span), Start: span.Start, End: max(span.Start, span.End),
		Domain: span.Origin.Domain, Can: l.can.batch,
		CloseReason: l.factText(i, factCloseReason), Consumer: l.factText(i, factConsumer), Device: l.factText(i, factDevice),
	}
	for f, to := range map[fact]*int64{
		factSize: &b.info.Size, factMaxSize: &b.info.MaxSize, factBatchWeight: &b.info.Weight, factMaxWeight: &b.info.MaxWeight,
		factMaxDelay: &b.info.MaxDelay, factFirstEnqueue: &b.info.FirstEnqueue, factLastEnqueue: &b.info.LastEnqueue,
	} {
		*to, _ = l.number(i, f)
	}
	warmup, _ := l.fact(i, factWarmup)
	b.info.Warmup = warmup.Bool()
	if p := l.claims[i].profile; p >= 0 {
		b.info.Profile, b.parentJoin = l.profiles[p].Name, l.profiles[p].parentJoin
	}
	b.carriers = append(b.carriers, int32(i))
	return b
}

// The status code of a cancelled gRPC call, as the old and the new semantic
// conventions write it.
const (
	grpcCancelled     = 1
	grpcCancelledName = "CANCELLED"
)

// status is that of the span alone (method.md 2.1).
func status(span *model.Span) role.Status {
	if span.Status != model.StatusError {
		return role.OK
	}
	for key, value := range span.Attrs().All() {
		switch key {
		case "error.type":
			if value.Str() == "cancelled" {
				return role.Cancelled
			}
		case "rpc.grpc.status_code", "rpc.response.status_code":
			if code, ok := value.Int(); ok && code == grpcCancelled || value.Str() == grpcCancelledName {
				return role.Cancelled
			}
		}
	}
	return role.Error
}
