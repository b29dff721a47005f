package kernel

import "slices"

// Progress is how far a simulation has come. It is valid until the function that got it returns.
type Progress struct {
	// Next is the first scenario that is still to be simulated.
	Next int64

	run     *run
	resumed *Shard // the scenarios before the run's, where there are any
}

// Snapshot condenses the scenarios so far into a shard of its own. It takes the longer the more there are, a few
// milliseconds a million: their tail is sorted. An error is one of Merge.
func (p Progress) Snapshot() (*Shard, error) {
	snapshot := p.run.snapshot()
	if p.resumed == nil {
		return snapshot, nil
	}
	return Merge(p.resumed, snapshot)
}

func (r *run) snapshot() *Shard {
	copied := *r
	copied.counts = slices.Clone(r.counts)
	copied.worst.results = slices.Clone(r.worst.results)
	// The run keeps a tail for all scenarios to come: more than those so far need.
	copied.tail = newTail(tailSize(r.count), Histogram{})
	copied.tail.values = slices.Clone(r.tail.values)
	return copied.shard()
}

// Resume goes on from a snapshot of the same simulation, which CheckPartial has accepted, or from the start where
// that is nil. It is Simulate but for the tail, which like that of any merged shard may be shorter: digests are
// equal.
func (m *Model) Resume(scenarios Range, partial *Shard, between func(Progress) error) (*Shard, error) {
	if partial == nil {
		return m.Simulate(scenarios, between)
	}
	rest := Range{First: scenarios.First + partial.Count, Count: scenarios.Count - partial.Count}
	shard, err := m.Simulate(rest, func(progress Progress) error {
		progress.resumed = partial
		return between(progress)
	})
	if err != nil {
		return nil, err
	}
	return Merge(partial, shard)
}

// CheckPartial refuses what cannot be a snapshot of simulating a range: an *InputError says why.
func (m *Model) CheckPartial(scenarios Range, partial *Shard) error {
	count := partial.Count
	if count < 1 || count >= scenarios.Count {
		return inputErrorf("scenario_count", "%d is not within 1 to %d", count, scenarios.Count-1)
	}
	if partial.Histogram.Low != m.low || partial.Histogram.Width != m.width {
		return inputErrorf("histogram", "it is of another model")
	}
	var counted int64
	for _, bin := range partial.Histogram.Counts {
		counted += bin
	}
	if len(partial.Histogram.Counts) != binCount || counted != count {
		return inputErrorf("histogram", "%d bins count %d scenarios, not %d bins %d",
			len(partial.Histogram.Counts), counted, binCount, count)
	}
	tail := int64(len(partial.Tail))
	if tail < worstTwentieth(count) || tail > tailSize(count) || !slices.IsSorted(partial.Tail) {
		return inputErrorf("tail_minor", "%d results are not the smallest of %d in order", tail, count)
	}
	outside := func(result Result) bool {
		scenario := int64(result.Scenario)
		return scenario < scenarios.First || scenario >= scenarios.First+count
	}
	if int64(len(partial.Worst)) != min(count, worstCount) || slices.ContainsFunc(partial.Worst, outside) {
		return inputErrorf("worst", "they are not scenarios of %d to %d",
			scenarios.First, scenarios.First+count-1)
	}
	return nil
}
