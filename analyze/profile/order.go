package profile

import (
	"bytes"
	"cmp"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// compareIntervals orders by start, then end, then span id.
func compareIntervals(x, y *role.Interval) int {
	return cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(x.End, y.End), x.Span.ID.Compare(y.Span.ID))
}

// compareWork orders the intervals of a batch, of which some may be from other
// traces; a span may give two with the same times.
func compareWork(x, y *role.Interval) int {
	return cmp.Or(compareIntervals(x, y), x.Span.Trace.Compare(y.Span.Trace))
}

// compareQueues orders by start, then span id.
func compareQueues(x, y *role.Interval) int {
	return cmp.Or(cmp.Compare(x.Start, y.Start), x.Span.ID.Compare(y.Span.ID), cmp.Compare(x.End, y.End))
}

func compareRequests(x, y *role.RequestInfo) int {
	return cmp.Or(cmp.Compare(x.Start, y.Start), x.Trace.Compare(y.Trace), x.Span.ID.Compare(y.Span.ID))
}

func compareBatches(x, y *role.BatchInfo) int {
	return cmp.Or(cmp.Compare(x.Start, y.Start), x.Trace.Compare(y.Trace), spanID(x).Compare(spanID(y)), cmp.Compare(x.Key, y.Key))
}

// spanID is zero for a batch without a span of its own.
func spanID(b *role.BatchInfo) model.SpanID {
	if b.Span == nil {
		return model.SpanID{}
	}
	return b.Span.ID
}

func compareMembers(x, y *role.Membership) int {
	if c := bytes.Compare(x.Request.Trace[:], y.Request.Trace[:]); c != 0 {
		return c
	}
	return x.Request.Span.ID.Compare(y.Request.Span.ID)
}

func compareUsers(x, y user) int {
	return cmp.Or(cmp.Compare(x.at, y.at), x.request.Trace.Compare(y.request.Trace), cmp.Compare(x.span, y.span))
}
