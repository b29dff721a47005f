package kernel_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"example.com/triglot/go/internal/kernel"
)

func requireInputError(t *testing.T, err error, field, problem string) {
	t.Helper()
	var input *kernel.InputError
	if !errors.As(err, &input) {
		t.Fatalf("error = %v; want an input error", err)
	}
	if input.Field != field || !strings.Contains(input.Problem, problem) {
		t.Errorf("error = %v; want %s: ...%s", err, field, problem)
	}
}

func TestBadSpecsAreRefused(t *testing.T) {
	growth := func(factor float64) func(*kernel.Spec) {
		return func(spec *kernel.Spec) { spec.Growth[7] = factor }
	}
	exposures := func(values ...int64) func(*kernel.Spec) {
		return func(spec *kernel.Spec) { spec.Exposures = values }
	}
	many := make([]int64, 1025)
	for i := range many {
		many[i] = 1<<53 - 1
	}
	cases := []struct {
		name           string
		change         func(*kernel.Spec)
		field, problem string
	}{
		{"no days", func(s *kernel.Spec) { s.Days, s.Growth = 0, nil }, "day_count", "0 is not within"},
		{"too many days", func(s *kernel.Spec) { s.Days = 65537 }, "day_count", "65537 is not within"},
		{"no assets", func(s *kernel.Spec) { s.Assets = 0 }, "asset_count", "below 1"},
		{"factors missing", func(s *kernel.Spec) { s.Growth = s.Growth[1:] }, "growth_factors", "14 values"},
		{"exposures missing", exposures(1, 2), "exposures_minor", "2 values for 3 assets"},
		{"no horizon", func(s *kernel.Spec) { s.Horizon = 0 }, "horizon_days", "0 is not within"},
		{"no block", func(s *kernel.Spec) { s.BlockDays = 0 }, "block_days", "0 is not within"},
		{"block beyond history", func(s *kernel.Spec) { s.BlockDays = 6 }, "block_days", "the 5 days"},
		{"factor NaN", growth(math.NaN()), "growth_factors", "day 2, asset 1 is NaN"},
		{"factor infinite", growth(math.Inf(1)), "growth_factors", "day 2, asset 1 is +Inf"},
		{"factor 0", growth(0), "growth_factors", "day 2, asset 1 is 0"},
		{"factor negative", growth(-1), "growth_factors", "day 2, asset 1 is -1"},
		{"gross 0", exposures(0, 0, 0), "exposures_minor", "all are 0"},
		{"exposure 2^53", exposures(1, 1<<53, 1), "exposures_minor", "asset 1"},
		{"exposure -2^53", exposures(1, 1, -1<<53), "exposures_minor", "asset 2"},
		{"exposure the least", exposures(math.MinInt64, 1, 1), "exposures_minor", "asset 0"},
		{"gross beyond int64", func(s *kernel.Spec) {
			s.Assets, s.Exposures = len(many), many
			s.Days, s.Growth, s.BlockDays = 1, make([]float64, len(many)), 1
			for i := range s.Growth {
				s.Growth[i] = 1
			}
		}, "exposures_minor", "sum of magnitudes"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			spec := vectorSpec()
			c.change(&spec)
			_, err := kernel.NewModel(spec)
			requireInputError(t, err, c.field, c.problem)
		})
	}
}

func TestBadRangesAreRefused(t *testing.T) {
	cases := []struct {
		first, count int64
		field        string
	}{
		{-1, 1, "range.first"},
		{1 << 32, 1, "range.first"},
		{0, 0, "range.count"},
		{0, -1, "range.count"},
		{1, 1 << 32, "range.count"},
		{1<<32 - 1, 2, "range.count"},
		{1<<32 - 1, math.MaxInt64, "range.count"},
	}
	model := newModel(t, vectorSpec())
	for _, c := range cases {
		_, err := model.Simulate(kernel.Range{First: c.first, Count: c.count}, goOn)
		requireInputError(t, err, c.field, "")
	}
}

// constant is a model of one asset and one day: every result is exposure * (growth^horizon - 1).
func constant(t *testing.T, growth float64, horizon int, exposures ...int64) *kernel.Model {
	t.Helper()
	spec := kernel.Spec{
		Days: 1, Assets: len(exposures), Exposures: exposures, Horizon: horizon, BlockDays: 1,
	}
	for range exposures {
		spec.Growth = append(spec.Growth, growth)
	}
	return newModel(t, spec)
}

func TestResultsBeyondTheExactRangeAreRefused(t *testing.T) {
	cases := []struct {
		name  string
		model *kernel.Model
	}{
		{"gain above 2^43", constant(t, 2, 1, 1<<43+1)},
		{"loss above 2^43", constant(t, 2, 1, -1<<43-1)},
		{"infinite", constant(t, 1e300, 2, 1)},
		{"infinity less infinity", constant(t, 1e300, 2, 1, -1)},
		{"infinity times 0", constant(t, 1e300, 2, 1, 0)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.model.Simulate(kernel.Range{First: 7, Count: 1}, goOn)
			requireInputError(t, err, "exposures_minor", "scenario 7")
		})
	}
	for _, exposure := range []int64{1 << 43, -1 << 43} {
		if shard := simulate(t, constant(t, 2, 1, exposure), 7, 1); shard.Sum != exposure {
			t.Errorf("sum = %d; want %d", shard.Sum, exposure)
		}
	}
}

func TestSumsBeyondInt64AreRefused(t *testing.T) {
	const first, half = 0, 1 << 19
	for _, exposure := range []int64{1 << 43, -1 << 43} {
		model := constant(t, 2, 1, exposure)
		_, err := model.Simulate(kernel.Range{First: first, Count: 2 * half}, goOn)
		requireInputError(t, err, "exposures_minor", "may sum to 2^63")

		shard := simulate(t, model, first, half)
		_, err = kernel.Merge(shard, shard)
		requireInputError(t, err, "exposures_minor", "may sum to 2^63")
		if shard.Sum != exposure*half {
			t.Errorf("sum = %d; want %d", shard.Sum, exposure*half)
		}
	}
}

func TestShardsOfDifferentModelsDoNotMerge(t *testing.T) {
	a := simulate(t, constant(t, 2, 1, 1000), 0, 1)
	b := simulate(t, constant(t, 2, 1, 2000), 0, 1)
	_, err := kernel.Merge(a, b)
	requireInputError(t, err, "histogram", "different models")
}

func TestCallerMayStopBetweenBlocks(t *testing.T) {
	model := newModel(t, vectorSpec())
	stop := errors.New("stop")
	blocks := 0
	_, err := model.Simulate(kernel.Range{Count: 10 * kernel.BlockScenarios}, func(kernel.Progress) error {
		if blocks++; blocks == 2 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || blocks != 2 {
		t.Errorf("error = %v after %d blocks; want %v after 2", err, blocks, stop)
	}
}

// A block of the usual size would outlast the heartbeat's time-out.
func TestBlocksOfTheLargestModelAreSmall(t *testing.T) {
	model := constant(t, 1, 1000, slices.Repeat([]int64{1}, 1000)...)
	blocks := 0
	count := func(kernel.Progress) error {
		blocks++
		return nil
	}
	if _, err := model.Simulate(kernel.Range{Count: 50}, count); err != nil {
		t.Fatal(err)
	}
	if blocks < 3 {
		t.Errorf("50 scenarios of a million factors each have %d stops between blocks; want several", blocks)
	}
}

func TestResultsRoundHalfToEven(t *testing.T) {
	cases := []struct {
		growth float64
		want   int64
	}{
		{1.5, 0}, {2.5, 2}, {3.5, 2}, {4.5, 4}, {0.5, 0},
	}
	for _, c := range cases {
		if got := simulate(t, constant(t, c.growth, 1, 1), 0, 1).Sum; got != c.want {
			t.Errorf("%v rounds to %d; want %d", c.growth-1, got, c.want)
		}
	}
	if got := simulate(t, constant(t, 2.5, 1, -1), 0, 1).Sum; got != -2 {
		t.Errorf("-1.5 rounds to %d; want -2", got)
	}
}
