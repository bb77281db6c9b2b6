// Package model says what a span is here, and holds the spans that were loaded.
//
// Bytes become the model once. Every reader fills [Span] values whose header
// (ids, times, name, kind, status) is decoded and whose details (attributes,
// events, links) stay in OTLP's protobuf encoding, read when asked for through
// [Attrs], [Span.Events] and [Span.Links]. Formats other than protobuf are
// transcoded once, while they are read. That is what makes millions of spans a
// second and full details go together.
//
// [Builder] groups spans into [Traces]: duplicates merged, parents resolved,
// cycles broken, nothing recursive over what a stranger sent.
//
// The package imports the standard library only.
package model
