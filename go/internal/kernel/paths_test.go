package kernel_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"example.com/triglot/go/internal/kernel"
)

// requirePathsAgree compares whole shards, or else the errors, of every path with those of the generic one.
func requirePathsAgree(t interface {
	Helper()
	Fatalf(format string, arguments ...any)
}, spec kernel.Spec, scenarios kernel.Range) {
	t.Helper()
	outcome := func(path kernel.Path) (*kernel.Shard, string) {
		model, err := kernel.NewModelOn(path, spec)
		if err != nil {
			return nil, err.Error()
		}
		if model.Path() != path {
			t.Fatalf("the model takes the path %s; want %s", model.Path(), path)
		}
		shard, err := model.Simulate(scenarios, goOn)
		if err != nil {
			return nil, err.Error()
		}
		return shard, ""
	}
	want, wantProblem := outcome(kernel.PathGeneric)
	for _, path := range kernel.Paths() {
		got, problem := outcome(path)
		if problem != wantProblem {
			t.Fatalf("%s: error = %q; want %q", path, problem, wantProblem)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s: shard = %+v; want %+v", path, got, want)
		}
	}
}

// drawWideSpec reaches further than drawSpec: into overflow, and histograms too wide for doubles.
func drawWideSpec(t *rapid.T) kernel.Spec {
	spec := kernel.Spec{
		Days:    rapid.IntRange(1, 70).Draw(t, "days"),
		Assets:  rapid.IntRange(1, 40).Draw(t, "assets"),
		Horizon: rapid.IntRange(1, 40).Draw(t, "horizon"),
		Seed:    rapid.Uint64().Draw(t, "seed"),
	}
	spec.BlockDays = rapid.IntRange(1, spec.Days).Draw(t, "block days")
	// Quiet enough for the largest exposures; ordinary; now and then beyond 2^43; far beyond, up to infinity.
	spread := rapid.SampledFrom([]float64{1e-7, 0.05, 1.5, 300}).Draw(t, "spread")
	largest := rapid.SampledFrom([]int64{3, 1e7, 1 << 40, 1<<53 - 1}).Draw(t, "largest exposure")
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "figures"), 0))
	for range spec.Days * spec.Assets {
		spec.Growth = append(spec.Growth, math.Exp(spread*(random.Float64()-0.5)))
	}
	for range spec.Assets {
		spec.Exposures = append(spec.Exposures, random.Int64N(2*largest+1)-largest)
	}
	spec.Exposures[0] = largest
	return spec
}

func TestPathsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.Int64Range(1, 700).Draw(t, "count")
		first := rapid.OneOf(
			rapid.Int64Range(0, 1<<32-count), rapid.Int64Range(1<<32-count-20, 1<<32-count), rapid.Just(int64(0)),
		).Draw(t, "first")
		requirePathsAgree(t, drawWideSpec(t), kernel.Range{First: first, Count: count})
	})
}

func TestPathsAgreeForEveryRemainder(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for assets := 1; assets <= 40; assets++ {
		for _, horizon := range []int{1, 2, 9} {
			for _, blockDays := range []int{1, 3} {
				spec := randomSpec(random, 5, assets)
				spec.Horizon, spec.BlockDays = horizon, blockDays
				for _, count := range []int64{1, 3, 4, 5, 15, 16, 17, 255, 257, 513} {
					requirePathsAgree(t, spec, kernel.Range{First: 1<<32 - 513, Count: count})
				}
			}
		}
	}
}

func TestPathsAgreeWhereTailsAreCut(t *testing.T) {
	spec := randomSpec(rand.New(rand.NewPCG(5, 6)), 300, 20)
	for _, count := range []int64{20_000, 65_535, 300_001} {
		requirePathsAgree(t, spec, kernel.Range{First: 77, Count: count})
	}
	// All results are the same few, so that histograms show no limit.
	spec = vectorSpec()
	spec.Days, spec.Growth, spec.Horizon = 2, []float64{1, 1, 1, 1.25, 1, 1}, 1
	requirePathsAgree(t, spec, kernel.Range{First: 0, Count: 100_000})
}

// A result one below a bin's edge, where a double is too coarse for its distance from the first bin.
func TestPathsAgreeOnBinsBeyondTheExactDoubles(t *testing.T) {
	spec := kernel.Spec{Days: 1, Assets: 17, Horizon: 1, BlockDays: 1, Exposures: []int64{1}}
	gross := int64(1)
	for len(spec.Exposures) < spec.Assets {
		spec.Exposures = append(spec.Exposures, 1<<53-1)
		gross += 1<<53 - 1
	}
	width := (gross + 999) / 1000
	edge := 1000*width - gross
	spec.Growth = []float64{float64(edge)} // so that the result is edge - 1
	for len(spec.Growth) < spec.Assets {
		spec.Growth = append(spec.Growth, 1)
	}
	const count = 1000 // more than the worst, which are counted one by one
	requirePathsAgree(t, spec, kernel.Range{First: 0, Count: count})
	if counts := simulate(t, newModel(t, spec), 0, count).Histogram.Counts; counts[999] != count {
		t.Errorf("bin 999 counts %d of %d, bin 1000 %d", counts[999], count, counts[1000])
	}
}

func TestPathsAgreeAtTheContractsLimits(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	wide := randomSpec(random, 3, 1000)
	wide.Horizon = 1000
	long := randomSpec(random, 65536, 1)
	long.BlockDays = 65536
	for _, spec := range []kernel.Spec{wide, long, randomSpec(random, 1, 13)} {
		requirePathsAgree(t, spec, kernel.Range{First: 1<<32 - 20, Count: 20})
	}
}

func TestPathsRefuseTheSameScenario(t *testing.T) {
	cases := []struct {
		name             string
		growth           []float64
		horizon          int
		exposure, second int64
	}{
		{"gain above 2^43", []float64{1, 1, 2, 1}, 1, 1<<43 + 1, 1},
		{"loss above 2^43", []float64{1, 1, 1, 2}, 1, 1, -1<<43 - 1},
		{"infinite", []float64{1, 1, 1e300, 1}, 2, 1, 1},
		{"infinity less infinity", []float64{1, 1, 1e300, 1e300}, 2, 1, -1},
		{"infinity times 0", []float64{1, 1, 1e300, 1}, 2, 0, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			// One day in a hundred is a bad one, so that many scenarios come before it.
			spec := kernel.Spec{
				Days: 100, Assets: 2, Horizon: c.horizon, BlockDays: 1, Seed: 99,
				Exposures: []int64{c.exposure, c.second},
			}
			for range spec.Days - 1 {
				spec.Growth = append(spec.Growth, c.growth[:2]...)
			}
			spec.Growth = append(spec.Growth, c.growth[2:]...)
			for first := range int64(8) {
				scenarios := kernel.Range{First: first, Count: 100_000}
				requirePathsAgree(t, spec, scenarios)
				if _, err := newModel(t, spec).Simulate(scenarios, goOn); err == nil {
					t.Fatal("no scenario was refused")
				}
			}
		})
	}
}

func TestModelTakesTheFastestPath(t *testing.T) {
	model, err := kernel.NewModel(vectorSpec())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := model.Path(), kernel.Paths()[0]; got != want {
		t.Errorf("path = %s; want %s", got, want)
	}
}

// FuzzPathsAgree feeds all paths the same figures: whole shards agree, or the errors do.
func FuzzPathsAgree(f *testing.F) {
	for _, spread := range []float64{0.01, 1, 600} {
		content := []byte{}
		for i := range 60 {
			factor := math.Exp(spread * math.Sin(float64(i)))
			content = binary.LittleEndian.AppendUint64(content, math.Float64bits(factor))
		}
		f.Add(content, uint8(12), int64(1e9), int64(-7), uint8(10), uint8(2), uint64(5), uint32(1<<32-600), uint16(599))
	}
	f.Fuzz(func(t *testing.T, factors []byte, assets uint8, exposure, step int64, horizon, block uint8, seed uint64,
		first uint32, count uint16,
	) {
		spec := kernel.Spec{Assets: int(assets), Horizon: int(horizon % 64), BlockDays: int(block), Seed: seed}
		for ; len(factors) >= 8; factors = factors[8:] {
			factor := math.Float64frombits(binary.LittleEndian.Uint64(factors))
			spec.Growth = append(spec.Growth, factor)
		}
		if assets > 0 {
			spec.Days = len(spec.Growth) / int(assets)
			spec.Growth = spec.Growth[:spec.Days*int(assets)]
		}
		for range assets {
			spec.Exposures = append(spec.Exposures, exposure%(1<<53))
			exposure += step
		}
		requirePathsAgree(t, spec, kernel.Range{First: int64(first), Count: int64(count % 700)})
	})
}
