package contract_test

import (
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"go.temporal.io/sdk/temporal"

	"example.com/triglot/go/contract"
	riskv1 "example.com/triglot/go/risk/v1"
	storev1 "example.com/triglot/go/store/v1"
)

func validRequest() *riskv1.SimulateShardRequest {
	return &riskv1.SimulateShardRequest{
		Spec: &storev1.ObjectRef{
			Sha256:    strings.Repeat("0a", 32),
			SizeBytes: 1,
			MediaType: "application/protobuf",
		},
		Range: &riskv1.ScenarioRange{First: 1<<32 - 1, Count: 1},
	}
}

// violations are those in the details, which every InvalidArgument has.
func violations(t *testing.T, application *temporal.ApplicationError) []*validate.Violation {
	t.Helper()
	var details *validate.Violations
	if err := application.Details(&details); err != nil {
		t.Fatal(err)
	}
	return details.GetViolations()
}

func TestValidateAcceptsValidMessage(t *testing.T) {
	if err := contract.Validate(validRequest()); err != nil {
		t.Error(err)
	}
}

func TestValidateNamesEveryViolation(t *testing.T) {
	request := validRequest()
	request.Spec.Sha256 = "ABC"
	request.Range.Count = 0
	application := requireInvalidArgument(t, contract.Validate(request))
	for _, field := range []string{"spec.sha256: ", "; ", "range.count: "} {
		if !strings.Contains(application.Message(), field) {
			t.Errorf("message %q lacks %q", application.Message(), field)
		}
	}
	if strings.Contains(application.Message(), "\n") {
		t.Errorf("message %q is not one line", application.Message())
	}
	if got := violations(t, application); len(got) != 2 {
		t.Errorf("%d violations; want 2: %v", len(got), got)
	}
}

func TestValidateChecksRulesAcrossFields(t *testing.T) {
	request := validRequest()
	request.Range.Count = 2
	application := requireInvalidArgument(t, contract.Validate(request))
	if want := "first + count must not exceed 2^32"; !strings.Contains(application.Message(), want) {
		t.Errorf("message %q lacks %q", application.Message(), want)
	}
}

func TestValidateRefusesNothing(t *testing.T) {
	var absent *riskv1.SimulateShardRequest
	application := requireInvalidArgument(t, contract.Validate(absent))
	if want := "expected triglot.risk.v1.SimulateShardRequest, got nothing"; application.Message() != want {
		t.Errorf("message = %q; want %q", application.Message(), want)
	}
}
