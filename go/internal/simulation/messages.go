package simulation

import (
	"example.com/triglot/go/contract"
	"example.com/triglot/go/internal/kernel"
	riskv1 "example.com/triglot/go/risk/v1"
)

// NewModel checks a spec against the contract and prepares it for the kernel. What is wrong with it is an
// error of contract.Validate or a *kernel.InputError.
func NewModel(spec *riskv1.SimulationSpec) (*kernel.Model, error) {
	return NewModelOn(kernel.Paths()[0], spec)
}

// NewModelOn is NewModel for one of kernel.Paths.
func NewModelOn(path kernel.Path, spec *riskv1.SimulationSpec) (*kernel.Model, error) {
	if err := contract.Validate(spec); err != nil {
		return nil, err
	}
	return kernel.NewModelOn(path, kernel.Spec{
		Days:      int(spec.GetDayCount()),
		Assets:    int(spec.GetAssetCount()),
		Growth:    spec.GetGrowthFactors(),
		Exposures: spec.GetExposuresMinor(),
		Horizon:   int(spec.GetHorizonDays()),
		BlockDays: int(spec.GetBlockDays()),
		Seed:      spec.GetSeed(),
	})
}

// Range is the kernel's form of a range.
func Range(scenarios *riskv1.ScenarioRange) kernel.Range {
	return kernel.Range{First: scenarios.GetFirst(), Count: scenarios.GetCount()}
}

// ShardMessage makes the message of a shard. They share their lists.
func ShardMessage(shard *kernel.Shard) *riskv1.Shard {
	message := &riskv1.Shard{
		ScenarioCount: shard.Count,
		SumMinor:      shard.Sum,
		MinMinor:      shard.Min,
		MaxMinor:      shard.Max,
		Bitsum:        shard.Bitsum,
		Histogram: &riskv1.Histogram{
			LowMinor:   shard.Histogram.Low,
			WidthMinor: shard.Histogram.Width,
			Counts:     shard.Histogram.Counts,
		},
		TailMinor: shard.Tail,
		Worst:     make([]*riskv1.ScenarioResult, len(shard.Worst)),
	}
	for i, result := range shard.Worst {
		message.Worst[i] = &riskv1.ScenarioResult{PnlMinor: result.PnL, Scenario: result.Scenario}
	}
	return message
}

// shardOf is the kernel's form of a shard. They share their lists.
func shardOf(message *riskv1.Shard) *kernel.Shard {
	shard := &kernel.Shard{
		Count:  message.GetScenarioCount(),
		Sum:    message.GetSumMinor(),
		Min:    message.GetMinMinor(),
		Max:    message.GetMaxMinor(),
		Bitsum: message.GetBitsum(),
		Histogram: kernel.Histogram{
			Low:    message.GetHistogram().GetLowMinor(),
			Width:  message.GetHistogram().GetWidthMinor(),
			Counts: message.GetHistogram().GetCounts(),
		},
		Tail:  message.GetTailMinor(),
		Worst: make([]kernel.Result, len(message.GetWorst())),
	}
	for i, result := range message.GetWorst() {
		shard.Worst[i] = kernel.Result{PnL: result.GetPnlMinor(), Scenario: result.GetScenario()}
	}
	return shard
}
