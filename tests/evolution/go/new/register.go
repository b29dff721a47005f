package main

import (
	"context"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	parcelsv1 "example.com/parcels/v1"
)

func register(server worker.Registry) {
	parcelsv1.RegisterParcelServiceActivities(server, parcels{})
	parcelsv1.RegisterDeliveryServiceWorkflows(server, deliveries{})
}

func (p parcels) Inspect(ctx context.Context, parcel *parcelsv1.Parcel) (*parcelsv1.InspectResponse, error) {
	read, err := p.Read(ctx, parcel)
	return &parcelsv1.InspectResponse{Json: read.GetJson()}, err
}

type deliveries struct{}

// DeliverParcel waits until somebody rings, and prints a label.
func (deliveries) DeliverParcel(
	ctx workflow.Context, request *parcelsv1.DeliverRequest,
) (*parcelsv1.DeliverResponse, error) {
	place := "depot"
	err := parcelsv1.SetGetPlaceHandler(ctx, func(*parcelsv1.GetPlaceRequest) (*parcelsv1.GetPlaceResponse, error) {
		return &parcelsv1.GetPlaceResponse{Place: place}, nil
	})
	if err != nil {
		return nil, err
	}
	parcelsv1.RingChannel(ctx).Receive(ctx)
	place = "hall"
	number := request.GetParcel().GetNumber()
	printed, err := parcelsv1.StartPrintLabel(ctx, &parcelsv1.PrintLabelRequest{Number: number}).Get(ctx)
	if err != nil {
		return nil, err
	}
	return &parcelsv1.DeliverResponse{Label: printed.GetLabel() + ", " + place}, nil
}
