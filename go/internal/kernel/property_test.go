package kernel_test

import (
	"errors"
	"reflect"
	"slices"
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
		path := rapid.SampledFrom(kernel.Paths()).Draw(t, "path")
		model, err := kernel.NewModelOn(path, spec)
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
		merged := shards[0]
		if got, want := merged.Digest(), whole.Digest(); got != want {
			t.Fatalf("digest = %s; want %s", got, want)
		}
		// Beyond what the digest covers, a merged tail may end sooner, but never lacks a result in between.
		if got, want := merged.Tail, whole.Tail[:min(len(merged.Tail), len(whole.Tail))]; !slices.Equal(got, want) {
			t.Fatalf("tail = %v; want %v", got, want)
		}
	})
}

// A large shard that is merged with a small one has cut off results that D of both would still hold.
func TestUnevenShardsGiveTheSameDigest(t *testing.T) {
	model := newModel(t, vectorSpec())
	const count = 100_000
	want := simulate(t, model, 0, count).Digest()
	for _, last := range []int64{1, 10, 100, 1000, 10_000} {
		large, small := simulate(t, model, 0, count-last), simulate(t, model, count-last, last)
		for _, pair := range [][2]*kernel.Shard{{large, small}, {small, large}} {
			merged, err := kernel.Merge(pair[0], pair[1])
			if err != nil {
				t.Fatal(err)
			}
			if got := merged.Digest(); got != want {
				t.Errorf("%d + %d: digest = %s; want %s", pair[0].Count, pair[1].Count, got, want)
			}
		}
	}
}

func TestManyShardsMergedOneByOneGiveTheSameDigest(t *testing.T) {
	model := newModel(t, vectorSpec())
	const size, shards = 100, 1000
	merged := simulate(t, model, 0, size)
	for i := int64(1); i < shards; i++ {
		var err error
		if merged, err = kernel.Merge(merged, simulate(t, model, i*size, size)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := merged.Digest(), simulate(t, model, 0, size*shards).Digest(); got != want {
		t.Errorf("digest = %s; want %s", got, want)
	}
}

func TestMergeRefusesTailsThatAreTooShort(t *testing.T) {
	model := newModel(t, vectorSpec())
	a, b := simulate(t, model, 0, 1000), simulate(t, model, 1000, 1000)
	a.Tail = a.Tail[:5]
	_, err := kernel.Merge(a, b)
	var inputError *kernel.InputError
	if !errors.As(err, &inputError) {
		t.Fatalf("err = %v; want an *InputError", err)
	}
}

func TestDigestCoversEverything(t *testing.T) {
	model := newModel(t, vectorSpec())
	digest := simulate(t, model, 0, 500).Digest()
	changes := map[string]func(*kernel.Shard){
		"count":    func(s *kernel.Shard) { s.Count++ },
		"sum":      func(s *kernel.Shard) { s.Sum++ },
		"min":      func(s *kernel.Shard) { s.Min++ },
		"max":      func(s *kernel.Shard) { s.Max++ },
		"bitsum":   func(s *kernel.Shard) { s.Bitsum++ },
		"low":      func(s *kernel.Shard) { s.Histogram.Low++ },
		"width":    func(s *kernel.Shard) { s.Histogram.Width++ },
		"bin":      func(s *kernel.Shard) { s.Histogram.Counts[1999]++ },
		"tail":     func(s *kernel.Shard) { s.Tail[24]++ },
		"worst":    func(s *kernel.Shard) { s.Worst[99].PnL++ },
		"scenario": func(s *kernel.Shard) { s.Worst[99].Scenario++ },
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
