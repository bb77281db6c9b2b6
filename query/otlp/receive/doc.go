// Package receive listens for OTLP over gRPC and HTTP and hands what comes in
// to a [Sink].
//
// A request's way: its bytes are taken in under a budget ([Options].InFlight),
// decompressed, decoded once by package otlp, given to the sink, answered. Both
// protocols share accept, so both say the same about the same request.
//
// Clients are strangers. A message has a limit before and after decompression,
// a time by which it must have come, and a share of the budget while it is
// here; beyond the budget clients are told to come back later, and beyond a
// multiple of it the connection that holds most is closed.
package receive
