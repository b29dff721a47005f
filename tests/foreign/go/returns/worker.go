package main

import (
	"context"
	"fmt"
	"log"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"

	returnsv1 "example.com/acme/returns/v1"
)

func serve(connection client.Client) error {
	server := worker.New(connection, returnsv1.ReturnServiceTaskQueue, worker.Options{})
	returnsv1.RegisterReturnServiceWorkflows(server, returns{})
	returnsv1.RegisterArchiveServiceWorkflows(server, archive{})
	returnsv1.RegisterReturnServiceActivities(server, inspector{})
	if err := server.Start(); err != nil {
		return err
	}
	log.Print("serving")
	<-worker.InterruptCh()
	server.Stop()
	return nil
}

type inspector struct{}

func (inspector) InspectParcel(
	_ context.Context, request *returnsv1.InspectParcelRequest,
) (*returnsv1.InspectParcelResponse, error) {
	city := request.GetFrom().GetCity()
	if city == "nowhere" {
		return nil, temporal.NewNonRetryableApplicationError("no parcel from nowhere", "NoParcel", nil)
	}
	return &returnsv1.InspectParcelResponse{
		Finding: proto.String(fmt.Sprintf("%d pieces from %s", request.GetPieces(), city)),
	}, nil
}

type returns struct{}

func (returns) HandleReturn(
	ctx workflow.Context, request *returnsv1.HandleReturnRequest,
) (*returnsv1.HandleReturnResponse, error) {
	run := handledReturn{
		request: request,
		stage:   returnsv1.GetReturnResponse_STAGE_AWAITED,
	}
	if err := returnsv1.SetGetReturnHandler(ctx, run.get); err != nil {
		return nil, err
	}
	if err := returnsv1.SetApproveRefundHandler(ctx, run.approve, run.mayApprove); err != nil {
		return nil, err
	}
	workflow.Go(ctx, run.receive)
	return run.handle(ctx)
}

// handledReturn is what one run remembers.
type handledReturn struct {
	request *returnsv1.HandleReturnRequest
	stage   returnsv1.GetReturnResponse_Stage
	pieces  int64
	cents   int64
}

func (r *handledReturn) handle(ctx workflow.Context) (*returnsv1.HandleReturnResponse, error) {
	if err := workflow.Await(ctx, func() bool { return r.pieces > 0 }); err != nil {
		return nil, err
	}
	inspection, err := returnsv1.StartInspectParcel(ctx, &returnsv1.InspectParcelRequest{
		Pieces: proto.Int64(r.pieces),
		From:   r.request.GetFrom(),
	}).Get(ctx)
	if err != nil {
		return nil, err
	}
	r.stage = returnsv1.GetReturnResponse_STAGE_INSPECTED
	refunded := func() bool { return r.stage == returnsv1.GetReturnResponse_STAGE_REFUNDED }
	if err := workflow.Await(ctx, refunded); err != nil {
		return nil, err
	}
	archived := returnsv1.StartArchiveReturn(ctx, &returnsv1.ArchiveReturnRequest{
		Object: &returnsv1.ImportRequest_Object{Number: uint64(r.pieces), Fragile: proto.Bool(true)},
	})
	if err := archived.Get(ctx, nil); err != nil {
		return nil, err
	}
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return nil, err
	}
	return &returnsv1.HandleReturnResponse{
		RefundCents: proto.Int64(r.cents),
		Finding:     inspection.Finding,
	}, nil
}

func (r *handledReturn) receive(ctx workflow.Context) {
	parcels := returnsv1.ReceiveParcelChannel(ctx)
	for {
		r.pieces += parcels.Receive(ctx).GetPieces()
	}
}

func (r *handledReturn) get(*returnsv1.GetReturnRequest) (*returnsv1.GetReturnResponse, error) {
	return &returnsv1.GetReturnResponse{
		Stage:  r.stage.Enum(),
		Pieces: proto.Int64(r.pieces),
		Reason: r.request.Reason,
	}, nil
}

func (r *handledReturn) mayApprove(workflow.Context, *returnsv1.ApproveRefundRequest) error {
	if r.stage != returnsv1.GetReturnResponse_STAGE_INSPECTED {
		return temporal.NewNonRetryableApplicationError("nothing was inspected", "TooEarly", nil)
	}
	return nil
}

func (r *handledReturn) approve(
	_ workflow.Context, request *returnsv1.ApproveRefundRequest,
) (*returnsv1.ApproveRefundResponse, error) {
	r.stage = returnsv1.GetReturnResponse_STAGE_REFUNDED
	r.cents = request.GetCents()
	return &returnsv1.ApproveRefundResponse{
		Number: proto.String(fmt.Sprintf("refund/%s/%d", request.GetApprover(), request.GetCents())),
	}, nil
}

type archive struct{}

func (archive) ArchiveReturn(_ workflow.Context, request *returnsv1.ArchiveReturnRequest) error {
	if request.GetObject() == nil || request.Object.Fragile == nil {
		return temporal.NewNonRetryableApplicationError("nobody said whether it breaks", "Unsaid", nil)
	}
	return nil
}

func (archive) ImportPapers(workflow.Context) error {
	return nil
}
