package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"example.com/triglot/go/contract"
	notificationv1 "example.com/triglot/go/notification/v1"
	storev1 "example.com/triglot/go/store/v1"
)

// OrderError is a type of error as any program has its own.
type OrderError struct{ Order int }

func (e *OrderError) Error() string { return fmt.Sprintf("order %d is wrong", e.Order) }

func reference() *storev1.ObjectRef {
	return &storev1.ObjectRef{Sha256: "ab12", SizeBytes: 1<<53 + 1, MediaType: "text/html"}
}

// raised makes the error of a case. A case that Go cannot return panics.
func raised(name string) error {
	switch name {
	case "application":
		return temporal.NewApplicationError("no such object", contract.ObjectNotFound)
	case "one-message":
		// quote: raise
		return temporal.NewApplicationError("no such object", contract.ObjectNotFound, reference())
		// end of quote
	case "several-details":
		return temporal.NewApplicationError("no such object", contract.ObjectNotFound, reference(), "shelf", 7)
	case "json-details":
		return temporal.NewApplicationError("no such object", contract.ObjectNotFound,
			map[string]any{"shelf": "top", "rows": []int{1, 2}, "locked": true, "owner": nil})
	case "non-retryable":
		// quote: refuse
		return temporal.NewNonRetryableApplicationError("no such object", contract.ObjectNotFound, nil)
		// end of quote
	case "next-retry-delay":
		// quote: delay
		return temporal.NewApplicationErrorWithOptions("the store is busy", contract.StoreUnavailable,
			temporal.ApplicationErrorOptions{NextRetryDelay: 250 * time.Millisecond})
		// end of quote
	case "benign":
		return temporal.NewApplicationErrorWithOptions("the store is busy", contract.StoreUnavailable,
			temporal.ApplicationErrorOptions{Category: temporal.ApplicationErrorCategoryBenign})
	case "cause-chain":
		// quote: cause
		root := errors.New("disk is full")
		cause := temporal.NewApplicationErrorWithCause("cannot write", contract.StoreUnavailable, root, reference())
		return temporal.NewNonRetryableApplicationError("no such object", contract.ObjectNotFound, cause)
		// end of quote
	case "unknown-message":
		return temporal.NewApplicationError("no such object", contract.ObjectNotFound, unknownMessage())
	case "payload-validation":
		return temporal.NewPayloadValidationError(map[string]any{"field": "sha256"})
	case "plain-error":
		return errors.New("bad")
	case "own-class":
		return &OrderError{Order: 7}
	case "wrapped":
		return fmt.Errorf("while loading: %w", errors.New("bad"))
	case "wrapped-refusal":
		return fmt.Errorf("while loading: %w", contract.NewInvalidArgument("first: is missing"))
	case "wrapped-other":
		return fmt.Errorf("while loading: %w",
			temporal.NewNonRetryableApplicationError("late", contract.Interrupted, nil))
	case "programming-error":
		var absent map[string]int
		absent["bad"] = 1 //lint:ignore SA5000 the fault is the case
		return nil
	case "not-an-error":
		panic("bad")
	case "cancelled-unasked":
		return temporal.NewCanceledError("unasked")
	}
	panic("no such case: " + name)
}

type raiser struct {
	mutex sync.Mutex
	ready map[string]chan struct{}
}

// started is closed when a workflow's activity waits for its cancellation.
func (r *raiser) started(ctx context.Context, name string) chan struct{} {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	key := activity.GetInfo(ctx).WorkflowExecution.RunID + name
	if r.ready[key] == nil {
		r.ready[key] = make(chan struct{})
	}
	return r.ready[key]
}

// RaiseError is the activity that fails as a case says.
func (r *raiser) RaiseError(ctx context.Context, name string) (any, error) {
	if awaited, isQuestion := strings.CutPrefix(name, "ready:"); isQuestion {
		<-r.started(ctx, awaited)
		return nil, nil
	}
	if strings.HasPrefix(name, "cancelled-") || name == "cancelled" {
		return r.whenCancelled(ctx, name)
	}
	switch name {
	case "hang":
		<-ctx.Done()
		return nil, ctx.Err()
	case "heartbeat":
		activity.RecordHeartbeat(ctx, reference(), 7)
		<-ctx.Done()
		return nil, ctx.Err()
	case "stopped":
		close(r.started(ctx, name))
		<-ctx.Done()
		return nil, ctx.Err()
	case "text-result":
		return "no message", nil
	}
	return nil, raised(name)
}

func (r *raiser) whenCancelled(ctx context.Context, name string) (any, error) {
	if name == "cancelled-unasked" {
		return nil, raised(name)
	}
	started := r.started(ctx, name)
	select {
	case <-started: // an attempt after a reset
		return "done all the same", nil
	default:
		close(started)
	}
	untilCancelled(ctx)
	switch name {
	case "cancelled-details":
		return nil, temporal.NewCanceledError(reference())
	case "cancelled-otherwise":
		return nil, temporal.NewApplicationError("given up", contract.Interrupted)
	case "cancelled-ignored":
		return "done all the same", nil
	}
	return nil, ctx.Err()
}

// A cancellation comes with the answer to a heartbeat.
func untilCancelled(ctx context.Context) {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		activity.RecordHeartbeat(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// SendNotification refuses nothing itself: what breaks the contract does not get here.
func (r *raiser) SendNotification(
	context.Context, *notificationv1.SendNotificationRequest,
) (*notificationv1.SendNotificationResponse, error) {
	return &notificationv1.SendNotificationResponse{DeliveryId: "sent"}, nil
}
