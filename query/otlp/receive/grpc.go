package receive

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip" // clients may compress with it
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"
)

const (
	streamWindow  = 8 << 20
	connWindow    = 16 << 20
	readBuffer    = 64 << 10 // bytes a connection
	maxStreams    = 64       // at a time, of a connection; more wait with the client
	maxHeaderList = 16 << 10 // bytes of a request's headers

	idle = 10 * time.Minute // without a request, for a connection to stay
)

const (
	healthPrefix     = "/grpc.health."
	reflectionPrefix = "/grpc.reflection."
)

func (r *Receiver) newGRPC() *grpc.Server {
	options := []grpc.ServerOption{
		grpc.ForceServerCodecV2(codec{}),
		//lint:ignore SA1019 the way that replaces it is a global register, to be written in an init function
		grpc.RPCDecompressor(zstdDecompressor{&r.inflate}),
		experimental.BufferPool(&frames{budget: &r.budget}),
		grpc.InTapHandle(r.admit),
		grpc.MaxRecvMsgSize(r.options.MaxMessage),
		grpc.InitialWindowSize(streamWindow),
		grpc.InitialConnWindowSize(connWindow),
		grpc.ReadBufferSize(readBuffer),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.MaxHeaderListSize(maxHeaderList),
		grpc.ConnectionTimeout(r.options.Timeout / 3),
		grpc.WaitForHandlers(true),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: idle, Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	}
	if r.options.TLS != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(r.options.TLS)))
	}
	server := grpc.NewServer(options...)
	r.health = health.NewServer()
	healthpb.RegisterHealthServer(server, r.health)
	for _, service := range []struct {
		name   string
		handle grpc.StreamHandler
	}{
		{"opentelemetry.proto.collector.trace.v1.TraceService", r.exportTraces},
		{"opentelemetry.proto.collector.metrics.v1.MetricsService", r.dropped(&r.count.droppedMetrics)},
		{"opentelemetry.proto.collector.logs.v1.LogsService", r.dropped(&r.count.droppedLogs)},
	} {
		server.RegisterService(exporting(service.name, service.handle), nil)
		r.health.SetServingStatus(service.name, healthpb.HealthCheckResponse_SERVING)
	}
	registerReflection(server)
	return server
}

// exporting describes a service with an Export method. On the wire a unary
// call is a stream of one message either way; as a stream, its handler sees
// why a message did not come.
func exporting(name string, handle grpc.StreamHandler) *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: name,
		HandlerType: (*any)(nil),
		Streams:     []grpc.StreamDesc{{StreamName: "Export", Handler: handle, ClientStreams: true}},
	}
}

// admit judges a request by its headers, before any of its message is taken
// in, and sets the time that it has. It runs where the connection is read, so
// it must not wait.
func (r *Receiver) admit(ctx context.Context, info *tap.Info) (context.Context, error) {
	if strings.HasPrefix(info.FullMethodName, healthPrefix) {
		return ctx, nil // probes have no token
	}
	authorization := ""
	if values := info.Header["authorization"]; len(values) > 0 {
		authorization = values[0]
	}
	if !r.token.admits(authorization) {
		return nil, r.unauthenticated().status().Err()
	}
	if strings.HasPrefix(info.FullMethodName, reflectionPrefix) {
		return ctx, nil
	}
	if r.budget.full() {
		r.shed(shedAge)
		connOf(ctx).finished()
		return nil, r.busy().status().Err()
	}
	limited, cancel := context.WithTimeout(ctx, r.options.Timeout)
	context.AfterFunc(ctx, cancel)
	return limited, nil
}

func (r *Receiver) exportTraces(_ any, stream grpc.ServerStream) error {
	in := message{home: &r.recycled}
	if err := r.receive(stream, &in); err != nil {
		return err
	}
	size := int64(len(in.data))
	if !r.budget.take(size) {
		r.recycled.put(in.data, nil)
		return r.busy().status().Err()
	}
	defer r.budget.give(size)
	said := connOf(stream.Context()).serve(func() answer { return r.accept(in.data, protobuf) })
	if said.code != codes.OK {
		return said.status().Err()
	}
	return stream.SendMsg(reply(said.response()))
}

// dropped answers requests of a signal that nobody asked for with success, so
// that a Collector which sends all signals does not fail.
func (r *Receiver) dropped(count *atomic.Uint64) grpc.StreamHandler {
	return func(_ any, stream grpc.ServerStream) error {
		if err := r.receive(stream, new(message)); err != nil {
			return err
		}
		count.Add(1)
		return stream.SendMsg(reply(nil))
	}
}

// receive reads the message of a request. Where that fails gRPC has answered by
// itself: RESOURCE_EXHAUSTED, without a time to try again, for what is too
// large, INTERNAL for what does not decompress. What is left is to count.
func (r *Receiver) receive(stream grpc.ServerStream, in *message) error {
	err := stream.RecvMsg(in)
	connOf(stream.Context()).finished()
	switch code := status.Code(err); {
	case err == nil:
	case errors.Is(err, io.EOF):
		return r.malformed(errors.New("a request without a message")).status().Err()
	case code == codes.ResourceExhausted, code == codes.Internal && strings.Contains(err.Error(), errExpansion.Error()):
		r.count.tooLarge.Add(1)
	case code == codes.Internal, code == codes.Unimplemented:
		r.count.malformed.Add(1)
	default:
		r.count.incomplete.Add(1)
	}
	return err
}
