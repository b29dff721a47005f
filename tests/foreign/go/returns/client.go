package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"

	commonv1 "example.com/acme/common/v1"
	returnsv1 "example.com/acme/returns/v1"
)

// pieces is more than a double can count one by one.
const pieces = 1<<53 + 1

// seen is what every worker must show to every client.
type seen struct {
	Refused        string `json:"refused"`
	ID             string `json:"id"`
	Pieces         string `json:"pieces"`
	ReasonPresent  bool   `json:"reason_present"`
	Rejected       string `json:"rejected"`
	Number         string `json:"number"`
	RefundCents    string `json:"refund_cents"`
	Finding        string `json:"finding"`
	TooEarly       string `json:"too_early"`
	FailedActivity string `json:"failed_activity"`
	FailedType     string `json:"failed_type"`
	FailedMessage  string `json:"failed_message"`
	AliasStage     string `json:"alias_stage"`
}

type customer struct {
	connection client.Client
	returns    *returnsv1.ReturnServiceClient
	order      string
	seen       seen
}

func send(connection client.Client, order string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := customer{
		connection: connection,
		returns:    returnsv1.NewReturnServiceClient(connection),
		order:      order,
	}
	steps := []func(context.Context) error{c.refusal, c.refund, c.earlyApproval, c.failure, c.alias}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(c.seen)
}

func (c *customer) refusal(ctx context.Context) error {
	_, err := c.returns.StartHandleReturn(ctx, &returnsv1.HandleReturnRequest{OrderId: proto.String("")})
	if err == nil {
		return errors.New("a return without an order was started")
	}
	c.seen.Refused = errorType(err)
	return nil
}

func (c *customer) refund(ctx context.Context) error {
	request := c.request("", "Basel")
	request.Reason = proto.String("")
	handle, err := c.returns.StartHandleReturnWithReceiveParcel(ctx, request, parcel())
	if err != nil {
		return err
	}
	c.seen.ID = handle.Workflow.GetID()
	state, err := inspected(ctx, handle)
	if err != nil {
		return err
	}
	c.seen.Pieces = strconv.FormatInt(state.GetPieces(), 10)
	c.seen.ReasonPresent = state.Reason != nil
	if err := c.rejection(ctx, handle); err != nil {
		return err
	}
	refund, err := handle.ApproveRefund(ctx, approval())
	if err != nil {
		return err
	}
	c.seen.Number = refund.GetNumber()
	result, err := handle.Result(ctx)
	c.seen.RefundCents = strconv.FormatInt(result.GetRefundCents(), 10)
	c.seen.Finding = result.GetFinding()
	return err
}

// rejection sends what the generated client would refuse.
func (c *customer) rejection(ctx context.Context, handle returnsv1.HandleReturnHandle) error {
	update, err := c.connection.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID:   handle.Workflow.GetID(),
		UpdateName:   returnsv1.ReturnServiceApproveRefund,
		Args:         []any{&returnsv1.ApproveRefundRequest{Approver: proto.String("desk"), Cents: proto.Int64(0)}},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return err
	}
	c.seen.Rejected = errorType(update.Get(ctx, nil))
	return nil
}

func (c *customer) earlyApproval(ctx context.Context) error {
	request := c.request("-b", "Basel")
	_, _, err := c.returns.StartHandleReturnWithApproveRefund(ctx, request, approval())
	c.seen.TooEarly = errorType(err)
	return c.connection.TerminateWorkflow(ctx, returnsv1.HandleReturnID(request), "", "seen")
}

func (c *customer) failure(ctx context.Context) error {
	handle, err := c.returns.StartHandleReturnWithReceiveParcel(ctx, c.request("-c", "nowhere"), parcel())
	if err != nil {
		return err
	}
	_, err = handle.Result(ctx)
	var activity *temporal.ActivityError
	var application *temporal.ApplicationError
	if !errors.As(err, &activity) || !errors.As(err, &application) {
		return fmt.Errorf("not a failed activity: %w", err)
	}
	c.seen.FailedActivity = activity.ActivityType().GetName()
	c.seen.FailedType, c.seen.FailedMessage = application.Type(), application.Message()
	return nil
}

func (c *customer) alias(ctx context.Context) error {
	id := c.order + "-d"
	options := client.StartWorkflowOptions{ID: id, TaskQueue: returnsv1.ReturnServiceTaskQueue}
	const alias = "acme.returns.v1.ReturnService.ProcessReturn"
	if _, err := c.connection.ExecuteWorkflow(ctx, options, alias, c.request("-d", "Basel")); err != nil {
		return err
	}
	state, err := c.returns.HandleReturnHandle(id, "").GetReturn(ctx, &returnsv1.GetReturnRequest{})
	if err != nil {
		return err
	}
	c.seen.AliasStage = state.GetStage().String()
	return c.connection.TerminateWorkflow(ctx, id, "", "seen")
}

func (c *customer) request(suffix, city string) *returnsv1.HandleReturnRequest {
	return &returnsv1.HandleReturnRequest{
		OrderId: proto.String(c.order + suffix),
		From:    &commonv1.Address{City: city},
	}
}

func parcel() *returnsv1.ReceiveParcelRequest {
	return &returnsv1.ReceiveParcelRequest{Pieces: proto.Int64(pieces)}
}

func approval() *returnsv1.ApproveRefundRequest {
	return &returnsv1.ApproveRefundRequest{Approver: proto.String("desk"), Cents: proto.Int64(1250)}
}

// inspected polls until the parcel was inspected.
func inspected(
	ctx context.Context, handle returnsv1.HandleReturnHandle,
) (*returnsv1.GetReturnResponse, error) {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		state, err := handle.GetReturn(ctx, &returnsv1.GetReturnRequest{})
		if err != nil || state.GetStage() == returnsv1.GetReturnResponse_STAGE_INSPECTED {
			return state, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-ticker.C:
		}
	}
}

// errorType is the type by which all languages know an error; "" if it has none.
func errorType(err error) string {
	var application *temporal.ApplicationError
	if errors.As(err, &application) {
		return application.Type()
	}
	return ""
}
