package contract_test

import (
	"context"
	"regexp"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"example.com/triglot/go/contract"
	riskv1 "example.com/triglot/go/risk/v1"
)

// run executes a workflow function.
func run(environment *testsuite.TestWorkflowEnvironment, function func(workflow.Context) error) error {
	environment.RegisterWorkflowWithOptions(function, workflow.RegisterOptions{Name: "test"})
	environment.ExecuteWorkflow("test")
	return environment.GetWorkflowError()
}

var simulation = workflow.ActivityOptions{
	StartToCloseTimeout: time.Minute,
	RetryPolicy:         &temporal.RetryPolicy{MaximumAttempts: 1},
}

func TestAnActivityAnswersWithItsMessage(t *testing.T) {
	for name, answer := range map[string]*riskv1.SimulateShardResponse{
		"a message": {},
		"nothing":   nil,
	} {
		t.Run(name, func(t *testing.T) {
			environment := newEnvironment(t)
			environment.RegisterActivityWithOptions(
				func(context.Context, *riskv1.SimulateShardRequest) (*riskv1.SimulateShardResponse, error) {
					return answer, nil
				}, activity.RegisterOptions{Name: "simulate"})
			err := run(environment, func(ctx workflow.Context) error {
				future := contract.StartActivity[*riskv1.SimulateShardResponse](
					ctx, "simulate", simulation, validRequest())
				_, err := future.Get(ctx)
				return err
			})
			if answer == nil {
				requireInvalidArgument(t, err)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAChildNeedsAnID(t *testing.T) {
	environment := newEnvironment(t)
	err := run(environment, func(ctx workflow.Context) error {
		child := contract.NewChild("child", workflow.ChildWorkflowOptions{}, nil).RequireID("Sell")
		future := contract.StartChild[contract.Nothing](ctx, child)
		if err := future.GetChildWorkflowExecution().Get(ctx, nil); err == nil {
			t.Error("the child was started")
		}
		_, err := future.Get(ctx)
		return err
	})
	if got := requireInvalidArgument(t, err).Message(); got != "Sell: its id would be empty" {
		t.Errorf("message = %q", got)
	}
}

func TestACallersIDWins(t *testing.T) {
	environment := newEnvironment(t)
	environment.RegisterWorkflowWithOptions(func(ctx workflow.Context) (string, error) {
		return workflow.GetInfo(ctx).WorkflowExecution.ID, nil
	}, workflow.RegisterOptions{Name: "child"})
	err := run(environment, func(ctx workflow.Context) error {
		own := func(options *workflow.ChildWorkflowOptions) { options.WorkflowID = "own" }
		made := workflow.ChildWorkflowOptions{WorkflowID: "made"}
		child := contract.NewChild("child", made, []contract.ChildOption{own}).RequireID("Sell")
		id, err := contract.StartChild[string](ctx, child).Get(ctx)
		if id != "own" {
			t.Errorf("id = %q", id)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestUUIDsAreTheRunsOwnAndReplayed(t *testing.T) {
	environment := newEnvironment(t)
	version4 := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	err := run(environment, func(ctx workflow.Context) error {
		uuid := contract.WorkflowUUID(ctx)
		if first, second := uuid(), uuid(); first == second || !version4.MatchString(first) {
			t.Errorf("UUIDs %s and %s", first, second)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	const recorded = "6e7a4f0e-8f5b-4a57-9f0f-2d5bb1a0c1de"
	var made string
	replayer := worker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		made = contract.WorkflowUUID(ctx)()
		return nil
	}, workflow.RegisterOptions{Name: "test"})
	if err := replayer.ReplayWorkflowHistory(nil, historyWithUUID(t, recorded)); err != nil {
		t.Fatal(err)
	}
	if made != recorded {
		t.Errorf("UUID = %s; want the recorded %s", made, recorded)
	}
}

func historyWithUUID(t *testing.T, uuid string) *historypb.History {
	t.Helper()
	encode := func(value any) *commonpb.Payloads {
		payloads, err := converter.GetDefaultDataConverter().ToPayloads(value)
		if err != nil {
			t.Fatal(err)
		}
		return payloads
	}
	return &historypb.History{Events: []*historypb.HistoryEvent{
		{EventId: 1, EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
			Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
				WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{
					WorkflowType: &commonpb.WorkflowType{Name: "test"},
					TaskQueue:    &taskqueuepb.TaskQueue{Name: "test"},
				}}},
		{EventId: 2, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED},
		{EventId: 3, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED},
		{EventId: 4, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
			Attributes: &historypb.HistoryEvent_WorkflowTaskCompletedEventAttributes{
				WorkflowTaskCompletedEventAttributes: &historypb.WorkflowTaskCompletedEventAttributes{
					ScheduledEventId: 2, StartedEventId: 3,
				}}},
		{EventId: 5, EventType: enumspb.EVENT_TYPE_MARKER_RECORDED,
			Attributes: &historypb.HistoryEvent_MarkerRecordedEventAttributes{
				MarkerRecordedEventAttributes: &historypb.MarkerRecordedEventAttributes{
					MarkerName:                   "SideEffect",
					WorkflowTaskCompletedEventId: 4,
					Details: map[string]*commonpb.Payloads{
						"side-effect-id": encode(1), "data": encode(uuid),
					},
				}}},
		{EventId: 6, EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
			Attributes: &historypb.HistoryEvent_WorkflowExecutionCompletedEventAttributes{
				WorkflowExecutionCompletedEventAttributes: &historypb.WorkflowExecutionCompletedEventAttributes{
					WorkflowTaskCompletedEventId: 4,
				}}},
	}}
}

func TestAQueryIsValidated(t *testing.T) {
	environment := newEnvironment(t)
	asked := 0
	err := run(environment, func(ctx workflow.Context) error {
		return contract.SetQueryHandler(ctx, "look",
			func(request *riskv1.SimulateShardRequest) (*riskv1.ScenarioRange, error) {
				asked++
				return request.GetRange(), nil
			})
	})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := environment.QueryWorkflow("look", validRequest())
	if err != nil {
		t.Fatal(err)
	}
	var found *riskv1.ScenarioRange
	if err := answer.Get(&found); err != nil || found.GetCount() != 1 {
		t.Errorf("answer = %v, %v", found, err)
	}
	for _, arguments := range [][]any{nil, {&riskv1.SimulateShardRequest{}}, {&riskv1.ScenarioRange{}},
		{validRequest(), validRequest()}} {
		_, err := environment.QueryWorkflow("look", arguments...)
		requireInvalidArgument(t, err)
	}
	if asked != 1 {
		t.Errorf("the handler was asked %d times", asked)
	}
}

// answers is what the SDK tells of one update.
type answers struct{ rejected, failed error }

func (a *answers) Accept()                 { a.rejected = nil }
func (a *answers) Reject(err error)        { a.rejected = err }
func (a *answers) Complete(_ any, e error) { a.failed = e }

// update sends an update to a workflow and returns what it was rejected with.
func update(t *testing.T, register func(workflow.Context) error, arguments ...any) error {
	t.Helper()
	environment := newEnvironment(t)
	var told answers
	environment.RegisterDelayedCallback(func() {
		environment.UpdateWorkflow("change", "id", &told, arguments...)
	}, 0)
	err := run(environment, func(ctx workflow.Context) error {
		if err := register(ctx); err != nil {
			return err
		}
		return workflow.Sleep(ctx, time.Second)
	})
	if err != nil || told.failed != nil {
		t.Fatal(err, told.failed)
	}
	return told.rejected
}

func change(_ workflow.Context, request *riskv1.SimulateShardRequest) (*riskv1.ScenarioRange, error) {
	return request.GetRange(), nil
}

func changeSilently(workflow.Context, *riskv1.SimulateShardRequest) error { return nil }

func tooEarly(workflow.Context, *riskv1.SimulateShardRequest) error {
	return temporal.NewApplicationError("too early", "TooEarly")
}

type validator = func(workflow.Context, *riskv1.SimulateShardRequest) error

// updates are the two ways to handle an update with a request.
var updates = map[string]func(workflow.Context, validator) error{
	"with a result": func(ctx workflow.Context, validate validator) error {
		return contract.SetUpdateHandler(ctx, "change", change, validate)
	},
	"without a result": func(ctx workflow.Context, validate validator) error {
		return contract.SetUpdateHandlerWithoutResult(ctx, "change", changeSilently, validate)
	},
}

func TestAnUpdateIsValidatedBeforeItsValidatorSeesIt(t *testing.T) {
	for name, set := range updates {
		t.Run(name, func(t *testing.T) {
			validated := func(own validator) func(workflow.Context) error {
				return func(ctx workflow.Context) error { return set(ctx, contract.Validated(own)) }
			}
			if err := update(t, validated(nil), validRequest()); err != nil {
				t.Error(err)
			}
			requireFailure(t, update(t, validated(tooEarly), validRequest()), "TooEarly")
			requireInvalidArgument(t, update(t, validated(tooEarly), &riskv1.SimulateShardRequest{}))
			requireInvalidArgument(t, update(t, validated(nil), &riskv1.SimulateShardRequest{}))
			requireInvalidArgument(t, update(t, validated(nil)))
			requireInvalidArgument(t, update(t, validated(nil), "text"))
			requireTwoArguments(t, update(t, validated(nil), validRequest(), validRequest()))
		})
	}
}

func TestAnUpdateThatIsNotValidatedNeedsItsRequest(t *testing.T) {
	for name, set := range updates {
		t.Run(name, func(t *testing.T) {
			unvalidated := func(ctx workflow.Context) error { return set(ctx, nil) }
			if err := update(t, unvalidated, &riskv1.SimulateShardRequest{}); err != nil {
				t.Error(err)
			}
			requireInvalidArgument(t, update(t, unvalidated))
		})
	}
}

func TestAnUpdateWithoutARequestHasAValidatorOrNone(t *testing.T) {
	type validator = func(workflow.Context) error
	for name, set := range map[string]func(workflow.Context, validator) error{
		"with a result": func(ctx workflow.Context, validate validator) error {
			handler := func(workflow.Context) (string, error) { return "changed", nil }
			return contract.SetBareUpdateHandler(ctx, "change", handler, validate)
		},
		"without a result": func(ctx workflow.Context, validate validator) error {
			handler := func(workflow.Context) error { return nil }
			return contract.SetBareUpdateHandlerWithoutResult(ctx, "change", handler, validate)
		},
	} {
		t.Run(name, func(t *testing.T) {
			bare := func(own validator) func(workflow.Context) error {
				return func(ctx workflow.Context) error { return set(ctx, own) }
			}
			if err := update(t, bare(nil)); err != nil {
				t.Error(err)
			}
			refusing := func(workflow.Context) error { return temporal.NewApplicationError("too early", "TooEarly") }
			requireFailure(t, update(t, bare(refusing)), "TooEarly")
		})
	}
}
