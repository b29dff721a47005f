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

// SetUpdateHandler makes a workflow answer an update. One without its request is refused before the workflow's own
// validator sees it, which may be nil. Neither is replayed.
func SetUpdateHandler[Request proto.Message, Response any](
	ctx workflow.Context,
	name string,
	handler func(workflow.Context, Request) (Response, error),
	validator func(workflow.Context, Request) error,
) error {
	return workflow.SetUpdateHandlerWithOptions(ctx, name, handler, requiring(validator))
}

// SetUpdateHandlerWithoutResult is SetUpdateHandler for an update that returns only an error.
func SetUpdateHandlerWithoutResult[Request proto.Message](
	ctx workflow.Context,
	name string,
	handler func(workflow.Context, Request) error,
	validator func(workflow.Context, Request) error,
) error {
	return workflow.SetUpdateHandlerWithOptions(ctx, name, handler, requiring(validator))
}

func requiring[Request proto.Message](
	validator func(workflow.Context, Request) error,
) workflow.UpdateHandlerOptions {
	return workflow.UpdateHandlerOptions{Validator: func(ctx workflow.Context, request Request) error {
		if err := requirePresent(request); err != nil || validator == nil {
			return err
		}
		return validator(ctx, request)
	}}
}

// Validated makes a validator of updates that refuses what breaks the contract's rules before the workflow's own
// sees it, which may be nil.
func Validated[Request proto.Message](
	validator func(workflow.Context, Request) error,
) func(workflow.Context, Request) error {
	return func(ctx workflow.Context, request Request) error {
		if err := Validate(request); err != nil || validator == nil {
			return err
		}
		return validator(ctx, request)
	}
}

// SetBareUpdateHandler makes a workflow answer an update without a request. The validator may be nil.
func SetBareUpdateHandler[Response any](
	ctx workflow.Context,
	name string,
	handler func(workflow.Context) (Response, error),
	validator func(workflow.Context) error,
) error {
	return workflow.SetUpdateHandlerWithOptions(ctx, name, handler, bare(validator))
}

// SetBareUpdateHandlerWithoutResult is SetBareUpdateHandler for an update that returns only an error.
func SetBareUpdateHandlerWithoutResult(
	ctx workflow.Context,
	name string,
	handler func(workflow.Context) error,
	validator func(workflow.Context) error,
) error {
	return workflow.SetUpdateHandlerWithOptions(ctx, name, handler, bare(validator))
}

// bare leaves a nil validator out, which the SDK would call.
func bare(validator func(workflow.Context) error) workflow.UpdateHandlerOptions {
	if validator == nil {
		return workflow.UpdateHandlerOptions{}
	}
	return workflow.UpdateHandlerOptions{Validator: validator}
}
