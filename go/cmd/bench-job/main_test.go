package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.com/triglot/go/internal/kernel"
	riskv1 "example.com/triglot/go/risk/v1"
)

func specFile(t *testing.T, spec *riskv1.SimulationSpec) string {
	t.Helper()
	content, err := proto.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "spec.pb")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func good(t *testing.T) string {
	t.Helper()
	return specFile(t, &riskv1.SimulationSpec{
		DayCount: 2, AssetCount: 1, GrowthFactors: []float64{1.5, 0.5}, ExposuresMinor: []int64{1000},
		HorizonDays: 1, BlockDays: 1, Seed: 7,
	})
}

func line(spec string, first, count, size int64) string {
	return fmt.Sprintf(`{"spec": %q, "first": %d, "count": %d, "shardSize": %d}`, spec, first, count, size)
}

func TestTheDigestIsThatOfOneShard(t *testing.T) {
	path := good(t)
	model, err := readModel(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ first, count, size int64 }{
		{0, 10, 10}, {5, 250, 300}, {5, 250, 100}, {5, 250, 7}, {0, 1, 1},
	} {
		whole, err := model.Simulate(
			kernel.Range{First: c.first, Count: c.count}, func(kernel.Progress) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		var output strings.Builder
		input := strings.Repeat(line(path, c.first, c.count, c.size)+"\n", 2)
		if err := run(t.Context(), strings.NewReader(input), &output, 2); err != nil {
			t.Fatal(err)
		}
		answers := json.NewDecoder(strings.NewReader(output.String()))
		for range 2 {
			var found answer
			if err := answers.Decode(&found); err != nil {
				t.Fatal(err)
			}
			if found.Digest != whole.Digest() {
				t.Errorf("%+v: digest = %s; want %s", c, found.Digest, whole.Digest())
			}
		}
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.pb")
	if err := os.WriteFile(broken, []byte("no message"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, input, want string }{
		{"no job", "job", "no job"},
		{"no size", line(good(t), 0, 10, 0), "shardSize"},
		{"no scenarios", line(good(t), 0, 0, 10), "count"},
		{"no file", line("missing.pb", 0, 10, 10), "missing.pb"},
		{"no message", line(broken, 0, 10, 10), "no SimulationSpec"},
		{"no model", line(specFile(t, &riskv1.SimulationSpec{}), 0, 10, 10), "day_count"},
		{"no scenario", line(good(t), -1, 10, 10), "first"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := run(t.Context(), strings.NewReader(c.input), &strings.Builder{}, 2)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error = %v; want %q in it", err, c.want)
			}
		})
	}
}
