package contract

import (
	"errors"
	"fmt"
	"strings"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
)

// Validate checks a message against the rules in the contract. An error is a non-retryable application error
// of type InvalidArgument, or a fault of the contract: a rule that cannot be evaluated.
func Validate(message proto.Message) error {
	if err := requirePresent(message); err != nil {
		return err
	}
	err := protovalidate.Validate(message)
	var invalid *protovalidate.ValidationError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid):
		return invalidArgument(describe(invalid), invalid.ToProto())
	default:
		return fmt.Errorf("check %s: %w", message.ProtoReflect().Descriptor().FullName(), err)
	}
}

// requirePresent refuses a message that is not there, which the SDK hands over as a nil pointer.
func requirePresent(message proto.Message) error {
	if reflection := message.ProtoReflect(); !reflection.IsValid() {
		return NewInvalidArgument(fmt.Sprintf("expected %s, got nothing", reflection.Descriptor().FullName()))
	}
	return nil
}

func describe(invalid *protovalidate.ValidationError) string {
	problems := make([]string, len(invalid.Violations))
	for i, violation := range invalid.Violations {
		problems[i] = violation.String()
	}
	return strings.Join(problems, "; ")
}
