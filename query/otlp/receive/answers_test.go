package receive_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp"
	"github.com/pfptrace/pfptrace/query/otlp/receive"
)

const (
	contentType     = "Content-Type"
	contentEncoding = "Content-Encoding"
	protobufType    = "application/x-protobuf"
	jsonType        = "application/json"
)

const oneSpanJSON = `{"resourceSpans":[{"scopeSpans":[{"spans":[
	{"traceId":"01000000000000000000000000000000","spanId":"0100000000000000","name":"good","startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}`

func TestAnswersOverHTTP(t *testing.T) {
	good := string(oneSpan("good"))
	for _, test := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		answer                   string // part of the body
	}{
		{name: "protobuf", body: good, headers: []string{contentType, protobufType}, status: 200},
		{name: "json", body: oneSpanJSON, headers: []string{contentType, "application/json; charset=utf-8"}, status: 200, answer: "{}"},
		{name: "gzip", body: string(gzipped(t, []byte(good))), headers: []string{contentType, protobufType, contentEncoding, "GZIP"}, status: 200},
		{name: "zstd", body: string(zstandard(t, []byte(good))), headers: []string{contentType, protobufType, contentEncoding, "zstd"}, status: 200},
		{name: "json in gzip", body: string(gzipped(t, []byte(oneSpanJSON))), headers: []string{contentType, jsonType, contentEncoding, "gzip"}, status: 200, answer: "{}"},
		{name: "empty", headers: []string{contentType, protobufType}, status: 200},
		{name: "metrics", path: "/v1/metrics", body: "any", headers: []string{contentType, protobufType}, status: 200},
		{name: "logs", path: "/v1/logs", body: "{}", headers: []string{contentType, jsonType}, status: 200, answer: "{}"},
		{name: "no protobuf", body: "\xff\xff", headers: []string{contentType, protobufType}, status: 400, answer: "malformed"},
		{name: "no json", body: "{", headers: []string{contentType, jsonType}, status: 400, answer: `"code":3`},
		{name: "no gzip", body: good, headers: []string{contentType, protobufType, contentEncoding, "gzip"}, status: 400, answer: "gzip"},
		{name: "no zstd", body: good, headers: []string{contentType, protobufType, contentEncoding, "zstd"}, status: 400, answer: "zstd"},
		{name: "half a gzip", body: string(gzipped(t, []byte(good))[:20]), headers: []string{contentType, protobufType, contentEncoding, "gzip"}, status: 400, answer: "gzip"},
		{name: "unknown type", body: good, headers: []string{contentType, "text/plain"}, status: 415, answer: "content type"},
		{name: "no type", body: good, status: 415, answer: "content type"},
		{name: "unknown encoding", body: good, headers: []string{contentType, protobufType, contentEncoding, "br"}, status: 415, answer: "encoding"},
		{name: "too large", body: strings.Repeat("x", 5000), headers: []string{contentType, protobufType}, status: 413, answer: "4096"},
		{name: "too large inside gzip", body: string(gzipped(t, make([]byte, 5000))), headers: []string{contentType, protobufType, contentEncoding, "gzip"}, status: 413, answer: "4096"},
		{name: "too large inside zstd", body: string(zstandard(t, make([]byte, 5000))), headers: []string{contentType, protobufType, contentEncoding, "zstd"}, status: 413, answer: "4096"},
		{name: "get", method: http.MethodGet, status: 405},
		{name: "elsewhere", path: "/v1/profiles", status: 404},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := start(t, receive.Options{HTTPAddr: loopback, MaxMessage: 4096}, new(store).keep)
			path := test.path
			if path == "" {
				path = "/v1/traces"
			}
			method := test.method
			if method == "" {
				method = http.MethodPost
			}
			response, body := do(t, method, "http://"+r.HTTPAddr()+path, test.body, test.headers...)
			if response.StatusCode != test.status || !strings.Contains(body, test.answer) {
				t.Errorf("%d %q, want %d and %q", response.StatusCode, body, test.status, test.answer)
			}
			if test.status == http.StatusOK && test.answer == "" && body != "" {
				t.Errorf("a full success says %q", body)
			}
			if left := r.Stats().InFlight; left != 0 {
				t.Errorf("%d bytes are still charged", left)
			}
		})
	}
}

func TestAFailureOverHTTPIsAStatusInTheEncodingOfItsRequest(t *testing.T) {
	r := start(t, receive.Options{HTTPAddr: loopback}, new(store).keep)
	response, body := post(t, tracesURL(r), "\xff\xff", contentType, protobufType)
	var said statuspb.Status
	if err := proto.Unmarshal([]byte(body), &said); err != nil || codes.Code(said.GetCode()) != codes.InvalidArgument || response.Header.Get(contentType) != protobufType {
		t.Errorf("%v %v, as %s", err, &said, response.Header.Get(contentType))
	}
	response, body = post(t, tracesURL(r), "[", contentType, jsonType)
	var spoken struct {
		Code    int
		Message string
	}
	if err := json.Unmarshal([]byte(body), &spoken); err != nil || spoken.Code != int(codes.InvalidArgument) || spoken.Message == "" || response.Header.Get(contentType) != jsonType {
		t.Errorf("%v %s, as %s", err, body, response.Header.Get(contentType))
	}
}

// spoiled is a request of three spans, one of which has no trace id, and one a
// kind that OTLP does not know.
func spoiled() []byte {
	origin := model.MakeOrigin("test")
	good := model.Draft{Trace: model.TraceID{1}, ID: model.SpanID{1}, Name: "good", Start: 1, End: 2}
	odd := model.Draft{Trace: model.TraceID{1}, ID: model.SpanID{3}, Kind: 9, Name: "odd", Start: 1, End: 2}
	bad := model.Draft{ID: model.SpanID{2}, Name: "bad\xff\x1b[2J", Start: 1, End: 2}
	return otlp.AppendExport(nil, []model.Span{good.Span(origin), bad.Span(origin), odd.Span(origin)})
}

func TestPartialSuccessSaysHowManySpansAndWhy(t *testing.T) {
	var got store
	r := start(t, receive.Options{GRPCAddr: loopback, HTTPAddr: loopback}, got.keep)
	check := func(protocol string, partial *collectorpb.ExportTracePartialSuccess) {
		if partial.GetRejectedSpans() != 1 {
			t.Errorf("%s: %d spans are refused", protocol, partial.GetRejectedSpans())
		}
		for _, part := range []string{"1 of 3", "trace id is missing", "bad", "kind is unknown"} {
			if !strings.Contains(partial.GetErrorMessage(), part) {
				t.Errorf("%s: %q does not say %q", protocol, partial.GetErrorMessage(), part)
			}
		}
	}
	response, err := export(context.Background(), dial(t, r), spoiled())
	if err != nil {
		t.Fatal(err)
	}
	check("gRPC", response.GetPartialSuccess())

	answer, body := post(t, tracesURL(r), string(spoiled()), contentType, protobufType)
	overHTTP := new(collectorpb.ExportTraceServiceResponse)
	if err := proto.Unmarshal([]byte(body), overHTTP); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status, err)
	}
	check("HTTP", overHTTP.GetPartialSuccess())

	_, body = post(t, tracesURL(r), strings.Replace(oneSpanJSON, "0100000000000000", "", 1), contentType, jsonType)
	if !strings.Contains(body, `"partialSuccess":{"rejectedSpans":"1","errorMessage":"1 of 1`) {
		t.Errorf("JSON: %s", body)
	}
	if stats := r.Stats(); stats.Spans != 4 || stats.RefusedSpans != 3 || len(got.sorted()) != 4 {
		t.Errorf("%d spans are here, stats are %+v", len(got.sorted()), stats)
	}
}

func TestAnswersOverGRPC(t *testing.T) {
	r := start(t, receive.Options{GRPCAddr: loopback, MaxMessage: 4096}, func(b *receive.Batch) error {
		if b.Spans[0].Name == "disk" {
			return errors.New("disk full")
		}
		return nil
	})
	conn := dial(t, r)
	ctx := context.Background()
	for _, test := range []struct {
		name    string
		message []byte
		options []grpc.CallOption
		code    codes.Code
	}{
		{"good", oneSpan("good"), nil, codes.OK},
		{"empty", nil, nil, codes.OK},
		{"gzip", oneSpan("good"), []grpc.CallOption{grpc.UseCompressor("gzip")}, codes.OK},
		{"malformed", []byte("\xff\xff"), nil, codes.InvalidArgument},
		{"too large", make([]byte, 5000), nil, codes.ResourceExhausted},
		{"too large inside gzip", make([]byte, 5000), []grpc.CallOption{grpc.UseCompressor("gzip")}, codes.ResourceExhausted},
		{"a sink that fails", oneSpan("disk"), nil, codes.Unavailable},
	} {
		_, err := export(ctx, conn, test.message, test.options...)
		if status.Code(err) != test.code {
			t.Errorf("%s: %v, want %v", test.name, err, test.code)
		}
		if test.code == codes.ResourceExhausted && retryInfo(err) != nil {
			t.Errorf("%s: a client is told to send it again", test.name)
		}
	}
	for _, service := range []string{"metrics.v1.MetricsService", "logs.v1.LogsService"} {
		var response []byte
		if err := conn.Invoke(ctx, "/opentelemetry.proto.collector."+service+"/Export", []byte("any"), &response, grpc.ForceCodec(asIs{})); err != nil || len(response) != 0 {
			t.Errorf("%s: %v %q", service, err, response)
		}
	}
	healthy, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{Service: "opentelemetry.proto.collector.trace.v1.TraceService"})
	if err != nil || healthy.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Errorf("health: %v %v", healthy, err)
	}
	stats := r.Stats()
	if stats.Requests != 3 || stats.Malformed != 1 || stats.TooLarge != 2 || stats.DroppedMetrics != 1 || stats.DroppedLogs != 1 || stats.InFlight > 64<<10 {
		t.Errorf("stats are %+v", stats)
	}
}

// retryInfo returns when err says to try again, nil where it does not.
func retryInfo(err error) *errdetails.RetryInfo {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info
		}
	}
	return nil
}

func TestCORSOnlyWhenAskedFor(t *testing.T) {
	asked := start(t, receive.Options{HTTPAddr: loopback, Origins: []string{"https://app.example"}}, new(store).keep)
	silent := start(t, receive.Options{HTTPAddr: loopback}, new(store).keep)
	const allow = "Access-Control-Allow-Origin"
	for _, test := range []struct {
		r              *receive.Receiver
		origin, allows string
		status         int
	}{
		{asked, "https://app.example", "https://app.example", http.StatusNoContent},
		{asked, "https://evil.example", "", http.StatusMethodNotAllowed},
		{silent, "https://app.example", "", http.StatusMethodNotAllowed},
	} {
		response, _ := do(t, http.MethodOptions, tracesURL(test.r), "", "Origin", test.origin, "Access-Control-Request-Method", "POST")
		if got := response.Header.Get(allow); got != test.allows || response.StatusCode != test.status {
			t.Errorf("%s: %d, allows %q", test.origin, response.StatusCode, got)
		}
	}
	response, _ := post(t, tracesURL(asked), oneSpanJSON, contentType, jsonType, "Origin", "https://app.example")
	if response.StatusCode != http.StatusOK || response.Header.Get(allow) != "https://app.example" {
		t.Errorf("%s %v", response.Status, response.Header)
	}
}

func gzipped(t testing.TB, plain []byte) []byte { return must(t)(asGzip(plain)) }

func zstandard(t testing.TB, plain []byte) []byte { return must(t)(asZstd(plain)) }

func must(t testing.TB) func([]byte, error) []byte {
	return func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

func asGzip(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(plain)
	err = errors.Join(err, w.Close())
	return out.Bytes(), err
}

func asZstd(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(plain)
	err = errors.Join(err, w.Close())
	return out.Bytes(), err
}
