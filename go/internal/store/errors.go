package store

import (
	"errors"

	"go.temporal.io/sdk/temporal"

	"example.com/triglot/go/contract"
)

// ContractError gives an error of this package its type in the contract, by which it is known in every language.
// It may be retried, since another attempt may find what is missing or damaged now. Others stay as they are.
func ContractError(err error) error {
	switch {
	case errors.Is(err, ErrNotFound):
		return temporal.NewApplicationErrorWithCause(err.Error(), contract.ObjectNotFound, err)
	case errors.Is(err, ErrCorrupt):
		return temporal.NewApplicationErrorWithCause(err.Error(), contract.ObjectCorrupt, err)
	case errors.Is(err, ErrUnavailable):
		return temporal.NewApplicationErrorWithCause(err.Error(), contract.StoreUnavailable, err)
	default:
		return err
	}
}
