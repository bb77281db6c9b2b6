// Package file reads traces from files, folders and standard input. The
// content decides the format, never the name:
//
//   - OTLP JSON: lines, one or several documents one after another (indented or
//     not), arrays of them, the answers of Jaeger's api_v3 and of Tempo;
//   - OTLP protobuf: one message, or many, each after its length (4 bytes
//     big-endian as the Collector's file exporter writes, or a varint);
//   - Jaeger UI JSON;
//   - Triton's own trace JSON, unterminated too, and its old format;
//   - gzip or zstd of any of these;
//   - captures, frame by frame (package capture).
//
// What cannot be read is skipped, counted and named, and what stands around it
// is kept. Only a file of which nothing could be read is an error.
//
// A file goes through four hands: [source] is the window on its bytes, sniff
// names the format, documents or frames cut the bytes into messages, and one
// decoder turns a message into spans. [Load] keeps them, [Stream] hands them on.
package file
