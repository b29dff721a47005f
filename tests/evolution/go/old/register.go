package main

import (
	"go.temporal.io/sdk/worker"

	parcelsv1 "example.com/parcels/v1"
)

func register(server worker.Registry) {
	parcelsv1.RegisterParcelServiceActivities(server, parcels{})
}
