package receive

import "sync/atomic"

// Stats count since the start, but for the last three.
type Stats struct {
	Requests        uint64 // of traces that were accepted
	Spans           uint64 // in them, given to the sink
	Bytes           uint64 // of them, decompressed
	RefusedSpans    uint64 // left out of accepted requests, the client was told why
	Malformed       uint64 // requests that could not be read
	TooLarge        uint64 // requests above MaxMessage
	Incomplete      uint64 // requests that broke off, or did not come in time
	Busy            uint64 // requests refused under pressure, to be sent again
	Unauthenticated uint64 // requests without the token
	DroppedMetrics  uint64 // requests of metrics, answered with success
	DroppedLogs     uint64 // requests of logs, likewise

	ConnectionsRefused uint64 // above MaxConnections
	ConnectionsShed    uint64 // closed for the memory that they held

	Connections int   // now open
	InFlight    int64 // bytes of requests that are here now
	MaxInFlight int64 // its limit
}

type counts struct {
	requests, spans, bytes, refusedSpans, malformed, tooLarge, incomplete, busy, unauthenticated,
	droppedMetrics, droppedLogs, connectionsRefused, connectionsShed atomic.Uint64
}

// Stats returns what happened so far. The numbers are read one after another.
func (r *Receiver) Stats() Stats {
	c := &r.count
	return Stats{
		Requests:           c.requests.Load(),
		Spans:              c.spans.Load(),
		Bytes:              c.bytes.Load(),
		RefusedSpans:       c.refusedSpans.Load(),
		Malformed:          c.malformed.Load(),
		TooLarge:           c.tooLarge.Load(),
		Incomplete:         c.incomplete.Load(),
		Busy:               c.busy.Load(),
		Unauthenticated:    c.unauthenticated.Load(),
		DroppedMetrics:     c.droppedMetrics.Load(),
		DroppedLogs:        c.droppedLogs.Load(),
		ConnectionsRefused: c.connectionsRefused.Load(),
		ConnectionsShed:    c.connectionsShed.Load(),
		Connections:        r.conns.len(),
		InFlight:           r.budget.used.Load(),
		MaxInFlight:        r.budget.limit,
	}
}
