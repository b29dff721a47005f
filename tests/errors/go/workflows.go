package main

import (
	"errors"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"example.com/triglot/go/contract"
	notificationv1 "example.com/triglot/go/notification/v1"
	storev1 "example.com/triglot/go/store/v1"
)

type storeReference = storev1.ObjectRef

// call is one call of an activity or a child; times are in milliseconds, and 0 is none.
type call struct {
	Case            string   `json:"case"`
	Does            string   `json:"does"`
	Queue           string   `json:"queue"`
	Argument        string   `json:"argument"`
	StartToClose    int      `json:"start_to_close"`
	ScheduleToClose int      `json:"schedule_to_close"`
	ScheduleToStart int      `json:"schedule_to_start"`
	Heartbeat       int      `json:"heartbeat"`
	InitialInterval int      `json:"initial_interval"`
	RunTimeout      int      `json:"run_timeout"`
	MaxAttempts     int32    `json:"max_attempts"`
	NonRetryable    []string `json:"non_retryable"`
	Cancel          bool     `json:"cancel"`
}

func milliseconds(count int) time.Duration { return time.Duration(count) * time.Millisecond }

func (c call) options(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		ActivityID:             c.Case,
		TaskQueue:              c.Queue,
		StartToCloseTimeout:    milliseconds(c.StartToClose),
		ScheduleToCloseTimeout: milliseconds(c.ScheduleToClose),
		ScheduleToStartTimeout: milliseconds(c.ScheduleToStart),
		HeartbeatTimeout:       milliseconds(c.Heartbeat),
		WaitForCancellation:    true,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:        milliseconds(c.InitialInterval),
			MaximumAttempts:        c.MaxAttempts,
			NonRetryableErrorTypes: c.NonRetryable,
		},
	})
}

func (c call) start(ctx workflow.Context) workflow.Future {
	switch c.Argument {
	case "empty request":
		return workflow.ExecuteActivity(c.options(ctx), notificationv1.NotificationServiceSendNotification,
			&notificationv1.SendNotificationRequest{})
	case "text":
		return workflow.ExecuteActivity(c.options(ctx), notificationv1.NotificationServiceSendNotification, "text")
	}
	return workflow.ExecuteActivity(c.options(ctx), "RaiseError", c.Does)
}

// readActivities calls activities all at once and tells how each failed.
func readActivities(ctx workflow.Context, calls []call) (map[string]any, error) {
	seen := map[string]any{}
	all := workflow.NewWaitGroup(ctx)
	for _, each := range calls {
		all.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer all.Done()
			seen[each.Case] = each.read(ctx)
		})
	}
	all.Wait(ctx)
	return seen, nil
}

func (c call) read(ctx workflow.Context) any {
	ctx, cancel := workflow.WithCancel(ctx)
	future := c.start(ctx)
	if c.Cancel {
		c.await(ctx)
		cancel()
	}
	var result any
	if err := future.Get(ctx, &result); err != nil {
		return describe(err)
	}
	return result
}

// await returns when the activity runs, since one that does not is cancelled by the server alone.
func (c call) await(ctx workflow.Context) {
	disconnected, _ := workflow.NewDisconnectedContext(ctx)
	ready := call{Case: "ready:" + c.Case, Does: "ready:" + c.Does, Queue: c.Queue, StartToClose: 60000, MaxAttempts: 1}
	if err := ready.start(disconnected).Get(disconnected, nil); err != nil {
		panic(err)
	}
}

// readChild starts one child and tells how it failed.
func readChild(ctx workflow.Context, c call) ([]link, error) {
	ctx, cancel := workflow.WithCancel(ctx)
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:          workflow.GetInfo(ctx).WorkflowExecution.ID + "/child",
		TaskQueue:           c.Queue,
		WorkflowRunTimeout:  milliseconds(c.RunTimeout),
		WaitForCancellation: true,
	}), "FailWith", c.Does)
	if c.Cancel {
		if err := child.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			return nil, err
		}
		cancel()
	}
	return describe(child.Get(ctx, nil)), nil
}

// readTyped takes the details of an error for the message that they are.
func readTyped(ctx workflow.Context, c call) (*storev1.ObjectRef, error) {
	err := c.start(ctx).Get(ctx, nil)
	// quote: read
	var application *temporal.ApplicationError
	if errors.As(err, &application) && application.Type() == contract.ObjectNotFound {
		var missing storev1.ObjectRef
		if err := application.Details(&missing); err != nil {
			return nil, err
		}
		return &missing, nil
	}
	return nil, err
	// end of quote
}

// readMessage wants a message and gets what an activity returns.
func readMessage(ctx workflow.Context, c call) (any, error) {
	var response *storev1.ObjectRef
	err := c.start(ctx).Get(ctx, &response)
	var application *temporal.ApplicationError
	if errors.As(err, &application) {
		return application.Type() + ": " + application.Message(), nil
	}
	return "decoded", err
}

// relay lets an activity's error end it.
func relay(ctx workflow.Context, c call) error {
	return c.start(ctx).Get(ctx, nil)
}

// failWith ends as a case says.
func failWith(ctx workflow.Context, name string) error {
	switch name {
	case "wait":
		return workflow.Await(ctx, func() bool { return false })
	case "again":
		return workflow.NewContinueAsNewError(ctx, "FailWith", "end")
	case "end":
		return nil
	}
	return raised(name)
}

// answer fails queries and updates until somebody terminates it.
func answer(ctx workflow.Context) error {
	query := func(name string) (string, error) { return "", raised(name) }
	if err := workflow.SetQueryHandler(ctx, "Ask", query); err != nil {
		return err
	}
	accept := func(_ workflow.Context, name string) (string, error) { return "", raised(name) }
	if err := workflow.SetUpdateHandler(ctx, "Accept", accept); err != nil {
		return err
	}
	refuse := func(_ workflow.Context, name string) error { return raised(name) }
	if err := workflow.SetUpdateHandlerWithOptions(ctx, "Refuse",
		func(workflow.Context, string) (string, error) { return "accepted", nil },
		workflow.UpdateHandlerOptions{Validator: refuse}); err != nil {
		return err
	}
	return workflow.Await(ctx, func() bool { return false })
}

// unknownMessage is what a newer contract might send: a message that nobody here has.
func unknownMessage() converter.RawValue {
	return converter.NewRawValue(&commonpb.Payload{
		Metadata: map[string][]byte{
			converter.MetadataEncoding:    []byte(converter.MetadataEncodingProtoJSON),
			converter.MetadataMessageType: []byte("acme.unknown.v1.Reason"),
		},
		Data: []byte(`{"text":"new"}`),
	})
}
