// Package bench has the workflow and the activity that the benchmark compares with those of other languages.
package bench

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	benchv1 "example.com/triglot/go/bench/v1"
	"example.com/triglot/go/contract"
)

// Workflows implements the contract's BenchmarkServiceWorkflows.
type Workflows struct{}

// RunCalls calls an activity many times, with a fixed number of calls in flight.
func (Workflows) RunCalls(
	ctx workflow.Context, request *benchv1.RunCallsRequest,
) (*benchv1.RunCallsResponse, error) {
	remaining := request.GetCallCount()
	pause := time.Duration(request.GetPauseMilliseconds()) * time.Millisecond
	answered := int64(0)
	var failure error
	lanes := workflow.NewWaitGroup(ctx)
	for range request.GetConcurrency() {
		lanes.Go(ctx, func(ctx workflow.Context) {
			for remaining > 0 && failure == nil {
				remaining--
				response, err := startCall(ctx, request).Get(ctx)
				if err != nil {
					failure = err
				}
				answered += int64(len(response.GetPayload()))
				if pause > 0 && failure == nil {
					failure = workflow.Sleep(ctx, pause)
				}
			}
		})
	}
	lanes.Wait(ctx)
	if failure != nil {
		return nil, failure
	}
	return &benchv1.RunCallsResponse{AnsweredBytes: answered}, nil
}

// startCall is the generated StartCall for another queue than the contract's.
func startCall(
	ctx workflow.Context, request *benchv1.RunCallsRequest,
) contract.Future[*benchv1.CallResponse] {
	return contract.StartActivity[*benchv1.CallResponse](ctx, benchv1.BenchmarkServiceCall, workflow.ActivityOptions{
		TaskQueue:           request.GetTaskQueue(),
		StartToCloseTimeout: time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{MaximumAttempts: 1},
	}, request.GetCall())
}
