// Command simulate runs the kernel without Temporal, to compare it with those of other languages: it reads a
// KernelInput as proto JSON on standard input and writes the KernelOutput as proto JSON on standard output.
// Bad input is one sentence on standard error and exit code 2. With --bench it measures: see bench.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/encoding/protojson"

	"example.com/triglot/go/contract"
	"example.com/triglot/go/internal/kernel"
	"example.com/triglot/go/internal/simulation"
	riskv1 "example.com/triglot/go/risk/v1"
)

func main() {
	measured := flag.Bool("bench", false, "measure: a spec, then a range of scenarios a line, as proto JSON")
	path := flag.String("path", string(kernel.Paths()[0]), fmt.Sprintf("how to compute, one of %q", kernel.Paths()))
	flag.Parse()
	if !slices.Contains(kernel.Paths(), kernel.Path(*path)) {
		fail(2, fmt.Errorf("the path %q is none of this processor's %q", *path, kernel.Paths()))
	}
	if *measured {
		if err := bench(os.Stdin, os.Stdout, kernel.Path(*path)); err != nil {
			fail(2, err)
		}
		return
	}
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(1, err)
	}
	output, err := run(input, kernel.Path(*path))
	if err != nil {
		fail(2, err)
	}
	if _, err := os.Stdout.Write(append(output, '\n')); err != nil {
		fail(1, err)
	}
}

func run(content []byte, path kernel.Path) ([]byte, error) {
	input := &riskv1.KernelInput{}
	if err := protojson.Unmarshal(content, input); err != nil {
		return nil, fmt.Errorf("the input is no KernelInput: %w", err)
	}
	if err := contract.Validate(input); err != nil {
		return nil, err
	}
	model, err := simulation.NewModelOn(path, input.GetSpec())
	if err != nil {
		return nil, err
	}
	shard, err := model.Simulate(simulation.Range(input.GetRange()), goOn)
	if err != nil {
		return nil, err
	}
	return protojson.Marshal(&riskv1.KernelOutput{
		Shard:  simulation.ShardMessage(shard),
		Digest: shard.Digest(),
	})
}

func goOn(kernel.Progress) error { return nil }

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
