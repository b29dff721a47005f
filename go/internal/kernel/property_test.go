package kernel_test

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"example.com/triglot/go/internal/kernel"
)

func drawSpec(t *rapid.T) kernel.Spec {
	spec := kernel.Spec{
		Days:    rapid.IntRange(1, 40).Draw(t, "days"),
		Assets:  rapid.IntRange(1, 26).Draw(t, "assets"),
		Horizon: rapid.IntRange(1, 12).Draw(t, "horizon"),
		Seed:    rapid.Uint64().Draw(t, "seed"),
	}
	spec.BlockDays = rapid.IntRange(1, spec.Days).Draw(t, "block days")
	spec.Growth = rapid.SliceOfN(rapid.Float64Range(0.8, 1.25), spec.Days*spec.Assets, -1).
		Draw(t, "growth")[:spec.Days*spec.Assets]
	spec.Exposures = rapid.SliceOfN(rapid.Int64Range(-1e9, 1e9), spec.Assets, spec.Assets).
		Draw(t, "exposures")
	// Gross must not be 0.
	spec.Exposures[0] = rapid.Int64Range(1, 1e9).Draw(t, "first exposure")
	return spec
}

func TestKernelAgreesWithTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := drawSpec(t)
		count := rapid.Int64Range(1, 300).Draw(t, "count")
		first := rapid.Int64Range(0, 1<<32-count).Draw(t, "first")
		model, err := kernel.NewModel(spec)
		if err != nil {
			t.Fatal(err)
		}
		got, err := model.Simulate(kernel.Range{First: first, Count: count}, goOn)
		if err != nil {
			t.Fatal(err)
		}
		if want := referenceShard(spec, first, count); !reflect.DeepEqual(got, want) {
			t.Fatalf("shard = %+v; want %+v", got, want)
		}
	})
}

// certain is the part of a shard that no sharding changes. The end of a tail is left out: a shard that is
// merged with a much smaller one may have cut off what the larger D(n) of both still holds. The part that the
// risk measures read, the worst twentieth, is safe by 36 standard deviations.
func certain(shard *kernel.Shard) kernel.Shard {
	part := *shard
	part.Tail = part.Tail[:(part.Count+19)/20]
	return part
}

func TestAnyShardingAndOrderGivesTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		model, err := kernel.NewModel(drawSpec(t))
		if err != nil {
			t.Fatal(err)
		}
		const first, count = 12345, 2000
		whole, err := model.Simulate(kernel.Range{First: first, Count: count}, goOn)
		if err != nil {
			t.Fatal(err)
		}
		var shards []*kernel.Shard
		for at := int64(0); at < count; {
			size := rapid.Int64Range(1, count-at).Draw(t, "size")
			shard, err := model.Simulate(kernel.Range{First: first + at, Count: size}, goOn)
			if err != nil {
				t.Fatal(err)
			}
			shards, at = append(shards, shard), at+size
		}
		for len(shards) > 1 {
			i := rapid.IntRange(1, len(shards)-1).Draw(t, "one")
			j := rapid.IntRange(0, i-1).Draw(t, "other")
			merged, err := kernel.Merge(shards[i], shards[j])
			if err != nil {
				t.Fatal(err)
			}
			shards[j] = merged
			shards = append(shards[:i], shards[i+1:]...)
		}
		if got, want := certain(shards[0]), certain(whole); !reflect.DeepEqual(got, want) {
			t.Fatalf("merged = %+v; want %+v", got, want)
		}
		if got, want := len(shards[0].Tail), len(whole.Tail); got != want {
			t.Fatalf("the merged tail holds %d results; want %d", got, want)
		}
	})
}

func TestEvenShardsGiveTheSameDigestInAnyOrder(t *testing.T) {
	model := newModel(t, vectorSpec())
	want := simulate(t, model, 0, 100_000).Digest()
	var quarters [4]*kernel.Shard
	for i := range quarters {
		quarters[i] = simulate(t, model, int64(i)*25_000, 25_000)
	}
	merge := func(a, b *kernel.Shard) *kernel.Shard {
		merged, err := kernel.Merge(a, b)
		if err != nil {
			t.Fatal(err)
		}
		return merged
	}
	for _, order := range permutations(4) {
		a, b, c, d := quarters[order[0]], quarters[order[1]], quarters[order[2]], quarters[order[3]]
		for name, merged := range map[string]*kernel.Shard{
			"one by one": merge(merge(merge(a, b), c), d),
			"in pairs":   merge(merge(a, b), merge(c, d)),
		} {
			if got := merged.Digest(); got != want {
				t.Errorf("%v %s: digest = %s; want %s", order, name, got, want)
			}
		}
	}
}

func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, shorter := range permutations(n - 1) {
		for at := range n {
			longer := append([]int{}, shorter[:at]...)
			longer = append(longer, n-1)
			all = append(all, append(longer, shorter[at:]...))
		}
	}
	return all
}

func TestDigestCoversEverything(t *testing.T) {
	model := newModel(t, vectorSpec())
	digest := simulate(t, model, 0, 500).Digest()
	changes := map[string]func(*kernel.Shard){
		"count":      func(s *kernel.Shard) { s.Count++ },
		"sum":        func(s *kernel.Shard) { s.Sum++ },
		"min":        func(s *kernel.Shard) { s.Min++ },
		"max":        func(s *kernel.Shard) { s.Max++ },
		"bitsum":     func(s *kernel.Shard) { s.Bitsum++ },
		"low":        func(s *kernel.Shard) { s.Histogram.Low++ },
		"width":      func(s *kernel.Shard) { s.Histogram.Width++ },
		"bin":        func(s *kernel.Shard) { s.Histogram.Counts[1999]++ },
		"tail":       func(s *kernel.Shard) { s.Tail[len(s.Tail)-1]++ },
		"worst":      func(s *kernel.Shard) { s.Worst[99].PnL++ },
		"scenario":   func(s *kernel.Shard) { s.Worst[99].Scenario++ },
		"tail's end": func(s *kernel.Shard) { s.Tail = s.Tail[:len(s.Tail)-1] },
	}
	seen := map[string]string{digest: "nothing"}
	for name, change := range changes {
		shard := simulate(t, model, 0, 500)
		change(shard)
		if other, found := seen[shard.Digest()]; found {
			t.Errorf("changing %s and %s gives the same digest", name, other)
		}
		seen[shard.Digest()] = name
	}
}
