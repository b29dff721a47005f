// Command simulate runs the kernel without Temporal, to compare it with those of other languages: it reads a
// KernelInput as proto JSON on standard input and writes the KernelOutput as proto JSON on standard output.
// Bad input is one sentence on standard error and exit code 2.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/encoding/protojson"

	"example.com/triglot/go/contract"
	"example.com/triglot/go/internal/kernel"
	"example.com/triglot/go/internal/simulation"
	riskv1 "example.com/triglot/go/risk/v1"
)

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(1, err)
	}
	output, err := run(input)
	if err != nil {
		fail(2, err)
	}
	if _, err := os.Stdout.Write(append(output, '\n')); err != nil {
		fail(1, err)
	}
}

func run(content []byte) ([]byte, error) {
	input := &riskv1.KernelInput{}
	if err := protojson.Unmarshal(content, input); err != nil {
		return nil, fmt.Errorf("the input is no KernelInput: %w", err)
	}
	if err := contract.Validate(input); err != nil {
		return nil, err
	}
	model, err := simulation.NewModel(input.GetSpec())
	if err != nil {
		return nil, err
	}
	shard, err := model.Simulate(simulation.Range(input.GetRange()), func(kernel.Progress) error { return nil })
	if err != nil {
		return nil, err
	}
	return protojson.Marshal(&riskv1.KernelOutput{
		Shard:  simulation.ShardMessage(shard),
		Digest: shard.Digest(),
	})
}

func fail(code int, err error) {
	message := err.Error()
	var application *temporal.ApplicationError
	if errors.As(err, &application) {
		message = application.Message()
	}
	// protojson puts non-breaking spaces into its messages at random, so that nobody relies on them.
	fmt.Fprintln(os.Stderr, "simulate: "+strings.Join(strings.Fields(message), " "))
	os.Exit(code)
}
