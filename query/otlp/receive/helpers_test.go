package receive_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp"
	"github.com/pfptrace/pfptrace/query/otlp/receive"
)

const loopback = "127.0.0.1:0"

// store is a sink that keeps everything.
type store struct {
	mu       sync.Mutex
	spans    []model.Span
	messages [][]byte
}

func (s *store) keep(b *receive.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spans = append(s.spans, b.Spans...)
	s.messages = append(s.messages, b.Message)
	return nil
}

func (s *store) sorted() []model.Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	spans := slices.Clone(s.spans)
	slices.SortFunc(spans, func(a, b model.Span) int {
		return bytes.Compare(append(a.Trace[:], a.ID[:]...), append(b.Trace[:], b.ID[:]...))
	})
	return spans
}

// start listens until the test ends.
func start(t testing.TB, options receive.Options, sink receive.Sink) *receive.Receiver {
	t.Helper()
	r, err := receive.Listen(context.Background(), options, sink)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections() // a shutdown waits for those that were never used
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := r.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	return r
}

// dial connects to the gRPC port; the connection ends before the receiver.
func dial(t testing.TB, r *receive.Receiver, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	options = append([]grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}, options...)
	conn, err := grpc.NewClient(r.GRPCAddr(), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

const exportTraces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

// export sends a message as it is over gRPC.
func export(ctx context.Context, conn *grpc.ClientConn, message []byte, options ...grpc.CallOption) (*collectorpb.ExportTraceServiceResponse, error) {
	var response []byte
	options = append(options, grpc.ForceCodec(asIs{}))
	if err := conn.Invoke(ctx, exportTraces, message, &response, options...); err != nil {
		return nil, err
	}
	decoded := new(collectorpb.ExportTraceServiceResponse)
	return decoded, proto.Unmarshal(response, decoded)
}

// asIs is a codec for messages that are encoded already.
type asIs struct{}

func (asIs) Name() string                       { return "proto" }
func (asIs) Marshal(v any) ([]byte, error)      { return v.([]byte), nil }
func (asIs) Unmarshal(data []byte, v any) error { *v.(*[]byte) = bytes.Clone(data); return nil }

// post sends a body over HTTP and returns the answer and its body.
func post(t testing.TB, url, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	return do(t, http.MethodPost, url, body, headers...)
}

func do(t testing.TB, method, url, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequest(method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

func tracesURL(r *receive.Receiver) string { return "http://" + r.HTTPAddr() + "/v1/traces" }

// oneSpan is a request with one span of this name.
func oneSpan(name string) []byte {
	d := model.Draft{Trace: model.TraceID{1}, ID: model.SpanID{1}, Start: 1, End: 2, Name: name}
	return otlp.AppendExport(nil, []model.Span{d.Span(model.MakeOrigin("test"))})
}

// long skips a test that puts the receiver under load or lets clients stall: it
// needs a machine that is not busy with other packages' tests.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("LONG_TESTS") == "" {
		t.Skip("runs where LONG_TESTS is set, as in .ci/long")
	}
}

// eventually waits until something is so.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not within a minute: " + what)
		}
	}
}
