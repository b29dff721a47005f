package contract_test

import (
	"testing"

	"example.com/triglot/go/contract"
)

func TestErrorTypesStandOnTheWireInPascalCase(t *testing.T) {
	for want, got := range map[string]string{
		"InvalidArgument":  contract.InvalidArgument,
		"ObjectNotFound":   contract.ObjectNotFound,
		"ObjectCorrupt":    contract.ObjectCorrupt,
		"StoreUnavailable": contract.StoreUnavailable,
		"Interrupted":      contract.Interrupted,
	} {
		if got != want {
			t.Errorf("error type = %q; want %q", got, want)
		}
	}
}
