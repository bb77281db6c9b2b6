// Package otlp reads OpenTelemetry traces, protobuf and JSON, straight into
// the model, and writes them as protobuf.
//
// A span's header is decoded; its details stay on the wire: [Decoder.Proto]
// leaves them where they came in, [Decoder.JSON] transcodes them to protobuf
// once. Everything that a view of package model may read later is validated
// here, so that views cannot fail.
//
// Both readers have a fast path for the shapes that SDKs and the Collector
// write and a general path for everything else. The general path is the
// reference: tests hold the fast one to it.
package otlp
