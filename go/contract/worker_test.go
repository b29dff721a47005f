package contract_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"example.com/triglot/go/contract"
	riskv1 "example.com/triglot/go/risk/v1"
)

// newEnvironment is a test environment with the contract's converters.
func newEnvironment(t *testing.T) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	environment := suite.NewTestWorkflowEnvironment()
	payloads := newConverter(t, contract.EncodingJSON)
	environment.SetDataConverter(payloads)
	environment.SetFailureConverter(contract.NewFailureConverter(payloads))
	return environment
}

func simulate(workflow.Context, *riskv1.SimulateShardsRequest) (*riskv1.SimulateShardsResponse, error) {
	return &riskv1.SimulateShardsResponse{}, nil
}

func TestAWorkflowEndsWhereItsRequestIsNone(t *testing.T) {
	plain, err := converter.NewJSONPayloadConverter().ToPayload(map[string]string{"spec": "x"})
	if err != nil {
		t.Fatal(err)
	}
	for name, arguments := range map[string][]any{
		"nothing":         nil,
		"null":            {nil},
		"another message": {&riskv1.ScenarioRange{Count: 1}},
		"json/plain":      {converter.NewRawValue(plain)},
		"two requests":    {&riskv1.SimulateShardsRequest{}, &riskv1.SimulateShardsRequest{}},
	} {
		t.Run(name, func(t *testing.T) {
			environment := newEnvironment(t)
			registered := contract.Workflow(simulate)
			environment.RegisterWorkflowWithOptions(registered, workflow.RegisterOptions{Name: "simulate"})
			environment.ExecuteWorkflow("simulate", arguments...)
			requireInvalidArgument(t, environment.GetWorkflowError())
		})
	}
}

func TestAWorkflowWithoutResultEndsWhereItsRequestIsNone(t *testing.T) {
	environment := newEnvironment(t)
	registered := contract.WorkflowWithoutResult(func(workflow.Context, *riskv1.SimulateShardsRequest) error {
		return nil
	})
	environment.RegisterWorkflowWithOptions(registered, workflow.RegisterOptions{Name: "simulate"})
	environment.ExecuteWorkflow("simulate")
	requireInvalidArgument(t, environment.GetWorkflowError())
}

// A rule that is tightened must not break the replay of what has been started.
func TestAWorkflowIsNotAskedForTheRules(t *testing.T) {
	environment := newEnvironment(t)
	registered := contract.Workflow(simulate)
	environment.RegisterWorkflowWithOptions(registered, workflow.RegisterOptions{Name: "simulate"})
	environment.ExecuteWorkflow("simulate", &riskv1.SimulateShardsRequest{})
	if err := environment.GetWorkflowError(); err != nil {
		t.Error(err)
	}
}

type registrations struct {
	worker.WorkflowRegistry
	options []workflow.RegisterOptions
}

func (r *registrations) RegisterWorkflowWithOptions(_ any, options workflow.RegisterOptions) {
	r.options = append(r.options, options)
}

func TestAWorkflowIsRegisteredUnderEveryName(t *testing.T) {
	var registry registrations
	options := workflow.RegisterOptions{Name: "first", VersioningBehavior: workflow.VersioningBehaviorPinned}
	contract.RegisterWorkflow(&registry, simulate, options, "second", "third")
	second, third := options, options
	second.Name, third.Name = "second", "third"
	if want := []workflow.RegisterOptions{options, second, third}; !slices.Equal(registry.options, want) {
		t.Errorf("registered %v; want %v", registry.options, want)
	}
}

func TestAnActivityValidatesItsRequest(t *testing.T) {
	calls := 0
	activity := contract.Activity(
		func(_ context.Context, request *riskv1.SimulateShardRequest) (*riskv1.SimulateShardResponse, error) {
			calls++
			return &riskv1.SimulateShardResponse{}, nil
		})
	silent := contract.ActivityWithoutResult(
		func(context.Context, *riskv1.SimulateShardRequest) error {
			calls++
			return nil
		})
	bad := validRequest()
	bad.Range.Count = 0
	if response, err := activity(t.Context(), bad); response != nil {
		t.Errorf("response = %v", response)
	} else {
		requireInvalidArgument(t, err)
	}
	requireInvalidArgument(t, silent(t.Context(), bad))
	if calls != 0 {
		t.Error("an implementation was called with a request that breaks the rules")
	}
	if _, err := activity(t.Context(), validRequest()); err != nil {
		t.Error(err)
	}
	if err := silent(t.Context(), validRequest()); err != nil || calls != 2 {
		t.Errorf("error = %v after %d calls", err, calls)
	}
}

// requireFailure asserts that an error is not the contract's refusal.
func requireFailure(t *testing.T, err error, errorType string) {
	t.Helper()
	var application *temporal.ApplicationError
	if !errors.As(err, &application) || application.Type() != errorType {
		t.Fatalf("error = %v; want a %s", err, errorType)
	}
}
