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

// contractError gives an error its type in the contract. What the store says may be retried, but bad input stays
// bad.
func contractError(ctx context.Context, err error) error {
	var input *kernel.InputError
	switch {
	case errors.Is(err, errWorkerStopping):
		return interrupted(err)
	case ctx.Err() != nil:
		return interrupted(context.Cause(ctx))
	case errors.As(err, &input), errors.Is(err, store.ErrWrongType):
		return contract.NewInvalidArgument(err.Error())
	default:
		return store.ContractError(err)
	}
}

// interrupted is benign, so that the SDK does not log as an error what is part of stopping and cancelling. Where the
// workflow asked for it, the server hears of a cancellation instead, as from the other languages: by the cause, which is
// the SDK's own error then.
func interrupted(cause error) error {
	message := "simulation interrupted: " + cause.Error()
	return temporal.NewApplicationErrorWithOptions(message, contract.Interrupted,
		temporal.ApplicationErrorOptions{Category: temporal.ApplicationErrorCategoryBenign, Cause: cause})
}
