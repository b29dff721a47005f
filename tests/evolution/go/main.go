// Command parcels serves one version's ParcelService on the queue that it is told, until it is stopped.
package main

import (
	"context"
	"log"
	"os"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/encoding/protojson"

	parcelsv1 "example.com/parcels/v1"
	"example.com/triglot/go/contract"
)

type parcels struct{}

func (parcels) Write(_ context.Context, request *parcelsv1.WriteRequest) (*parcelsv1.Parcel, error) {
	parcel := &parcelsv1.Parcel{}
	return parcel, protojson.Unmarshal([]byte(request.GetJson()), parcel)
}

func (parcels) Read(_ context.Context, parcel *parcelsv1.Parcel) (*parcelsv1.ReadResponse, error) {
	text, err := protojson.Marshal(parcel)
	return &parcelsv1.ReadResponse{Json: string(text)}, err
}

func main() {
	payloads, err := contract.NewDataConverter(contract.EncodingJSON)
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
	server := worker.New(connection, os.Getenv("QUEUE"), worker.Options{})
	register(server)
	interrupted := worker.InterruptCh()
	log.Print("serving")
	if err := server.Run(interrupted); err != nil {
		log.Fatal(err)
	}
}
