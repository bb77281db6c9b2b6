//go:build unix

package receive_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
	"github.com/pfptrace/pfptrace/query/otlp/receive"
)

// The processor time of these benchmarks is the server's alone: clients are
// another process, and send what was encoded before. The baseline is a server
// with generated messages, as the documentation of its packages has it.

func BenchmarkGRPC(b *testing.B) { benchmark(b, "grpc", "", naiveGRPC) }

func BenchmarkGRPCGzip(b *testing.B) { benchmark(b, "grpc", "gzip", naiveGRPC) }

func BenchmarkHTTP(b *testing.B) { benchmark(b, "http", "", naiveHTTP) }

func BenchmarkHTTPGzip(b *testing.B) { benchmark(b, "http", "gzip", nil) }

func BenchmarkHTTPZstd(b *testing.B) { benchmark(b, "http", "zstd", nil) }

func benchmark(b *testing.B, protocol, compression string, naive func(testing.TB, *atomic.Int64) string) {
	var spans atomic.Int64
	r := start(b, receive.Options{GRPCAddr: loopback, HTTPAddr: loopback}, func(batch *receive.Batch) error {
		spans.Add(int64(len(batch.Spans)))
		batch.Release()
		return nil
	})
	address := r.GRPCAddr()
	if protocol == "http" {
		address = r.HTTPAddr()
	}
	ours := func() int { return load(b, &spans, protocol, compression, address) }
	expected := ours() // warm
	if naive == nil {
		otlptest.Compare(b, expected, ours, nil)
		return
	}
	slow := naive(b, &spans)
	otlptest.Compare(b, expected, ours, func() int { return load(b, &spans, protocol, compression, slow) })
}

// load has another process send the workload and returns how many spans came.
func load(b *testing.B, spans *atomic.Int64, protocol, compression, address string) int {
	before := spans.Load()
	client := exec.Command(os.Args[0])
	client.Env = append(os.Environ(), "PFPTRACE_TEST_CLIENT="+fmt.Sprintf("%s %s %q", protocol, address, compression))
	if out, err := client.CombinedOutput(); err != nil {
		b.Fatalf("client: %v\n%s", err, out)
	}
	return int(spans.Load() - before)
}

// count counts the spans of a generated message.
func countSpans(request *collectorpb.ExportTraceServiceRequest, spans *atomic.Int64) {
	for _, resource := range request.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			spans.Add(int64(len(scope.Spans)))
		}
	}
}

type naiveTraces struct {
	collectorpb.UnimplementedTraceServiceServer
	spans *atomic.Int64
}

func (n naiveTraces) Export(_ context.Context, request *collectorpb.ExportTraceServiceRequest) (*collectorpb.ExportTraceServiceResponse, error) {
	countSpans(request, n.spans)
	return new(collectorpb.ExportTraceServiceResponse), nil
}

func naiveGRPC(tb testing.TB, spans *atomic.Int64) (address string) {
	listener, err := net.Listen("tcp", loopback)
	if err != nil {
		tb.Fatal(err)
	}
	naive := grpc.NewServer()
	collectorpb.RegisterTraceServiceServer(naive, naiveTraces{spans: spans})
	go naive.Serve(listener)
	tb.Cleanup(naive.Stop)
	return listener.Addr().String()
}

func naiveHTTP(tb testing.TB, spans *atomic.Int64) (address string) {
	listener, err := net.Listen("tcp", loopback)
	if err != nil {
		tb.Fatal(err)
	}
	naive := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		request := new(collectorpb.ExportTraceServiceRequest)
		if err != nil || proto.Unmarshal(body, request) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		countSpans(request, spans)
	})}
	go naive.Serve(listener)
	tb.Cleanup(func() { naive.Close() })
	return listener.Addr().String()
}
