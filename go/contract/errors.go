// Package contract is what code generated from the contract needs at run time: the check of what arrives, and
// the conversion of messages to payloads and back.
package contract

import (
	"errors"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// Error types are part of the contract: they are the same in every language, and retry policies match them.
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
	return invalidArgument(message, &validate.Violations{
		Violations: []*validate.Violation{{Message: &message}},
	})
}

func invalidArgument(message string, violations *validate.Violations) error {
	return temporal.NewNonRetryableApplicationError(message, InvalidArgument, nil, violations)
}

// NewFailureConverter makes the failure converter that goes with a data converter.
//
// The SDK wraps what a data converter returns, and a wrapped error loses its type and would be retried; an
// InvalidArgument is taken out of its wrapping.
func NewFailureConverter(payloads converter.DataConverter) converter.FailureConverter {
	return failureConverter{
		temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: payloads}),
	}
}

type failureConverter struct {
	converter.FailureConverter
}

func (c failureConverter) ErrorToFailure(err error) *failurepb.Failure {
	var application *temporal.ApplicationError
	if errors.As(err, &application) && application.Type() == InvalidArgument {
		err = application
	}
	return c.FailureConverter.ErrorToFailure(err)
}
