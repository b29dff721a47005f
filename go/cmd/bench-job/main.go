// Command bench-job is the simulation as one would write it without Temporal: a goroutine a core takes ranges of
// scenarios one after another and writes each shard to a file. The benchmark compares the main job with it. What
// is interrupted begins anew, and there is no other machine.
//
// It reads a KernelInput as proto JSON on standard input.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"example.com/triglot/go/contract"
	"example.com/triglot/go/internal/kernel"
	"example.com/triglot/go/internal/simulation"
	riskv1 "example.com/triglot/go/risk/v1"
)

func main() {
	output := flag.String("output", "", "an existing folder for the shards, a file each: FIRST.pb")
	size := flag.Int64("shard-size", 0, "how many scenarios a shard")
	flag.Parse()
	if err := run(context.Background(), os.Stdin, *output, *size, runtime.GOMAXPROCS(0)); err != nil {
		fmt.Fprintln(os.Stderr, "bench-job:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, input io.Reader, folder string, size int64, workers int) error {
	if folder == "" || size < 1 {
		return errors.New("say --output FOLDER and --shard-size N")
	}
	content, err := io.ReadAll(input)
	if err != nil {
		return err
	}
	job := &riskv1.KernelInput{}
	if err := protojson.Unmarshal(content, job); err != nil {
		return fmt.Errorf("the input is no KernelInput: %w", err)
	}
	if err := contract.Validate(job); err != nil {
		return err
	}
	model, err := simulation.NewModel(job.GetSpec())
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	all := simulation.Range(job.GetRange())
	for first := all.First; first < all.First+all.Count; first += size {
		scenarios := kernel.Range{First: first, Count: min(size, all.First+all.Count-first)}
		group.Go(func() error { return simulate(ctx, model, scenarios, folder) })
	}
	return group.Wait()
}

func simulate(ctx context.Context, model *kernel.Model, scenarios kernel.Range, folder string) error {
	shard, err := model.Simulate(scenarios, func(kernel.Progress) error { return ctx.Err() })
	if err != nil {
		return err
	}
	content, err := proto.Marshal(simulation.ShardMessage(shard))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d.pb", scenarios.First)), content, 0o600)
}
