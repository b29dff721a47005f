package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"example.com/triglot/go/contract"
	"example.com/triglot/go/internal/kernel"
	"example.com/triglot/go/internal/simulation"
	riskv1 "example.com/triglot/go/risk/v1"
)

// A spec is one line: a thousand assets over centuries fit.
const longestLine = 1 << 31

type ready struct {
	Ready bool        `json:"ready"`
	Path  kernel.Path `json:"path"`
}

type timing struct {
	CPUSeconds  float64 `json:"cpuSeconds"`
	WallSeconds float64 `json:"wallSeconds"`
	Digest      string  `json:"digest"`
}

// bench simulates range after range of one model, each on one thread, and says what that took by the thread's CPU
// clock and by the clock on the wall. The first line is a SimulationSpec as proto JSON, each further one a
// ScenarioRange. So a process stays warm, and others can be measured in turns with it.
func bench(input io.Reader, output io.Writer, path kernel.Path) error {
	lines := bufio.NewScanner(input)
	lines.Buffer(nil, longestLine)
	answers := json.NewEncoder(output)
	spec := &riskv1.SimulationSpec{}
	if err := readLine(lines, spec); errors.Is(err, io.EOF) {
		return errors.New("standard input has no model")
	} else if err != nil {
		return err
	}
	model, err := simulation.NewModelOn(path, spec)
	if err != nil {
		return err
	}
	if err := answers.Encode(ready{Ready: true, Path: model.Path()}); err != nil {
		return err
	}
	for {
		scenarios := &riskv1.ScenarioRange{}
		if err := readLine(lines, scenarios); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		answer, err := measure(model, simulation.Range(scenarios))
		if err != nil {
			return err
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
}

func measure(model *kernel.Model, scenarios kernel.Range) (*timing, error) {
	begun := time.Now()
	shard, spent, err := simulation.MeasureCPUTime(func() (*kernel.Shard, error) {
		return model.Simulate(scenarios, goOn)
	})
	if err != nil {
		return nil, err
	}
	wall := time.Since(begun)
	return &timing{CPUSeconds: spent.Seconds(), WallSeconds: wall.Seconds(), Digest: shard.Digest()}, nil
}

func readLine(lines *bufio.Scanner, message proto.Message) error {
	if !lines.Scan() {
		if err := lines.Err(); err != nil {
			return fmt.Errorf("read standard input: %w", err)
		}
		return io.EOF
	}
	if err := protojson.Unmarshal(lines.Bytes(), message); err != nil {
		return fmt.Errorf("the line is no %s: %w", message.ProtoReflect().Descriptor().Name(), err)
	}
	return contract.Validate(message)
}
