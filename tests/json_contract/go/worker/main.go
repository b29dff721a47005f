// Command worker serves both contracts until it is told to stop; measure prints what encoding and decoding
// take, and fields what the types know.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	"example.com/settlement"
	settlementv1 "example.com/settlement/v1"
	"example.com/triglot/go/contract"
)

// service is the contract in Protobuf; its generated registration has checked the rules.
type service struct{}

func (service) SettleTrade(_ context.Context, trade *settlementv1.Trade) (*settlementv1.Settlement, error) {
	settlesAt := trade.GetTradedAt().AsTime().AddDate(0, 0, 2)
	return &settlementv1.Settlement{Trade: trade, SettlesAt: timestamppb.New(settlesAt)}, nil
}

func main() {
	schema, err := settlement.ReadSchema(os.Getenv("SCHEMA"))
	if err != nil {
		log.Fatal(err)
	}
	var answer any
	switch os.Args[1] {
	case "fields":
		answer = map[string][]string{
			"Trade": fields[settlement.Trade](), "Counterparty": fields[settlement.Counterparty](),
		}
	case "measure":
		answer = measure(schema, []byte(os.Args[2]), []byte(os.Args[3]))
	default:
		serve(schema)
		return
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		log.Fatal(err)
	}
}

func serve(schema settlement.Schema) {
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
	protobuf := worker.New(connection, "protobuf-go", worker.Options{})
	settlementv1.RegisterSettlementServiceActivities(protobuf, service{})
	plain := worker.New(connection, "json-go", worker.Options{})
	plain.RegisterActivityWithOptions(schema.SettleTrade, activity.RegisterOptions{Name: "SettleTrade"})
	if err := protobuf.Start(); err != nil {
		log.Fatal(err)
	}
	defer protobuf.Stop()
	log.Print("serving")
	if err := plain.Run(worker.InterruptCh()); err != nil {
		log.Fatal(err)
	}
}

// fields are the names in JSON of a struct's fields.
func fields[T any]() []string {
	var names []string
	for field := range reflect.TypeFor[T]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// measure returns, by form, the nanoseconds to encode a trade, and to decode and check one.
func measure(schema settlement.Schema, plain, message []byte) map[string][2]float64 {
	trade, err := schema.Trade(plain)
	if err != nil {
		log.Fatal(err)
	}
	var converted settlementv1.Trade
	if err := protojson.Unmarshal(message, &converted); err != nil {
		log.Fatal(err)
	}
	times := map[string][2]float64{"json/plain": both(converter.GetDefaultDataConverter(), &trade,
		func(payload converter.RawValue) error {
			_, err := schema.Trade(payload.Payload().GetData())
			return err
		})}
	for form, encoding := range map[string]string{
		"json/protobuf": contract.EncodingJSON, "binary/protobuf": contract.EncodingBinary,
	} {
		payloads, err := contract.NewDataConverter(encoding)
		if err != nil {
			log.Fatal(err)
		}
		times[form] = both(payloads, &converted, func(payload converter.RawValue) error {
			var received settlementv1.Trade
			if err := payloads.FromPayload(payload.Payload(), &received); err != nil {
				return err
			}
			return contract.Validate(&received)
		})
	}
	return times
}

func both(payloads converter.DataConverter, value any, decode func(converter.RawValue) error) [2]float64 {
	payload, err := payloads.ToPayload(value)
	if err != nil {
		log.Fatal(err)
	}
	encoding := median(func() error {
		_, err := payloads.ToPayload(value)
		return err
	})
	return [2]float64{encoding, median(func() error { return decode(converter.NewRawValue(payload)) })}
}

// median is of the nanoseconds a call takes, over batches of 2 ms; the first one only warms up.
func median(call func() error) float64 {
	var batches []float64
	for range 16 {
		begin, calls := time.Now(), 0
		for time.Since(begin) < 2*time.Millisecond {
			if err := call(); err != nil {
				log.Fatal(err)
			}
			calls++
		}
		batches = append(batches, float64(time.Since(begin).Nanoseconds())/float64(calls))
	}
	batches = batches[1:]
	slices.Sort(batches)
	return batches[len(batches)/2]
}
