// Command stock serves Acme's StockService until it is told to stop.
package main

import (
	"context"
	"log"
	"os"
	"sync/atomic"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	warehousev1 "example.com/acme/warehouse/v1"
	"example.com/triglot/go/contract"
)

// stock knows nothing until it has been counted.
type stock struct{ counted atomic.Bool }

func (s *stock) RecountSKUs(context.Context) error {
	s.counted.Store(true)
	return nil
}

func (s *stock) ReserveSKUs(
	_ context.Context, request *warehousev1.ReserveSKUsRequest,
) (*warehousev1.ReserveSKUsRequest_Receipt, error) {
	if !s.counted.Load() {
		return nil, temporal.NewNonRetryableApplicationError("nobody has counted", "NotCounted", nil)
	}
	receipt := &warehousev1.ReserveSKUsRequest_Receipt{Number: "go-1"}
	for _, line := range request.GetLines() {
		receipt.Pieces += line.GetPieces()
	}
	return receipt, nil
}

func main() {
	payloads, err := contract.NewDataConverter(contract.EncodingBinary)
	if err != nil {
		log.Fatal(err)
	}
	connection, err := client.Dial(client.Options{
		HostPort:         os.Getenv("TEMPORAL_ADDRESS"),
		DataConverter:    payloads,
		FailureConverter: contract.NewFailureConverter(payloads),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	server := worker.New(connection, warehousev1.StockServiceTaskQueue, worker.Options{})
	warehousev1.RegisterStockServiceActivities(server, &stock{})
	interrupted := worker.InterruptCh()
	log.Print("serving")
	if err := server.Run(interrupted); err != nil {
		log.Fatal(err)
	}
}
