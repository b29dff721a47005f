package contract_test

import (
	"errors"
	"strings"
	"testing"

	"go.temporal.io/sdk/temporal"

	"example.com/triglot/go/contract"
	errorsv1 "example.com/triglot/go/errors/v1"
	riskv1 "example.com/triglot/go/risk/v1"
)

func TestErrorTypesStandOnTheWireInPascalCase(t *testing.T) {
	for got, value := range map[string]errorsv1.ErrorType{
		contract.InvalidArgument:  errorsv1.ErrorType_ERROR_TYPE_INVALID_ARGUMENT,
		contract.ObjectNotFound:   errorsv1.ErrorType_ERROR_TYPE_OBJECT_NOT_FOUND,
		contract.ObjectCorrupt:    errorsv1.ErrorType_ERROR_TYPE_OBJECT_CORRUPT,
		contract.StoreUnavailable: errorsv1.ErrorType_ERROR_TYPE_STORE_UNAVAILABLE,
		contract.Interrupted:      errorsv1.ErrorType_ERROR_TYPE_INTERRUPTED,
	} {
		var want strings.Builder
		for word := range strings.SplitSeq(strings.TrimPrefix(value.String(), "ERROR_TYPE_"), "_") {
			want.WriteString(word[:1] + strings.ToLower(word[1:]))
		}
		if got != want.String() {
			t.Errorf("error type = %q; want %q", got, want.String())
		}
	}
}

func TestAnErrorsFirstDetailsCanBeReadAlone(t *testing.T) {
	failures := contract.NewFailureConverter(newConverter(t, contract.EncodingJSON))
	failure := failures.ErrorToFailure(
		temporal.NewApplicationError("why", contract.ObjectNotFound, &riskv1.ScenarioRange{First: 7}, "shelf", 3))
	var application *temporal.ApplicationError
	if err := failures.FailureToError(failure); !errors.As(err, &application) {
		t.Fatalf("error = %v", err)
	}
	var first *riskv1.ScenarioRange
	if err := application.Details(&first); err != nil || first.GetFirst() != 7 {
		t.Errorf("details = %v, %v", first, err)
	}
	var shelf string
	var row int
	if err := application.Details(&first, &shelf, &row); err != nil || shelf != "shelf" || row != 3 {
		t.Errorf("details = %v, %q, %d, %v", first, shelf, row, err)
	}
}
