// Command returns handles Acme's returns: `returns worker` serves them, `returns client ORDER_ID` sends some
// and prints what it has seen.
package main

import (
	"fmt"
	"log"
	"os"

	"go.temporal.io/sdk/client"

	"example.com/triglot/go/contract"
)

func main() {
	connection, err := connect()
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	if err := run(connection, os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func connect() (client.Client, error) {
	payloads, err := contract.NewDataConverter(contract.EncodingBinary)
	if err != nil {
		return nil, err
	}
	return client.Dial(client.Options{
		HostPort:         os.Getenv("TEMPORAL_ADDRESS"),
		DataConverter:    payloads,
		FailureConverter: contract.NewFailureConverter(payloads),
	})
}

func run(connection client.Client, arguments []string) error {
	switch {
	case len(arguments) == 1 && arguments[0] == "worker":
		return serve(connection)
	case len(arguments) == 2 && arguments[0] == "client":
		return send(connection, arguments[1])
	default:
		return fmt.Errorf("usage: returns worker | returns client ORDER_ID")
	}
}
