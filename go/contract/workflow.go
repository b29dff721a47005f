package contract

import (
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"
)

// Future is the result of an activity, still to come.
type Future[Response any] struct {
	// Future is the SDK's, for selectors.
	workflow.Future
}

// Get waits for the result.
func (f Future[Response]) Get(ctx workflow.Context) (Response, error) {
	return receive[Response](func(into any) error { return f.Future.Get(ctx, into) })
}

// ChildFuture is the result of a child workflow, still to come.
type ChildFuture[Response any] struct {
	// ChildWorkflowFuture is the SDK's. Its GetChildWorkflowExecution tells when the child has been started:
	// a parent that ends before has no child.
	workflow.ChildWorkflowFuture
}

// Get waits for the result.
func (f ChildFuture[Response]) Get(ctx workflow.Context) (Response, error) {
	return receive[Response](func(into any) error { return f.ChildWorkflowFuture.Get(ctx, into) })
}

// StartActivity starts an activity from a workflow.
func StartActivity[Response any](
	ctx workflow.Context, activityType string, options workflow.ActivityOptions, arguments ...any,
) Future[Response] {
	ctx = workflow.WithActivityOptions(ctx, options)
	return Future[Response]{workflow.ExecuteActivity(ctx, activityType, arguments...)}
}

// TerminateIfRunning is for children, which have no conflict policy that could say the same.
//
//lint:ignore SA1019 the API has deprecated it for clients' sake
const TerminateIfRunning = enumspb.WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING

// ChildOption changes what the contract says of a child workflow, or adds what it does not say.
type ChildOption func(*workflow.ChildWorkflowOptions)

// Child is a child workflow to be started.
type Child struct {
	workflowType string
	options      workflow.ChildWorkflowOptions
	arguments    []any
	needsID      string
}

// NewChild makes a child workflow of a type; the caller's options come last and so win.
func NewChild(
	workflowType string, options workflow.ChildWorkflowOptions, callers []ChildOption, arguments ...any,
) Child {
	apply(&options, callers)
	return Child{workflowType: workflowType, options: options, arguments: arguments}
}

// RequireID refuses an empty id, in whose place the SDK would make one that says nothing.
func (c Child) RequireID(rpc string) Child {
	c.needsID = rpc
	return c
}

// StartChild starts a child workflow.
func StartChild[Response any](ctx workflow.Context, child Child) ChildFuture[Response] {
	ctx = workflow.WithChildOptions(ctx, child.options)
	if err := checkID(child.needsID, child.options.WorkflowID); err != nil {
		return ChildFuture[Response]{refused(ctx, err)}
	}
	return ChildFuture[Response]{workflow.ExecuteChildWorkflow(ctx, child.workflowType, child.arguments...)}
}

// refusedChild is a child that was never asked for.
type refusedChild struct {
	workflow.Future
}

func refused(ctx workflow.Context, err error) refusedChild {
	future, settable := workflow.NewFuture(ctx)
	settable.SetError(err)
	return refusedChild{future}
}

func (c refusedChild) GetChildWorkflowExecution() workflow.Future { return c.Future }

func (c refusedChild) SignalChildWorkflow(workflow.Context, string, any) workflow.Future {
	return c.Future
}

// WorkflowUUID returns a function that makes random UUIDs, version 4, which a replay makes again.
func WorkflowUUID(ctx workflow.Context) func() string {
	return func() string {
		var made string
		random := workflow.SideEffect(ctx, func(workflow.Context) any { return UUID() })
		if err := random.Get(&made); err != nil {
			// The history holds something else: no workflow code can go on from there.
			panic(err)
		}
		return made
	}
}

// SetQueryHandler makes a workflow answer a query. Each request is validated: queries are never replayed.
func SetQueryHandler[Request proto.Message, Response any](
	ctx workflow.Context, queryType string, handler func(Request) (Response, error),
) error {
	return workflow.SetQueryHandler(ctx, queryType, func(request Request) (Response, error) {
		if err := Validate(request); err != nil {
			var nothing Response
			return nothing, err
		}
		return handler(request)
	})
}

// SetValidatedUpdateHandler makes a workflow answer an update. A request that breaks the contract's rules is
// refused before the workflow's own validator sees it, which may be nil. Neither is replayed.
func SetValidatedUpdateHandler[Request proto.Message](
	ctx workflow.Context, name string, handler any, validator func(workflow.Context, Request) error,
) error {
	return setUpdateHandler(ctx, name, handler, func(_ workflow.Context, request Request) error {
		return Validate(request)
	}, validator)
}

// SetUpdateHandler is SetValidatedUpdateHandler for an update that the contract does not have validated: only
// one without its request is refused.
func SetUpdateHandler[Request proto.Message](
	ctx workflow.Context, name string, handler any, validator func(workflow.Context, Request) error,
) error {
	return setUpdateHandler(ctx, name, handler, func(_ workflow.Context, request Request) error {
		return requirePresent(request)
	}, validator)
}

func setUpdateHandler[Request proto.Message](
	ctx workflow.Context, name string, handler any, check, validator func(workflow.Context, Request) error,
) error {
	return workflow.SetUpdateHandlerWithOptions(ctx, name, handler, workflow.UpdateHandlerOptions{
		Validator: func(ctx workflow.Context, request Request) error {
			if err := check(ctx, request); err != nil || validator == nil {
				return err
			}
			return validator(ctx, request)
		},
	})
}

// SetBareUpdateHandler makes a workflow answer an update without a request. The validator may be nil.
func SetBareUpdateHandler(
	ctx workflow.Context, name string, handler any, validator func(workflow.Context) error,
) error {
	var options workflow.UpdateHandlerOptions
	if validator != nil {
		options.Validator = validator
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, name, handler, options)
}

// SignalChannel receives the requests of a signal. One that cannot be decoded, or is not there, is logged and
// passed over, for its sender has gone; the contract's rules are not asked, as of a workflow's own request.
type SignalChannel[Request proto.Message] struct {
	// ReceiveChannel is the SDK's, for selectors.
	workflow.ReceiveChannel
}

// NewSignalChannel makes the channel of a signal.
func NewSignalChannel[Request proto.Message](ctx workflow.Context, signal string) SignalChannel[Request] {
	return SignalChannel[Request]{workflow.GetSignalChannel(ctx, signal)}
}

// Receive waits for a request.
func (c SignalChannel[Request]) Receive(ctx workflow.Context) Request {
	for {
		var request Request
		c.ReceiveChannel.Receive(ctx, &request)
		if c.holds(ctx, request) {
			return request
		}
	}
}

// ReceiveAsync returns a request that has arrived already, and whether there is one.
func (c SignalChannel[Request]) ReceiveAsync(ctx workflow.Context) (Request, bool) {
	for {
		var request Request
		if !c.ReceiveChannel.ReceiveAsync(&request) {
			return request, false
		}
		if c.holds(ctx, request) {
			return request, true
		}
	}
}

func (c SignalChannel[Request]) holds(ctx workflow.Context, request Request) bool {
	err := requirePresent(request)
	if err != nil {
		workflow.GetLogger(ctx).Error("a signal is passed over", "signal", c.Name(), "error", err)
	}
	return err == nil
}
