package main

import (
	"reflect"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	// The messages of the cases.
	_ "example.com/triglot/go/internal/conformance/v1"
)

// messages are those of generated code, and in front of them the ones that were loaded.
type messages struct {
	loaded *protoregistry.Files
}

func (m *messages) load(descriptors []byte) error {
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(descriptors, &set); err != nil {
		return err
	}
	files, err := protodesc.NewFiles(&set)
	if err != nil {
		return err
	}
	m.loaded = files
	return nil
}

// dynamic finds a loaded message; without one it returns nil.
func (m *messages) dynamic(name string) *dynamicpb.Message {
	if m.loaded == nil {
		return nil
	}
	descriptor, err := m.loaded.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil
	}
	if message, ok := descriptor.(protoreflect.MessageDescriptor); ok {
		return dynamicpb.NewMessage(message)
	}
	return nil
}

func (m *messages) parse(name string, data []byte) (proto.Message, error) {
	message, err := m.empty(name)
	if err != nil {
		return nil, err
	}
	return message, proto.UnmarshalOptions{AllowPartial: true}.Unmarshal(data, message)
}

func (m *messages) empty(name string) (proto.Message, error) {
	if message := m.dynamic(name); message != nil {
		return message, nil
	}
	found, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(name))
	if err != nil {
		return nil, err
	}
	return found.New().Interface(), nil
}

// A target is what the SDK would decode an argument into.
type target struct {
	pointer any
}

// target makes a pointer to a nil message, as the SDK does for an activity's argument; of a message that was
// loaded, whose Go type says nothing about its fields, a pointer to an empty one.
func (m *messages) target(name string) (target, error) {
	message, err := m.empty(name)
	if err != nil {
		return target{}, err
	}
	if _, ok := message.(*dynamicpb.Message); ok {
		return target{message}, nil
	}
	return target{reflect.New(reflect.TypeOf(message)).Interface()}, nil
}

// marshal returns nil where the SDK would pass no message at all.
func (t target) marshal() ([]byte, error) {
	message, ok := t.pointer.(proto.Message)
	if !ok {
		value := reflect.ValueOf(t.pointer).Elem()
		if value.IsNil() {
			return nil, nil
		}
		message = value.Interface().(proto.Message)
	}
	data, err := proto.MarshalOptions{AllowPartial: true}.Marshal(message)
	return notNil(data), err
}
