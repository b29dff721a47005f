package store

import (
	"context"
	"fmt"
	"mime"

	"google.golang.org/protobuf/proto"

	storev1 "example.com/triglot/go/store/v1"
)

const protobufMediaType = "application/protobuf"

// mediaType is written out, since mime.FormatMediaType drops the quotes that every language here writes.
func mediaType(message proto.Message) string {
	name := message.ProtoReflect().Descriptor().FullName()
	return fmt.Sprintf("%s; messageType=%q", protobufMediaType, name)
}

// PutMessage stores a message in its binary form.
func (s *Store) PutMessage(ctx context.Context, message proto.Message) (*storev1.ObjectRef, error) {
	content, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("encode a message for the store: %w", err)
	}
	return s.Put(ctx, content, mediaType(message))
}

// GetMessage reads a message of the given type. The error is one of Get's, or ErrWrongType.
func (s *Store) GetMessage(ctx context.Context, ref *storev1.ObjectRef, message proto.Message) error {
	name := string(message.ProtoReflect().Descriptor().FullName())
	base, parameters, err := mime.ParseMediaType(ref.GetMediaType())
	// ParseMediaType lower-cases the parameters' names.
	if err != nil || base != protobufMediaType || parameters["messagetype"] != name {
		return fmt.Errorf("read object %s: its media type is %q, not %q: %w",
			ref.GetSha256(), ref.GetMediaType(), mediaType(message), ErrWrongType)
	}
	content, err := s.Get(ctx, ref)
	if err != nil {
		return err
	}
	if err := proto.Unmarshal(content, message); err != nil {
		return fmt.Errorf("read object %s: decode %s: %w: %w", ref.GetSha256(), name, ErrWrongType, err)
	}
	return nil
}
