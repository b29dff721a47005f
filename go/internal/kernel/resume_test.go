package kernel_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"example.com/triglot/go/internal/kernel"
)

// whole has a rest after its last whole block.
var whole = kernel.Range{First: 1000, Count: 4*kernel.BlockScenarios + 17}

// snapshots resumes a simulation and returns the snapshots between its blocks, and its result.
func snapshots(t *testing.T, model *kernel.Model, partial *kernel.Shard) ([]*kernel.Shard, *kernel.Shard) {
	t.Helper()
	var taken []*kernel.Shard
	result, err := model.Resume(whole, partial, func(progress kernel.Progress) error {
		snapshot, err := progress.Snapshot()
		if err != nil {
			return err
		}
		if progress.Next != whole.First+snapshot.Count {
			t.Errorf("next = %d after %d scenarios", progress.Next, snapshot.Count)
		}
		taken = append(taken, snapshot)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return taken, result
}

func TestSnapshotIsTheShardOfTheScenariosSoFar(t *testing.T) {
	model := newModel(t, vectorSpec())
	taken, result := snapshots(t, model, nil)
	if len(taken) != 4 {
		t.Fatalf("%d snapshots; want 4", len(taken))
	}
	// Compared at the end: what the simulation did afterwards must not show in them, nor they in its result.
	for _, snapshot := range taken {
		if !reflect.DeepEqual(snapshot, simulate(t, model, whole.First, snapshot.Count)) {
			t.Errorf("the snapshot of %d scenarios is not their shard", snapshot.Count)
		}
	}
	if !reflect.DeepEqual(result, simulate(t, model, whole.First, whole.Count)) {
		t.Error("a simulation with snapshots gives another shard")
	}
}

func TestResumedSimulationHasTheSameDigest(t *testing.T) {
	model := newModel(t, vectorSpec())
	first, undisturbed := snapshots(t, model, nil)
	want := undisturbed.Digest()
	for _, partial := range first {
		second, resumed := snapshots(t, model, partial)
		if resumed.Count != whole.Count || resumed.Digest() != want {
			t.Errorf("resumed after %d: %d scenarios, digest %s; want %d, %s",
				partial.Count, resumed.Count, resumed.Digest(), whole.Count, want)
		}
		for _, twice := range second {
			if err := model.CheckPartial(whole, twice); err != nil {
				t.Errorf("a resumed simulation's snapshot is refused: %v", err)
			}
			if _, resumed := snapshots(t, model, twice); resumed.Digest() != want {
				t.Errorf("resumed after %d and %d: digest = %s; want %s",
					partial.Count, twice.Count, resumed.Digest(), want)
			}
		}
	}
}

func TestOtherPartialsAreRefused(t *testing.T) {
	model := newModel(t, vectorSpec())
	other := vectorSpec()
	other.Exposures = []int64{1, 2, 3}
	cases := []struct {
		name    string
		partial func() *kernel.Shard
		field   string
	}{
		{"nothing", func() *kernel.Shard { return &kernel.Shard{} }, "scenario_count"},
		{"the whole", func() *kernel.Shard { return simulate(t, model, whole.First, whole.Count) },
			"scenario_count"},
		{"another model", func() *kernel.Shard { return simulate(t, newModel(t, other), whole.First, 500) },
			"histogram"},
		{"other scenarios", func() *kernel.Shard { return simulate(t, model, whole.First-250, 500) }, "worst"},
		{"later scenarios", func() *kernel.Shard { return simulate(t, model, whole.First+250, 500) }, "worst"},
		{"a bin too few", changed(t, model, func(s *kernel.Shard) {
			s.Histogram.Counts = s.Histogram.Counts[1:]
		}), "histogram"},
		{"a scenario in no bin", changed(t, model, func(s *kernel.Shard) {
			s.Histogram.Counts[1999]--
		}), "histogram"},
		{"no tail", changed(t, model, func(s *kernel.Shard) { s.Tail = nil }), "tail_minor"},
		{"a tail too long", changed(t, model, func(s *kernel.Shard) {
			s.Tail = append(s.Tail, s.Tail[len(s.Tail)-1])
		}), "tail_minor"},
		{"a tail out of order", changed(t, model, func(s *kernel.Shard) { slices.Reverse(s.Tail) }), "tail_minor"},
		{"too few of the worst", changed(t, model, func(s *kernel.Shard) { s.Worst = s.Worst[1:] }), "worst"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := model.CheckPartial(whole, c.partial())
			var input *kernel.InputError
			if !errors.As(err, &input) || input.Field != c.field {
				t.Errorf("error = %v; want an *InputError of %s", err, c.field)
			}
		})
	}
	if err := model.CheckPartial(whole, simulate(t, model, whole.First, 500)); err != nil {
		t.Errorf("what none of them changed is refused: %v", err)
	}
}

func changed(t *testing.T, model *kernel.Model, change func(*kernel.Shard)) func() *kernel.Shard {
	return func() *kernel.Shard {
		shard := simulate(t, model, whole.First, 500)
		change(shard)
		return shard
	}
}

func BenchmarkSnapshot(b *testing.B) {
	const count = 1 << 22
	model := newModel(b, vectorSpec())
	_, err := model.Simulate(kernel.Range{Count: count}, func(progress kernel.Progress) error {
		if progress.Next < count/2 {
			return nil
		}
		for b.Loop() {
			if _, err := progress.Snapshot(); err != nil {
				return err
			}
		}
		b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N)/(float64(progress.Next)/1e6), "ms/million")
		return errEnough
	})
	if !errors.Is(err, errEnough) {
		b.Fatal(err)
	}
}

var errEnough = errors.New("enough")
