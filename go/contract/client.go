package contract

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/proto"
)

// StartOption changes what the contract says of a workflow's start, or adds what it does not say.
type StartOption func(*client.StartWorkflowOptions)

// UpdateOption changes what the contract says of an update, or adds what it does not say.
type UpdateOption func(*client.UpdateWorkflowOptions)

// Start is a workflow that a client is to start.
type Start struct {
	workflowType string
	options      client.StartWorkflowOptions
	callers      []StartOption
	arguments    []any
	needsID      string
}

// NewStart makes a start of a type; the caller's options come last and so win.
func NewStart(
	workflowType string, options client.StartWorkflowOptions, callers []StartOption, arguments ...any,
) Start {
	// Else the SDK would hand out the workflow that has the id already, as if it had been started.
	options.WorkflowExecutionErrorWhenAlreadyStarted = true
	return Start{workflowType: workflowType, options: options, callers: callers, arguments: arguments}
}

// OnConflict says what happens if a workflow of that id runs already.
func (s Start) OnConflict(policy enumspb.WorkflowIdConflictPolicy) Start {
	s.options.WorkflowIDConflictPolicy = policy
	return s
}

// RequireID refuses an empty id, in whose place the SDK would make one that nobody could find again.
func (s Start) RequireID(rpc string) Start {
	s.needsID = rpc
	return s
}

// checked returns what to start with, unless that must not be sent.
func (s Start) checked() (client.StartWorkflowOptions, error) {
	apply(&s.options, s.callers)
	if err := check(s.arguments); err != nil {
		return s.options, err
	}
	return s.options, checkID(s.needsID, s.options.ID)
}

// Update is an update that a client is to send.
type Update struct {
	options client.UpdateWorkflowOptions
	needsID string
}

// NewUpdate makes an update; the SDK makes an id in place of an empty one. The caller's options come last and
// so win.
func NewUpdate(name, id string, callers []UpdateOption, arguments ...any) Update {
	options := client.UpdateWorkflowOptions{UpdateName: name, UpdateID: id, Args: arguments}
	apply(&options, callers)
	return Update{options: options}
}

// RequireID refuses an empty id.
func (u Update) RequireID(rpc string) Update {
	u.needsID = rpc
	return u
}

func (u Update) check() error {
	if err := check(u.options.Args); err != nil {
		return err
	}
	return checkID(u.needsID, u.options.UpdateID)
}

// Run is a workflow that a client has started or found.
type Run struct {
	// WorkflowRun is the SDK's: the workflow's id, the run's id and the result.
	client.WorkflowRun
	// Client is what the workflow was started or found by.
	Client client.Client
	// What was started is addressed by its workflow id alone, and so reached after it continued as new.
	runID string
}

// StartWorkflow checks the request and starts a workflow.
func StartWorkflow(ctx context.Context, connection client.Client, start Start) (Run, error) {
	options, err := start.checked()
	if err != nil {
		return Run{}, err
	}
	run, err := connection.ExecuteWorkflow(ctx, options, start.workflowType, start.arguments...)
	return Run{WorkflowRun: run, Client: connection}, err
}

// SignalWithStart checks both requests and sends a signal to a workflow, which is started if it does not run.
func SignalWithStart(
	ctx context.Context, connection client.Client, start Start, signal string, arguments ...any,
) (Run, error) {
	options, err := start.checked()
	if err != nil {
		return Run{}, err
	}
	if err := check(arguments); err != nil {
		return Run{}, err
	}
	run, err := connection.SignalWithStartWorkflow(ctx, options.ID, signal, signalArgument(arguments),
		options, start.workflowType, start.arguments...)
	return Run{WorkflowRun: run, Client: connection}, err
}

// UpdateWithStart checks both requests, updates a workflow, which is started if it does not run, and waits for
// the update's answer.
func UpdateWithStart[Response any](
	ctx context.Context, connection client.Client, start Start, update Update,
) (Run, Response, error) {
	var nothing Response
	options, err := start.checked()
	if err != nil {
		return Run{}, nothing, err
	}
	if err := update.check(); err != nil {
		return Run{}, nothing, err
	}
	operation := connection.NewWithStartWorkflowOperation(options, start.workflowType, start.arguments...)
	update.options.WaitForStage = client.WorkflowUpdateStageCompleted
	handle, err := connection.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: operation,
		UpdateOptions:          update.options,
	})
	if err != nil {
		return Run{}, nothing, err
	}
	response, err := UpdateHandle[Response]{handle}.Get(ctx)
	if err != nil {
		return Run{}, nothing, err
	}
	run, err := operation.Get(ctx)
	return Run{WorkflowRun: run, Client: connection}, response, err
}

// FindWorkflow addresses a workflow by its id, without asking the server whether there is one. An empty run id
// means the latest run.
func FindWorkflow(connection client.Client, id, runID string) Run {
	// No call is made, so there is nothing to cancel.
	run := connection.GetWorkflow(context.Background(), id, runID)
	return Run{WorkflowRun: run, Client: connection, runID: runID}
}

// Result waits for a workflow's end.
func Result[Response any](ctx context.Context, run Run) (Response, error) {
	return receive[Response](func(into any) error { return run.Get(ctx, into) })
}

// Query checks the request and queries a workflow.
func Query[Response any](ctx context.Context, run Run, queryType string, arguments ...any) (Response, error) {
	var nothing Response
	if err := check(arguments); err != nil {
		return nothing, err
	}
	answer, err := run.Client.QueryWorkflow(ctx, run.GetID(), run.runID, queryType, arguments...)
	if err != nil {
		return nothing, err
	}
	return receive[Response](answer.Get)
}

// Signal checks the request and sends a signal to a workflow.
func Signal(ctx context.Context, run Run, name string, arguments ...any) error {
	if err := check(arguments); err != nil {
		return err
	}
	return run.Client.SignalWorkflow(ctx, run.GetID(), run.runID, name, signalArgument(arguments))
}

// UpdateHandle is an update that a workflow has accepted.
type UpdateHandle[Response any] struct {
	client.WorkflowUpdateHandle
}

// Get waits for the update's answer.
func (h UpdateHandle[Response]) Get(ctx context.Context) (Response, error) {
	return receive[Response](func(into any) error { return h.WorkflowUpdateHandle.Get(ctx, into) })
}

// StartUpdate checks the request, sends an update and waits until the workflow has accepted it.
func StartUpdate[Response any](ctx context.Context, run Run, update Update) (UpdateHandle[Response], error) {
	return sendUpdate[Response](ctx, run, update, client.WorkflowUpdateStageAccepted)
}

// ExecuteUpdate checks the request, sends an update and waits for its answer.
func ExecuteUpdate[Response any](ctx context.Context, run Run, update Update) (Response, error) {
	handle, err := sendUpdate[Response](ctx, run, update, client.WorkflowUpdateStageCompleted)
	if err != nil {
		var nothing Response
		return nothing, err
	}
	return handle.Get(ctx)
}

func sendUpdate[Response any](
	ctx context.Context, run Run, update Update, stage client.WorkflowUpdateStage,
) (UpdateHandle[Response], error) {
	if err := update.check(); err != nil {
		return UpdateHandle[Response]{}, err
	}
	update.options.WorkflowID, update.options.RunID = run.GetID(), run.runID
	update.options.WaitForStage = stage
	handle, err := run.Client.UpdateWorkflow(ctx, update.options)
	return UpdateHandle[Response]{handle}, err
}

// UUID makes a random UUID, version 4. Workflows use WorkflowUUID.
func UUID() string {
	return uuid.NewString()
}

// noArgument stands for the argument that a signal does not have: the SDK's own client would send a null in
// its place, which a handler without parameters in Python fails at.
type noArgument struct{}

func signalArgument(arguments []any) any {
	if len(arguments) == 0 {
		return noArgument{}
	}
	return arguments[0]
}

// check validates what is about to be sent.
func check(arguments []any) error {
	for _, argument := range arguments {
		if message, ok := argument.(proto.Message); ok {
			if err := Validate(message); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkID refuses an empty id of an RPC that needs one; "" stands for none.
func checkID(rpc, id string) error {
	if rpc != "" && id == "" {
		return NewInvalidArgument(fmt.Sprintf("%s: its id would be empty", rpc))
	}
	return nil
}

func apply[Options any, Option ~func(*Options)](options *Options, changes []Option) {
	for _, change := range changes {
		change(options)
	}
}

// Nothing is the result of what has none.
type Nothing struct{}

// receive gets what must be a message of the contract, wherever it comes from.
func receive[Response any](get func(into any) error) (Response, error) {
	var response, nothing Response
	if _, ok := any(response).(Nothing); ok {
		// Whatever was sent in its place, if anything, says nothing.
		return nothing, get(nil)
	}
	if err := get(&response); err != nil {
		return nothing, err
	}
	if message, ok := any(response).(proto.Message); ok {
		return response, requirePresent(message)
	}
	return response, nil
}
