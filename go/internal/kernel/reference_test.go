package kernel_test

import (
	"math"
	"math/bits"
	"slices"

	"example.com/triglot/go/internal/kernel"
)

// The reference follows docs/kernel.md word by word, in the simplest way, and shares no code with the kernel.

func referenceThreefry(c0, c1, k0, k1 uint32) [2]uint32 {
	keys := [3]uint32{k0, k1, 0x1bd11bda ^ k0 ^ k1}
	rotations := [8]int{13, 15, 26, 6, 17, 29, 16, 24}
	x0, x1 := c0+keys[0], c1+keys[1]
	for round := range 20 {
		x0 += x1
		x1 = bits.RotateLeft32(x1, rotations[round%8]) ^ x0
		if round%4 == 3 {
			injection := uint32(round/4 + 1)
			x0 += keys[injection%3]
			x1 += keys[(injection+1)%3] + injection
		}
	}
	return [2]uint32{x0, x1}
}

func referenceDay(spec kernel.Spec, scenario uint32, h int) int {
	draw := uint32(h / spec.BlockDays)
	x := referenceThreefry(scenario, draw/2, uint32(spec.Seed), uint32(spec.Seed>>32))[draw%2]
	days := uint32(spec.Days)
	index := ((x>>16)*days + ((x&0xffff)*days)>>16) >> 16
	return (int(index) + h%spec.BlockDays) % spec.Days
}

func referencePnL(spec kernel.Spec, scenario uint32) float64 {
	result := 0.0
	for a := range spec.Assets {
		product := spec.Growth[referenceDay(spec, scenario, 0)*spec.Assets+a]
		for h := 1; h < spec.Horizon; h++ {
			product = float64(product * spec.Growth[referenceDay(spec, scenario, h)*spec.Assets+a])
		}
		result = float64(result + float64(float64(spec.Exposures[a])*float64(product-1)))
	}
	return result
}

func referenceShard(spec kernel.Spec, first, count int64) *kernel.Shard {
	var gross int64
	for _, exposure := range spec.Exposures {
		gross += max(exposure, -exposure)
	}
	shard := &kernel.Shard{
		Count: count,
		Histogram: kernel.Histogram{
			Low: -gross, Width: max(1, (gross+999)/1000), Counts: make([]int64, 2000),
		},
	}
	var all []kernel.Result
	for scenario := first; scenario < first+count; scenario++ {
		result := referencePnL(spec, uint32(scenario))
		pnl := int64(math.RoundToEven(result))
		shard.Sum += pnl
		shard.Bitsum += math.Float64bits(result)
		bin := max(pnl-shard.Histogram.Low, 0) / shard.Histogram.Width
		shard.Histogram.Counts[min(bin, 1999)]++
		all = append(all, kernel.Result{PnL: pnl, Scenario: uint32(scenario)})
	}
	// Scenarios ascend, so a stable sort leaves equal results in their order.
	slices.SortStableFunc(all, func(a, b kernel.Result) int { return int(a.PnL - b.PnL) })
	shard.Min, shard.Max = all[0].PnL, all[len(all)-1].PnL
	kept := int(math.Ceil(float64(count)/20) + 8*math.Ceil(math.Sqrt(float64(count))))
	for _, result := range all[:min(kept, len(all))] {
		shard.Tail = append(shard.Tail, result.PnL)
	}
	shard.Worst = all[:min(100, len(all))]
	return shard
}
