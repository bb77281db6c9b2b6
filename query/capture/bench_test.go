//go:build unix

package capture_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/capture"
	"github.com/pfptrace/pfptrace/query/file"
	"github.com/pfptrace/pfptrace/query/otlp"
	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
)

// workload returns messages and how many spans they hold.
func workload() (messages [][]byte, spans int) {
	messages = otlptest.Workload(50_000, 1)
	for _, message := range messages {
		spans += otlp.ExtentOf(message).Spans
	}
	return messages, spans
}

// asCapture writes messages to a capture.
func asCapture(b *testing.B, to io.Writer, messages [][]byte) capture.Stats {
	w, err := capture.NewWriter(to, capture.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, message := range messages {
		if err := w.Write(otlp.Traces, message); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return w.Stats()
}

// asCollector writes messages as the Collector's file exporter does with zstd:
// each compressed by itself, after its length.
func asCollector(b *testing.B, to *bytes.Buffer, messages [][]byte) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		b.Fatal(err)
	}
	defer encoder.Close()
	var packed []byte
	for _, message := range messages {
		packed = encoder.EncodeAll(message, packed[:0])
		to.Write(binary.BigEndian.AppendUint32(nil, uint32(len(packed))))
		to.Write(packed)
	}
}

// BenchmarkWrite is held to the Collector's format.
func BenchmarkWrite(b *testing.B) {
	messages, spans := workload()
	var ours int64
	var theirs bytes.Buffer
	otlptest.Compare(b, spans, func() int {
		stats := asCapture(b, io.Discard, messages)
		ours = stats.Bytes
		return int(stats.Spans)
	}, func() int {
		theirs.Reset()
		asCollector(b, &theirs, messages)
		return spans
	})
	b.ReportMetric(float64(ours)/float64(spans), "B/span")
	b.ReportMetric(float64(theirs.Len())/float64(spans), "B/span-baseline")
}

// BenchmarkRead reads a capture, and the Collector's format as its baseline.
func BenchmarkRead(b *testing.B) {
	messages, spans := workload()
	var ours, theirs bytes.Buffer
	asCapture(b, &ours, messages)
	asCollector(b, &theirs, messages)
	read := func(content []byte) (count int) {
		_, err := file.Stream(context.Background(), []string{"-"}, bytes.NewReader(content), file.Options{}, func(list []model.Span, _ int64) error {
			count += len(list)
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		return count
	}
	otlptest.Compare(b, spans, func() int { return read(ours.Bytes()) }, func() int { return read(theirs.Bytes()) })
}
