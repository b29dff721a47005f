// Command bench-job is the simulation as one would write it without Temporal: a goroutine a core takes ranges of
// scenarios one after another, and all shards are merged in memory. The benchmark compares the main job with it.
// What is interrupted begins anew, and there is no other machine.
//
// A line of standard input is a job: the file of a SimulationSpec, first, count and shardSize. It is answered with
// a line that has the digest of all its scenarios.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"example.com/triglot/go/internal/kernel"
	"example.com/triglot/go/internal/simulation"
	riskv1 "example.com/triglot/go/risk/v1"
)

// job is what one line asks for.
type job struct {
	Spec      string `json:"spec"`
	First     int64  `json:"first"`
	Count     int64  `json:"count"`
	ShardSize int64  `json:"shardSize"`
}

type answer struct {
	Digest string `json:"digest"`
}

func main() {
	if err := run(context.Background(), os.Stdin, os.Stdout, runtime.GOMAXPROCS(0)); err != nil {
		fmt.Fprintln(os.Stderr, "bench-job:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, input io.Reader, output io.Writer, workers int) error {
	jobs, answers := json.NewDecoder(input), json.NewEncoder(output)
	for {
		var one job
		if err := jobs.Decode(&one); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("a line is no job: %w", err)
		}
		shard, err := one.do(ctx, workers)
		if err != nil {
			return err
		}
		if err := answers.Encode(answer{Digest: shard.Digest()}); err != nil {
			return err
		}
	}
}

func (j job) do(ctx context.Context, workers int) (*kernel.Shard, error) {
	if j.ShardSize < 1 || j.Count < 1 {
		return nil, fmt.Errorf("count and shardSize: %d or %d is below 1", j.Count, j.ShardSize)
	}
	model, err := readModel(j.Spec)
	if err != nil {
		return nil, err
	}
	shards := make([]*kernel.Shard, (j.Count+j.ShardSize-1)/j.ShardSize)
	err = inParallel(ctx, len(shards), workers, func(ctx context.Context, i int) (err error) {
		first := int64(i) * j.ShardSize
		scenarios := kernel.Range{First: j.First + first, Count: min(j.ShardSize, j.Count-first)}
		shards[i], err = model.Simulate(scenarios, func(kernel.Progress) error { return ctx.Err() })
		return err
	})
	if err != nil {
		return nil, err
	}
	return mergeAll(ctx, shards, workers)
}

func readModel(path string) (*kernel.Model, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	spec := &riskv1.SimulationSpec{}
	if err := proto.Unmarshal(content, spec); err != nil {
		return nil, fmt.Errorf("%s is no SimulationSpec: %w", path, err)
	}
	return simulation.NewModel(spec)
}

// mergeAll merges two by two, so that all cores have a part in it and no list is copied more than a few times.
func mergeAll(ctx context.Context, shards []*kernel.Shard, workers int) (*kernel.Shard, error) {
	for len(shards) > 1 {
		merged := make([]*kernel.Shard, (len(shards)+1)/2)
		err := inParallel(ctx, len(merged), workers, func(_ context.Context, i int) (err error) {
			if 2*i+1 == len(shards) {
				merged[i] = shards[2*i]
				return nil
			}
			merged[i], err = kernel.Merge(shards[2*i], shards[2*i+1])
			return err
		})
		if err != nil {
			return nil, err
		}
		shards = merged
	}
	return shards[0], nil
}

func inParallel(ctx context.Context, count, workers int, do func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i := range count {
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}
