// Package contract is what code generated from the contract needs at run time: the check of what is sent and
// what arrives, typed calls of the SDK, and the conversion of messages to payloads and back.
package contract

import (
	"errors"
	"slices"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	errorsv1 "example.com/triglot/go/errors/v1"
)

// Error types as they stand on the wire: the same strings in every language, which retry policies match.
var (
	// InvalidArgument is an input that breaks the contract: repeating it cannot help. Its details are one
	// buf.validate.Violations.
	InvalidArgument = onTheWire(errorsv1.ErrorType_ERROR_TYPE_INVALID_ARGUMENT)
	// ObjectNotFound is a reference to an object that the store does not hold.
	ObjectNotFound = onTheWire(errorsv1.ErrorType_ERROR_TYPE_OBJECT_NOT_FOUND)
	// ObjectCorrupt is an object whose content is not what its reference says.
	ObjectCorrupt = onTheWire(errorsv1.ErrorType_ERROR_TYPE_OBJECT_CORRUPT)
	// StoreUnavailable is an object store whose folder or bucket cannot be used.
	StoreUnavailable = onTheWire(errorsv1.ErrorType_ERROR_TYPE_STORE_UNAVAILABLE)
	// Interrupted is an attempt that was given up because it was cancelled or its worker stops.
	Interrupted = onTheWire(errorsv1.ErrorType_ERROR_TYPE_INTERRUPTED)
)

func onTheWire(value errorsv1.ErrorType) string {
	var text strings.Builder
	for word := range strings.SplitSeq(strings.TrimPrefix(value.String(), "ERROR_TYPE_"), "_") {
		text.WriteString(word[:1] + strings.ToLower(word[1:]))
	}
	return text.String()
}

// NewInvalidArgument makes a non-retryable application error of type InvalidArgument. Its details hold one
// violation, with the same message: callers need not tell a broken rule from another refusal.
func NewInvalidArgument(message string) error {
	// What was sent may be quoted in it, and the SDK panics at details that it cannot encode.
	message = strings.ToValidUTF8(message, "\uFFFD")
	return invalidArgument(message, &validate.Violations{
		Violations: []*validate.Violation{{Message: &message}},
	})
}

func invalidArgument(message string, violations *validate.Violations) error {
	return temporal.NewNonRetryableApplicationError(message, InvalidArgument, nil, violations)
}

// NewFailureConverter makes the failure converter that goes with a data converter.
//
// The SDK wraps what a data converter or a driver of external storage returns, and a wrapped error loses its type;
// those with a type of the contract are taken out of their wrapping. What an activity or a child has failed
// with stays within that failure, which tells where it comes from.
func NewFailureConverter(payloads converter.DataConverter) converter.FailureConverter {
	return failureConverter{
		temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: payloads}),
	}
}

// wrapped are the types of errors that come up while payloads are fetched, decoded, encoded or stored.
var wrapped = []string{InvalidArgument, ObjectNotFound, ObjectCorrupt, StoreUnavailable}

type failureConverter struct {
	converter.FailureConverter
}

func (c failureConverter) ErrorToFailure(err error) *failurepb.Failure {
	var activity *temporal.ActivityError
	var child *temporal.ChildWorkflowExecutionError
	var application *temporal.ApplicationError
	elsewhere := errors.As(err, &activity) || errors.As(err, &child)
	if !elsewhere && errors.As(err, &application) && slices.Contains(wrapped, application.Type()) {
		err = application
	}
	return c.FailureConverter.ErrorToFailure(err)
}
