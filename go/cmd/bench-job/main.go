// Command bench-job is the simulation as one would write it without Temporal: a goroutine a core takes ranges of
// scenarios one after another and writes each shard to a file. The benchmark compares the main job with it. What
// is interrupted begins anew, and there is no other machine.
//
// It reads a SimulationSpec as proto JSON from the first line of standard input, and a job from each further one:
// first, count, shardSize and the folder for the shards, a file FIRST.pb each. It answers with a line when all are
// there.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"example.com/triglot/go/internal/kernel"
	"example.com/triglot/go/internal/simulation"
	riskv1 "example.com/triglot/go/risk/v1"
)

// job is what one line asks for.
type job struct {
	First     int64  `json:"first"`
	Count     int64  `json:"count"`
	ShardSize int64  `json:"shardSize"`
	Folder    string `json:"folder"`
}

func main() {
	if err := run(context.Background(), os.Stdin, os.Stdout, runtime.GOMAXPROCS(0)); err != nil {
		fmt.Fprintln(os.Stderr, "bench-job:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, input io.Reader, output io.Writer, workers int) error {
	lines := bufio.NewReader(input)
	model, err := readModel(lines)
	if err != nil {
		return err
	}
	jobs := json.NewDecoder(lines)
	for {
		var one job
		if err := jobs.Decode(&one); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("a line is no job: %w", err)
		}
		if err := one.do(ctx, model, workers); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(output, "{}"); err != nil {
			return err
		}
	}
}

func readModel(lines *bufio.Reader) (*kernel.Model, error) {
	line, err := lines.ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	spec := &riskv1.SimulationSpec{}
	if err := protojson.Unmarshal(line, spec); err != nil {
		return nil, fmt.Errorf("the first line is no SimulationSpec: %w", err)
	}
	return simulation.NewModel(spec)
}

func (j job) do(ctx context.Context, model *kernel.Model, workers int) error {
	if j.ShardSize < 1 {
		return fmt.Errorf("shardSize: %d is below 1", j.ShardSize)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for first := j.First; first < j.First+j.Count; first += j.ShardSize {
		scenarios := kernel.Range{First: first, Count: min(j.ShardSize, j.First+j.Count-first)}
		group.Go(func() error { return simulate(ctx, model, scenarios, j.Folder) })
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
