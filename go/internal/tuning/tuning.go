// Package tuning turns the settings of slots and pollers into the SDK's options.
package tuning

import (
	"fmt"
	"runtime"

	"go.temporal.io/sdk/worker"

	"example.com/triglot/go/internal/settings"
)

// Apply sets how many activities a worker runs and how many requests for tasks it has at the server. The system
// information is for automatic slots alone.
func Apply(options *worker.Options, config settings.Settings, system worker.SysInfoProvider) error {
	switch {
	case config.Slots.Auto:
		tuner, err := worker.NewResourceBasedTuner(worker.ResourceBasedTunerOptions{
			TargetCpu:    config.CPUTarget,
			TargetMem:    config.MemoryTarget,
			InfoSupplier: system,
		})
		if err != nil {
			return fmt.Errorf("automatic slots: %w", err)
		}
		options.Tuner = tuner
	case config.Slots.Number > 0:
		options.MaxConcurrentActivityExecutionSize = config.Slots.Number
	default:
		// A simulation keeps a core busy; more of them would only wait for each other.
		options.MaxConcurrentActivityExecutionSize = runtime.GOMAXPROCS(0)
	}
	if config.Pollers.Auto {
		options.ActivityTaskPollerBehavior = worker.NewPollerBehaviorAutoscaling(
			worker.PollerBehaviorAutoscalingOptions{})
	} else {
		// Zero is the SDK's default.
		options.MaxConcurrentActivityTaskPollers = config.Pollers.Number
	}
	return nil
}
