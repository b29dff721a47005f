package kernel

import "math"

// BlockScenarios is how many scenarios are simulated between two chances to stop; fewer, where each is large.
const BlockScenarios = 65536

// Range is the scenarios [First, First + Count), within [0, 2^32).
type Range struct {
	First, Count int64
}

func (r Range) check() error {
	switch {
	case r.First < 0 || r.First >= maxScenarios:
		return inputErrorf("range.first", "%d is not within 0 to 2^32 - 1", r.First)
	case r.Count < 1:
		return inputErrorf("range.count", "%d is below 1", r.Count)
	case r.Count > maxScenarios-r.First:
		return inputErrorf("range.count", "%d scenarios from %d on end beyond 2^32", r.Count, r.First)
	}
	return nil
}

// Simulate simulates the scenarios of a range. Between blocks it calls between, and gives up with the error that
// this returns, as it is. Any other error is an *InputError: a bad range, or results beyond 2^43 minor units or
// with sums beyond int64, which the model's figures cause.
func (m *Model) Simulate(scenarios Range, between func(Progress) error) (*Shard, error) {
	if err := scenarios.check(); err != nil {
		return nil, err
	}
	run := newRun(m, scenarios.Count)
	for {
		next := scenarios.First + run.count
		count := min(m.blockScenarios, scenarios.Count-run.count)
		if err := run.block(uint32(next), int(count)); err != nil {
			return nil, err
		}
		if run.count == scenarios.Count {
			return run.shard(), nil
		}
		if err := between(Progress{Next: next + count, run: run}); err != nil {
			return nil, err
		}
	}
}

// run is one simulation's state. Its buffers are allocated once, so that blocks allocate nothing.
type run struct {
	model   *Model
	count   int64
	sum     int64
	min     int64
	max     int64
	bitsum  uint64
	counts  []int64
	tail    tail
	worst   worst
	way     calculator
	results []float64 // a chunk's unrounded profits and losses
}

func newRun(m *Model, count int64) *run {
	way := m.calculator()
	counts := make([]int64, binCount)
	tail := newTail(tailSize(count), Histogram{Low: m.low, Width: m.width, Counts: counts})
	tail.values = make([]int64, 0, tail.full+way.chunk()+vectorWidth)
	return &run{
		model:   m,
		min:     math.MaxInt64,
		max:     math.MinInt64,
		counts:  counts,
		tail:    tail,
		worst:   newWorst(),
		way:     way,
		results: make([]float64, way.chunk()),
	}
}

// block simulates count scenarios, at most BlockScenarios, so that its sum cannot wrap before it is checked.
func (r *run) block(first uint32, count int) error {
	for done := 0; done < count; {
		chunk := min(count-done, len(r.results))
		results := r.results[:chunk]
		scenario := first + uint32(done)
		r.way.calculate(results, scenario)
		if err := r.way.collect(r, results, scenario); err != nil {
			return err
		}
		done += chunk
	}
	r.count += int64(count)
	return checkSums(r.min, r.max, r.count)
}

// collect rounds the results and counts them in.
func (r *run) collect(results []float64, scenario uint32) error {
	// Adding and subtracting it rounds half to even, to the minor unit, and never to -0.
	const magic = 3 << 51
	low, width := r.model.low, uint64(r.model.width)
	counts := (*[binCount]int64)(r.counts)
	for i, result := range results {
		rounded := (result + magic) - magic
		// Written so that NaN, which fails every comparison, is refused too.
		if !(math.Abs(rounded) <= maxResult) {
			return inputErrorf("exposures_minor", "scenario %d: a result of %v minor units is beyond 2^43",
				scenario+uint32(i), result)
		}
		pnl := int64(rounded)
		r.sum += pnl
		r.min = min(r.min, pnl)
		r.max = max(r.max, pnl)
		r.bitsum += math.Float64bits(result)
		counts[min(uint64(max(pnl-low, 0))/width, binCount-1)]++
		if pnl < r.tail.limit {
			r.tail.add(pnl)
		}
		if pnl < r.worst.limit {
			r.worst.add(Result{PnL: pnl, Scenario: scenario + uint32(i)})
		}
	}
	return nil
}

// shard hands the run's buffers over.
func (r *run) shard() *Shard {
	return &Shard{
		Count:     r.count,
		Sum:       r.sum,
		Min:       r.min,
		Max:       r.max,
		Bitsum:    r.bitsum,
		Histogram: Histogram{Low: r.model.low, Width: r.model.width, Counts: r.counts},
		Tail:      r.tail.sorted(),
		Worst:     r.worst.results,
	}
}
