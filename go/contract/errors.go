// Package contract is what code generated from the contract needs at run time: the check of what is sent and
// what arrives, typed calls of the SDK, and the conversion of messages to payloads and back.
package contract

import (
	"errors"
	"slices"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// Error types as they stand on the wire: the same strings in every language, which retry policies match. They are
// the names of errorsv1.ErrorType's values in PascalCase.
const (
	// InvalidArgument is an input that breaks the contract: repeating it cannot help. Its details are one
	// buf.validate.Violations.
	InvalidArgument = "InvalidArgument"
	// ObjectNotFound is a reference to an object that the store does not hold.
	ObjectNotFound = "ObjectNotFound"
	// ObjectCorrupt is an object whose content is not what its reference says.
	ObjectCorrupt = "ObjectCorrupt"
	// StoreUnavailable is an object store whose folder or bucket cannot be used.
	StoreUnavailable = "StoreUnavailable"
	// Interrupted is an attempt that was given up because it was cancelled or its worker stops.
	Interrupted = "Interrupted"
)

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
	options := temporal.DefaultFailureConverterOptions{DataConverter: detailsConverter{payloads}}
	return failureConverter{temporal.NewDefaultFailureConverter(options)}
}

// detailsConverter lets a reader ask for an error's first details alone, where arguments are counted.
type detailsConverter struct {
	converter.DataConverter
}

func (c detailsConverter) FromPayloads(payloads *commonpb.Payloads, targets ...any) error {
	if details := payloads.GetPayloads(); len(details) > len(targets) {
		payloads = &commonpb.Payloads{Payloads: details[:len(targets)]}
	}
	return c.DataConverter.FromPayloads(payloads, targets...)
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
