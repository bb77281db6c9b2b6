package receive_test

import (
	"bytes"
	"context"
	"os"
	"slices"
	"testing"

	logspb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	metricspb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/pfptrace/pfptrace/query/otlp/receive"
)

// The embedded descriptors are those of the generated code. UPDATE=1 writes
// them.
func TestDescriptorsAreThoseOfOTLP(t *testing.T) {
	var set descriptorpb.FileDescriptorSet
	for _, file := range []protoreflect.FileDescriptor{
		tracepb.File_opentelemetry_proto_collector_trace_v1_trace_service_proto,
		metricspb.File_opentelemetry_proto_collector_metrics_v1_metrics_service_proto,
		logspb.File_opentelemetry_proto_collector_logs_v1_logs_service_proto,
	} {
		addFile(&set, file)
	}
	want, err := proto.MarshalOptions{Deterministic: true}.Marshal(&set)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile("services.binpb", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("services.binpb")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("services.binpb differs from the generated code: UPDATE=1 go test writes it")
	}
}

// addFile adds a file behind those that it imports.
func addFile(set *descriptorpb.FileDescriptorSet, file protoreflect.FileDescriptor) {
	for i := range file.Imports().Len() {
		addFile(set, file.Imports().Get(i).FileDescriptor)
	}
	if slices.ContainsFunc(set.File, func(f *descriptorpb.FileDescriptorProto) bool { return f.GetName() == file.Path() }) {
		return
	}
	set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
}

func TestReflectionNamesAndDescribesTheServices(t *testing.T) {
	r := start(t, receive.Options{GRPCAddr: loopback}, new(store).keep)
	stream, err := reflectionpb.NewServerReflectionClient(dial(t, r)).ServerReflectionInfo(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	list := reflect(t, stream, &reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}})
	var names []string
	for _, service := range list.GetListServicesResponse().GetService() {
		names = append(names, service.GetName())
	}
	for _, name := range []string{"opentelemetry.proto.collector.trace.v1.TraceService", "grpc.health.v1.Health"} {
		if !slices.Contains(names, name) {
			t.Errorf("services are %q, without %s", names, name)
		}
		found := reflect(t, stream, &reflectionpb.ServerReflectionRequest{
			MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: name},
		})
		if files := found.GetFileDescriptorResponse().GetFileDescriptorProto(); len(files) == 0 {
			t.Errorf("%s is not described: %v", name, found)
		}
	}
}

func reflect(t *testing.T, stream reflectionpb.ServerReflection_ServerReflectionInfoClient, request *reflectionpb.ServerReflectionRequest) *reflectionpb.ServerReflectionResponse {
	t.Helper()
	if err := stream.Send(request); err != nil {
		t.Fatal(err)
	}
	response, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	return response
}
