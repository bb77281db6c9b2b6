package receive

import (
	_ "embed"
	"errors"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/reflection"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectionalphapb "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// services is a FileDescriptorSet of OTLP's three services and what they
// import. TestReflection holds it to the generated code and writes it.
//
//go:embed services.binpb
var services []byte

// registerReflection lets tools like grpcurl find and call the services.
//
// Rejected: the generated packages of OTLP, for their descriptors alone (three
// gateways and a thousand types in the program).
func registerReflection(server *grpc.Server) {
	options := reflection.ServerOptions{
		Services:           server,
		DescriptorResolver: &descriptors{files: sync.OnceValues(parseServices)},
	}
	reflectionpb.RegisterServerReflectionServer(server, reflection.NewServerV1(options))
	reflectionalphapb.RegisterServerReflectionServer(server, reflection.NewServer(options))
}

func parseServices() (*protoregistry.Files, error) {
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(services, &set); err != nil {
		return nil, err
	}
	return protodesc.NewFiles(&set)
}

// descriptors finds OTLP's own descriptors in services, parsed when they are
// first asked for, and all others among the generated ones.
type descriptors struct {
	files func() (*protoregistry.Files, error)
}

func (d *descriptors) FindFileByPath(path string) (protoreflect.FileDescriptor, error) {
	files, err := d.files()
	if err != nil {
		return nil, err
	}
	found, err := files.FindFileByPath(path)
	if errors.Is(err, protoregistry.NotFound) {
		return protoregistry.GlobalFiles.FindFileByPath(path)
	}
	return found, err
}

func (d *descriptors) FindDescriptorByName(name protoreflect.FullName) (protoreflect.Descriptor, error) {
	files, err := d.files()
	if err != nil {
		return nil, err
	}
	found, err := files.FindDescriptorByName(name)
	if errors.Is(err, protoregistry.NotFound) {
		return protoregistry.GlobalFiles.FindDescriptorByName(name)
	}
	return found, err
}
