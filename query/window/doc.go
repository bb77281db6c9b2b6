// Package window keeps the latest spans of a stream within limits, and hands
// out snapshots of them that do not change.
//
// The window is a queue of segments, about sixteen when it is full. Spans go
// into the newest; the oldest is evicted whole, with all that it holds. A
// segment is complete in itself: its records, its index of trace ids, its
// links, its details. What stands in several segments is joined by trace id
// when it is read, so eviction leaves no reference behind that points to
// nothing, and costs nothing by the span.
//
//	segment:  trace id ──> entry ──> newest record ──> earlier record ──> ...
//	                        └──────> newest link to it ──> earlier link ──> ...
//	          record ──> block of details, compressed
//
// A link is kept with the span that carries it, under the trace that it names:
// which of the two comes first makes no difference. A trace that is only named
// has an entry without records, a stub. Stubs are bounded, and go with their
// segment.
//
// Records, entries and links hold no pointers and lie in chunks that are used
// again: the garbage collector has nothing to follow and little to collect.
package window
