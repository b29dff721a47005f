package kernel_test

import (
	"math/rand/v2"
	"testing"

	"example.com/triglot/go/internal/kernel"
)

func goOn(kernel.Progress) error { return nil }

// pricesOfVectors are those of docs/kernel.md: a row a day, a column an asset.
var pricesOfVectors = [][]float64{
	{100.00, 50.00, 20.00},
	{101.00, 49.50, 20.10},
	{99.99, 51.25, 19.85},
	{103.50, 50.75, 20.40},
	{102.10, 52.00, 19.99},
	{98.40, 53.30, 21.05},
}

func vectorSpec() kernel.Spec {
	spec := kernel.Spec{
		Days:      5,
		Assets:    3,
		Exposures: []int64{2500000, 2500000, 5000000},
		Horizon:   10,
		BlockDays: 1,
		Seed:      20260101,
	}
	for day := range spec.Days {
		for asset := range spec.Assets {
			growth := pricesOfVectors[day+1][asset] / pricesOfVectors[day][asset]
			spec.Growth = append(spec.Growth, growth)
		}
	}
	return spec
}

// randomSpec has daily returns of a few per cent on long and short positions.
func randomSpec(random *rand.Rand, days, assets int) kernel.Spec {
	spec := kernel.Spec{Days: days, Assets: assets, Horizon: 10, BlockDays: 1, Seed: random.Uint64()}
	for range days * assets {
		spec.Growth = append(spec.Growth, 1+0.02*random.NormFloat64())
	}
	for range assets {
		spec.Exposures = append(spec.Exposures, random.Int64N(10_000_000)-5_000_000)
	}
	return spec
}

func newModel(t testing.TB, spec kernel.Spec) *kernel.Model {
	t.Helper()
	return newModelOn(t, kernel.Paths()[0], spec)
}

func newModelOn(t testing.TB, path kernel.Path, spec kernel.Spec) *kernel.Model {
	t.Helper()
	model, err := kernel.NewModelOn(path, spec)
	if err != nil {
		t.Fatal(err)
	}
	return model
}

func simulate(t testing.TB, model *kernel.Model, first, count int64) *kernel.Shard {
	t.Helper()
	shard, err := model.Simulate(kernel.Range{First: first, Count: count}, goOn)
	if err != nil {
		t.Fatal(err)
	}
	return shard
}

func TestVectors(t *testing.T) {
	for _, path := range kernel.Paths() {
		t.Run(string(path), func(t *testing.T) { testVectors(t, path) })
	}
}

func testVectors(t *testing.T, path kernel.Path) {
	hedged := []int64{5000000, -1234567, 99}
	cases := []struct {
		name               string
		exposures          []int64
		horizon, blockDays int
		seed               uint64
		first, count       int64
		sum, min, max      int64
		bitsum             uint64
		worst              []kernel.Result
		digest             string // the definition's table leaves it out; all languages agree on it
	}{
		{
			"each day on its own", hedged, 4, 1, 0x0123456789abcdef, 0, 1000,
			-108970452, -814466, 787400, 0x86141c7ecb58ceb0,
			[]kernel.Result{{-814466, 44}, {-814466, 123}, {-814466, 677}},
			"ee5178c478552f67e8367d4a7415c8556caea29326a269af5b373c1ea96482a7",
		},
		{
			"blocks of two days up to the last scenario", hedged, 5, 2, 0xffffffffffffffff,
			1<<32 - 1000, 1000,
			-145791210, -805605, 384429, 0xe8ffc70225318a71,
			[]kernel.Result{{-805605, 4294966351}, {-805605, 4294966653}, {-805605, 4294966738}},
			"c6497062faa634eda87f90492c86f4a6fdbf839faf8b4991ea4e13fc2768e140",
		},
		{
			"several blocks of scenarios", []int64{2500000, 2500000, 5000000}, 10, 1, 20260101, 0, 100000,
			83222504683, -443185, 2964634, 0x073787d350230733,
			[]kernel.Result{{-443185, 11272}, {-426589, 41820}, {-370296, 19744}},
			"17e65481d83b9b5bc7821c17044b1232e9f83e04be3b427366db740798dfae9f",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			spec := vectorSpec()
			spec.Exposures, spec.Horizon = c.exposures, c.horizon
			spec.BlockDays, spec.Seed = c.blockDays, c.seed
			shard := simulate(t, newModelOn(t, path, spec), c.first, c.count)
			if shard.Count != c.count || shard.Sum != c.sum || shard.Min != c.min || shard.Max != c.max {
				t.Errorf("count, sum, min, max = %d, %d, %d, %d; want %d, %d, %d, %d",
					shard.Count, shard.Sum, shard.Min, shard.Max, c.count, c.sum, c.min, c.max)
			}
			if shard.Bitsum != c.bitsum {
				t.Errorf("bitsum = %016x; want %016x", shard.Bitsum, c.bitsum)
			}
			if got := shard.Digest(); got != c.digest {
				t.Errorf("digest = %s; want %s", got, c.digest)
			}
			for i, want := range c.worst {
				if shard.Worst[i] != want {
					t.Errorf("worst[%d] = %v; want %v", i, shard.Worst[i], want)
				}
			}
		})
	}
}
