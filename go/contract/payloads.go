package contract

import (
	"errors"
	"fmt"
	"reflect"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// The values of TRIGLOT_PAYLOAD_ENCODING.
const (
	EncodingJSON   = "json"
	EncodingBinary = "binary"
)

// NewDataConverter makes a data converter that encodes messages as json/protobuf ("json") or binary/protobuf
// ("binary") and decodes both. Fields that a newer writer has added are passed over. A message is decoded
// only from a payload that holds that message, and an argument only where it is the only one: anything else is a
// non-retryable error of type InvalidArgument. The SDK decodes details of heartbeats like arguments, so an
// activity that wrote several reads several.
func NewDataConverter(encoding string) (converter.DataConverter, error) {
	asJSON := converter.NewProtoJSONPayloadConverterWithOptions(
		converter.ProtoJSONPayloadConverterOptions{AllowUnknownFields: true})
	asBinary := converter.NewProtoPayloadConverter()
	var first, second converter.PayloadConverter
	switch encoding {
	case EncodingJSON:
		first, second = asJSON, asBinary
	case EncodingBinary:
		first, second = asBinary, asJSON
	default:
		return nil, fmt.Errorf("payload encoding %q is neither %q nor %q",
			encoding, EncodingJSON, EncodingBinary)
	}
	return dataConverter{converter.NewCompositeDataConverter(
		converter.NewNilPayloadConverter(),
		converter.NewByteSlicePayloadConverter(),
		first,
		second,
		converter.NewJSONPayloadConverter(),
	)}, nil
}

type dataConverter struct {
	converter.DataConverter
}

func (c dataConverter) ToPayloads(values ...any) (*commonpb.Payloads, error) {
	if len(values) == 1 && values[0] == any(noArgument{}) {
		return nil, nil
	}
	return c.DataConverter.ToPayloads(values...)
}

func (c dataConverter) FromPayloads(payloads *commonpb.Payloads, targets ...any) error {
	if err := checkAlone(payloads, targets); err != nil {
		return err
	}
	for i, payload := range payloads.GetPayloads() {
		if i == len(targets) {
			break
		}
		if err := c.FromPayload(payload, targets[i]); err != nil {
			return fmt.Errorf("payload %d: %w", i, err)
		}
	}
	return nil
}

func (c dataConverter) FromPayload(payload *commonpb.Payload, target any) error {
	wanted, isMessage := messageName(target)
	if !isMessage {
		return c.DataConverter.FromPayload(payload, target)
	}
	err := checkHolds(payload, wanted)
	if err == nil {
		err = c.DataConverter.FromPayload(payload, target)
	}
	if err != nil {
		return NewInvalidArgument(fmt.Sprintf("expected %s: %v", wanted, err))
	}
	return nil
}

// checkAlone refuses further arguments beside a message, which the SDK would drop without a word.
func checkAlone(payloads *commonpb.Payloads, targets []any) error {
	count := len(payloads.GetPayloads())
	if len(targets) != 1 || count < 2 {
		return nil
	}
	if wanted, isMessage := messageName(targets[0]); isMessage {
		return NewInvalidArgument(fmt.Sprintf("expected %s, got %d arguments", wanted, count))
	}
	return nil
}

// checkHolds refuses what a payload converter would take for a message though it is none, or another one.
func checkHolds(payload *commonpb.Payload, wanted string) error {
	switch string(payload.GetMetadata()[converter.MetadataEncoding]) {
	case converter.MetadataEncodingJSON:
		return errors.New("the payload is json/plain, not the contract's message")
	case converter.MetadataEncodingProto, converter.MetadataEncodingProtoJSON:
		sent := string(payload.GetMetadata()[converter.MetadataMessageType])
		if sent == "" {
			return errors.New("the payload does not say which message it holds")
		}
		if sent != wanted {
			return fmt.Errorf("the payload holds %s", sent)
		}
	}
	return nil
}

var messageType = reflect.TypeFor[proto.Message]()

// messageName names the message that a target points to, directly (*Shard) or as the SDK does (**Shard).
func messageName(target any) (string, bool) {
	if message, ok := target.(proto.Message); ok {
		return string(message.ProtoReflect().Descriptor().FullName()), true
	}
	kind := reflect.TypeOf(target)
	if kind == nil || kind.Kind() != reflect.Pointer || !kind.Elem().Implements(messageType) ||
		kind.Elem().Kind() == reflect.Interface {
		return "", false
	}
	message := reflect.Zero(kind.Elem()).Interface().(proto.Message)
	return string(message.ProtoReflect().Descriptor().FullName()), true
}
