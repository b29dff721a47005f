package simulation

import (
	"context"
	"errors"

	"go.temporal.io/sdk/temporal"

	"example.com/triglot/go/contract"
	"example.com/triglot/go/internal/kernel"
	"example.com/triglot/go/internal/store"
)

var errWorkerStopping = errors.New("the worker is stopping, another takes over")

// contractError gives an error its type in the contract. Another attempt may find what is missing or damaged
// in the store now, but bad input stays bad.
func contractError(ctx context.Context, err error) error {
	var input *kernel.InputError
	switch {
	case errors.Is(err, errWorkerStopping):
		return interrupted(err)
	case ctx.Err() != nil:
		return interrupted(context.Cause(ctx))
	case errors.As(err, &input), errors.Is(err, store.ErrWrongType):
		return contract.NewInvalidArgument(err.Error())
	case errors.Is(err, store.ErrNotFound):
		return temporal.NewApplicationErrorWithCause(err.Error(), contract.ObjectNotFound, err)
	case errors.Is(err, store.ErrCorrupt):
		return temporal.NewApplicationErrorWithCause(err.Error(), contract.ObjectCorrupt, err)
	case errors.Is(err, store.ErrUnavailable):
		return temporal.NewApplicationErrorWithCause(err.Error(), contract.StoreUnavailable, err)
	default:
		return err
	}
}

// interrupted is benign, so that the SDK does not log as an error what is part of stopping and cancelling. It
// keeps the cause, by which the SDK knows a cancellation.
func interrupted(cause error) error {
	message := "simulation interrupted: " + cause.Error()
	return temporal.NewApplicationErrorWithOptions(message, contract.Interrupted,
		temporal.ApplicationErrorOptions{Category: temporal.ApplicationErrorCategoryBenign, Cause: cause})
}
