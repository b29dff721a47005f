package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The known answers are those of Random123's kat_vectors.
func TestThreefryKnownAnswers(t *testing.T) {
	cases := []struct{ counter, key, want [2]uint32 }{
		{[2]uint32{0, 0}, [2]uint32{0, 0}, [2]uint32{0x6b200159, 0x99ba4efe}},
		{
			[2]uint32{0xffffffff, 0xffffffff}, [2]uint32{0xffffffff, 0xffffffff},
			[2]uint32{0x1cb996fc, 0xbb002be7},
		},
		{
			[2]uint32{0x243f6a88, 0x85a308d3}, [2]uint32{0x13198a2e, 0x03707344},
			[2]uint32{0xc4923a9c, 0x483df7a0},
		},
	}
	for _, c := range cases {
		random := newThreefry(c.key[0], c.key[1])
		x0, x1 := random.block(c.counter[0], c.counter[1])
		if got := [2]uint32{x0, x1}; got != c.want {
			t.Errorf("counter %08x, key %08x: %08x; want %08x", c.counter, c.key, got, c.want)
		}
	}
}

func TestTailSize(t *testing.T) {
	for n, want := range map[int64]int64{
		1:       1,
		72:      72,
		100:     85,
		101:     6 + 88,
		10_000:  500 + 800,
		1 << 20: 52429 + 8192,
		1 << 32: 214748365 + 8*65536,
	} {
		if got := tailSize(n); got != want {
			t.Errorf("tailSize(%d) = %d; want %d", n, got, want)
		}
	}
}

func TestSelectSmallest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.Int64Range(-5, 5)).Draw(t, "values with many ties")
		if rapid.Bool().Draw(t, "spread out") {
			values = rapid.SliceOf(rapid.Int64()).Draw(t, "values")
		}
		keep := rapid.IntRange(0, len(values)).Draw(t, "keep")
		want := slices.Sorted(slices.Values(values))
		selectSmallest(values, keep)
		slices.Sort(values[:keep])
		slices.Sort(values[keep:])
		if !slices.Equal(values, want) {
			t.Fatalf("the %d smallest are %v; want %v", keep, values[:keep], want[:keep])
		}
	})
}

func TestSortRadix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state := rapid.Uint64().Draw(t, "state")
		keptBits := rapid.IntRange(0, 44).Draw(t, "bits")
		values := make([]int64, rapid.IntRange(0, 5000).Draw(t, "count"))
		for i := range values {
			state = state*6364136223846793005 + 1442695040888963407
			values[i] = int64(state) >> (64 - keptBits)
		}
		want := slices.Sorted(slices.Values(values))
		if sortRadix(values); !slices.Equal(values, want) {
			t.Fatal("the values are not in order")
		}
	})
}

func TestTailKeepsTheSmallest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keep := rapid.Int64Range(1, 50).Draw(t, "keep")
		// Values in few bins, in many, or beyond them.
		width := rapid.SampledFrom([]int64{1, 7, 100, 2000}).Draw(t, "width")
		seen := Histogram{
			Low:    rapid.SampledFrom([]int64{0, 100, -500}).Draw(t, "low"),
			Width:  width,
			Counts: make([]int64, rapid.IntRange(1, 300).Draw(t, "bins")),
		}
		smallest := newTail(keep, seen)
		// The generator's state stands in for a long list that would be slow to draw.
		state := rapid.Uint64().Draw(t, "state")
		var values []int64
		for range rapid.IntRange(int(keep), 5000).Draw(t, "count") {
			state = state*6364136223846793005 + 1442695040888963407
			values = append(values, int64(state>>33)%1000)
			value := values[len(values)-1]
			seen.Counts[min(max(value-seen.Low, 0)/width, int64(len(seen.Counts)-1))]++
			if value < smallest.limit {
				smallest.add(value)
			}
		}
		slices.Sort(values)
		if got := smallest.sorted(); !slices.Equal(got, values[:keep]) {
			t.Fatalf("tail = %v; want %v", got, values[:keep])
		}
	})
}

func TestBlocksAllocateNothing(t *testing.T) {
	spec := Spec{Days: 7, Assets: 20, Horizon: 9, BlockDays: 2, Seed: 5}
	for i := range spec.Days * spec.Assets {
		spec.Growth = append(spec.Growth, 1+0.01*math.Sin(float64(i)))
	}
	for i := range spec.Assets {
		spec.Exposures = append(spec.Exposures, int64(1000*i+1))
	}
	for _, path := range Paths() {
		model, err := NewModelOn(path, spec)
		if err != nil {
			t.Fatal(err)
		}
		const scenarios = 1 << 18
		run := newRun(model, scenarios)
		allocations := testing.AllocsPerRun(10, func() {
			if err := run.block(0, 4096); err != nil {
				t.Fatal(err)
			}
		})
		if allocations != 0 {
			t.Errorf("%s: %v allocations a block; want none", path, allocations)
		}
	}
}

func TestATailNeedsNoFurtherRoom(t *testing.T) {
	const count = 200_000
	random := rand.New(rand.NewPCG(1, 2))
	for seed := range uint64(40) {
		spec := Spec{Days: 50, Assets: 1, Exposures: []int64{1_000_000}, Horizon: 2, BlockDays: 1, Seed: seed}
		for range spec.Days {
			spec.Growth = append(spec.Growth, 1+0.02*random.NormFloat64())
		}
		model, err := NewModel(spec)
		if err != nil {
			t.Fatal(err)
		}
		run := newRun(model, count)
		room := cap(run.tail.values)
		for first := 0; first < count; first += BlockScenarios {
			if err := run.block(uint32(first), min(BlockScenarios, count-first)); err != nil {
				t.Fatal(err)
			}
		}
		if grown := cap(run.tail.values); grown != room {
			t.Errorf("seed %d: the tail's room grew from %d to %d values", seed, room, grown)
		}
	}
}
