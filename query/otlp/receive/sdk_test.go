package receive_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp/receive"
)

// What OpenTelemetry's own exporters send is there, and reads back equal.
func TestEverySpanOfTheSDKReadsBackEqual(t *testing.T) {
	ctx := context.Background()
	for name, export := range map[string]func(r *receive.Receiver) (*otlptrace.Exporter, error){
		"grpc": func(r *receive.Receiver) (*otlptrace.Exporter, error) {
			return otlptracegrpc.New(ctx, otlptracegrpc.WithEndpoint(r.GRPCAddr()), otlptracegrpc.WithInsecure())
		},
		"grpc gzip": func(r *receive.Receiver) (*otlptrace.Exporter, error) {
			return otlptracegrpc.New(ctx, otlptracegrpc.WithEndpoint(r.GRPCAddr()), otlptracegrpc.WithInsecure(), otlptracegrpc.WithCompressor("gzip"))
		},
		"http": func(r *receive.Receiver) (*otlptrace.Exporter, error) {
			return otlptracehttp.New(ctx, otlptracehttp.WithEndpoint(r.HTTPAddr()), otlptracehttp.WithInsecure())
		},
		"http gzip": func(r *receive.Receiver) (*otlptrace.Exporter, error) {
			return otlptracehttp.New(ctx, otlptracehttp.WithEndpoint(r.HTTPAddr()), otlptracehttp.WithInsecure(), otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got store
			r := start(t, receive.Options{GRPCAddr: loopback, HTTPAddr: loopback}, got.keep)
			exporter, err := export(r)
			if err != nil {
				t.Fatal(err)
			}
			sent := record(t, exporter, 700) // more than one request holds
			compare(t, sent, got.sorted())
			if stats := r.Stats(); stats.Spans != 700 || stats.RefusedSpans+stats.Busy+stats.Malformed != 0 {
				t.Errorf("stats are %+v", stats)
			}
		})
	}
}

// record makes spans that link to each other, exports them and returns them.
func record(t *testing.T, exporter *otlptrace.Exporter, count int) []sdk.ReadOnlySpan {
	t.Helper()
	recorder := tracetest.NewSpanRecorder()
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithSpanProcessor(recorder))
	tracer := provider.Tracer("test")
	var last trace.SpanContext
	for i := range count {
		_, span := tracer.Start(context.Background(), fmt.Sprint("span ", i),
			trace.WithSpanKind(trace.SpanKindProducer),
			trace.WithLinks(trace.Link{SpanContext: last, Attributes: []attribute.KeyValue{attribute.Int("place", i)}}),
			trace.WithAttributes(attribute.Int("number", i), attribute.StringSlice("list", []string{"a", "b"})))
		last = span.SpanContext()
		span.End()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := provider.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	spans := recorder.Ended()
	slices.SortFunc(spans, func(a, b sdk.ReadOnlySpan) int {
		idA, idB := a.SpanContext().TraceID(), b.SpanContext().TraceID()
		return slices.Compare(idA[:], idB[:])
	})
	return spans
}

func compare(t *testing.T, sent []sdk.ReadOnlySpan, got []model.Span) {
	t.Helper()
	if len(got) != len(sent) {
		t.Fatalf("%d spans, sent %d", len(got), len(sent))
	}
	for i, want := range sent {
		span := &got[i]
		if span.Trace != model.TraceID(want.SpanContext().TraceID()) || span.ID != model.SpanID(want.SpanContext().SpanID()) || span.Name != want.Name() {
			t.Fatalf("span %d is %v %v %q, sent %v %q", i, span.Trace, span.ID, span.Name, want.SpanContext(), want.Name())
		}
		if span.Start != want.StartTime().UnixNano() || span.End != want.EndTime().UnixNano() || span.Kind != model.KindProducer {
			t.Errorf("%s: %d to %d, kind %v", span.Name, span.Start, span.End, span.Kind)
		}
		for key, value := range span.Attrs().All() {
			at := slices.IndexFunc(want.Attributes(), func(kv attribute.KeyValue) bool { return string(kv.Key) == key })
			if at < 0 {
				t.Errorf("%s: attribute %s was not sent", span.Name, key)
			} else if number, ok := value.Int(); ok && number != want.Attributes()[at].Value.AsInt64() {
				t.Errorf("%s: %s is %d", span.Name, key, number)
			}
		}
		if span.Attrs().Len() != len(want.Attributes()) || int(span.Links) != len(want.Links()) {
			t.Errorf("%s: %d attributes and %d links, sent %d and %d", span.Name, span.Attrs().Len(), span.Links, len(want.Attributes()), len(want.Links()))
		}
		n := 0
		for link := range span.LinkSeq() {
			to := want.Links()[n].SpanContext
			if link.Trace != model.TraceID(to.TraceID()) || link.Span != model.SpanID(to.SpanID()) {
				t.Errorf("%s: link %d goes to %v", span.Name, n, link.Ref)
			}
			n++
		}
	}
}
