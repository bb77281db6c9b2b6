// Package capture writes OTLP messages to files that survive the death of
// their writer.
//
// A capture is a row of frames. A frame is two frames of zstd: a skippable one,
// which says what follows (see [Header]), and a plain one with the messages of
// one signal, each after its length as 4 bytes, big-endian. So `zstd -d` turns
// a capture into what the Collector's file exporter writes, captures can be
// joined by cat, and whoever looks for one signal or one hour reads the headers
// alone.
//
// A frame is written by one call, at the latest half a second after its first
// message came, and synced to the disk. A process that is killed loses no more
// than that, and the file ends with a whole frame or with a piece of one, which
// readers can tell by the header. A machine that loses power loses no more
// either, as far as its disk keeps what it has confirmed.
//
// Rejected: a stream of zstd that is flushed (a torn tail costs a block of
// unknown content, and nothing in between can be skipped), Parquet (unreadable
// until it is closed).
package capture
