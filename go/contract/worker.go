package contract

import (
	"context"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"
)

// Activity makes an activity refuse a request that breaks the contract's rules.
func Activity[Request proto.Message, Response any](
	implementation func(context.Context, Request) (Response, error),
) func(context.Context, Request) (Response, error) {
	return func(ctx context.Context, request Request) (Response, error) {
		if err := Validate(request); err != nil {
			var nothing Response
			return nothing, err
		}
		return implementation(ctx, request)
	}
}

// ActivityWithoutResult is Activity for one that returns only an error.
func ActivityWithoutResult[Request proto.Message](
	implementation func(context.Context, Request) error,
) func(context.Context, Request) error {
	return func(ctx context.Context, request Request) error {
		if err := Validate(request); err != nil {
			return err
		}
		return implementation(ctx, request)
	}
}

// Workflow makes a workflow end with InvalidArgument if it was started without a request. What is no such
// request at all ends it too, by the data converter. The contract's rules are not asked: clients did, and a
// rule that is tightened later would break the replay of what runs already.
func Workflow[Request proto.Message, Response any](
	implementation func(workflow.Context, Request) (Response, error),
) func(workflow.Context, Request) (Response, error) {
	return func(ctx workflow.Context, request Request) (Response, error) {
		if err := requirePresent(request); err != nil {
			var nothing Response
			return nothing, err
		}
		return implementation(ctx, request)
	}
}

// WorkflowWithoutResult is Workflow for one that returns only an error.
func WorkflowWithoutResult[Request proto.Message](
	implementation func(workflow.Context, Request) error,
) func(workflow.Context, Request) error {
	return func(ctx workflow.Context, request Request) error {
		if err := requirePresent(request); err != nil {
			return err
		}
		return implementation(ctx, request)
	}
}

// RegisterWorkflow registers a workflow under the name in the options and under its aliases.
func RegisterWorkflow(
	registry worker.WorkflowRegistry, implementation any, options workflow.RegisterOptions, aliases ...string,
) {
	registry.RegisterWorkflowWithOptions(implementation, options)
	for _, options.Name = range aliases {
		registry.RegisterWorkflowWithOptions(implementation, options)
	}
}
