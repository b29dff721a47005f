package tuning_test

import (
	"reflect"
	"runtime"
	"testing"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"example.com/triglot/go/internal/settings"
	"example.com/triglot/go/internal/tuning"
)

func apply(t *testing.T, config settings.Settings, system worker.SysInfoProvider) worker.Options {
	t.Helper()
	var options worker.Options
	if err := tuning.Apply(&options, config, system); err != nil {
		t.Fatal(err)
	}
	return options
}

func TestNumbersReachTheSDK(t *testing.T) {
	cases := []struct {
		name                   string
		config                 settings.Settings
		wantSlots, wantPollers int
	}{
		{"nothing set", settings.Settings{}, runtime.GOMAXPROCS(0), 0},
		{"slots", settings.Settings{Slots: settings.Amount{Number: 7}}, 7, 0},
		{"pollers", settings.Settings{Pollers: settings.Amount{Number: 9}}, runtime.GOMAXPROCS(0), 9},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := apply(t, c.config, nil)
			want := worker.Options{
				MaxConcurrentActivityExecutionSize: c.wantSlots,
				MaxConcurrentActivityTaskPollers:   c.wantPollers,
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("options = %+v; want %+v", got, want)
			}
		})
	}
}

func TestAutomaticPollersScale(t *testing.T) {
	options := apply(t, settings.Settings{Pollers: settings.Amount{Auto: true}}, nil)
	want := worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{})
	if got := options.ActivityTaskPollerBehavior; !reflect.DeepEqual(got, want) {
		t.Errorf("poller behavior = %+v; want %+v", got, want)
	}
	if options.MaxConcurrentActivityTaskPollers != 0 {
		t.Error("a number of pollers is set, which the SDK refuses beside a behavior")
	}
}

// load is a machine of a certain load.
type load struct{ cpu, memory float64 }

func (l load) CpuUsage(*worker.SysInfoContext) (float64, error)    { return l.cpu, nil }
func (l load) MemoryUsage(*worker.SysInfoContext) (float64, error) { return l.memory, nil }

// oneSlotInUse is what the SDK tells when it asks for a second slot, which needs the tuner's approval.
type oneSlotInUse struct{ worker.SlotReservationInfo }

func (oneSlotInUse) NumIssuedSlots() int                   { return 1 }
func (oneSlotInUse) Logger() sdklog.Logger                 { return nil }
func (oneSlotInUse) MetricsHandler() client.MetricsHandler { return nil }

func TestAutomaticSlotsKeepToTheTargets(t *testing.T) {
	cases := []struct {
		name                    string
		cpuTarget, memoryTarget float64
		machine                 load
		want                    bool
	}{
		{"room", 0.9, 0.8, load{0.2, 0.2}, true},
		{"processor above its target", 0.5, 0.8, load{0.6, 0.2}, false},
		{"processor below a higher target", 0.9, 0.8, load{0.6, 0.2}, true},
		{"memory above its target", 0.9, 0.3, load{0.2, 0.4}, false},
		{"memory below a higher target", 0.9, 0.8, load{0.2, 0.4}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			options := apply(t, settings.Settings{
				Slots:     settings.Amount{Auto: true},
				CPUTarget: c.cpuTarget, MemoryTarget: c.memoryTarget,
			}, c.machine)
			if options.MaxConcurrentActivityExecutionSize != 0 {
				t.Error("a number of slots is set, which the SDK refuses beside a tuner")
			}
			permit := options.Tuner.GetActivityTaskSlotSupplier().TryReserveSlot(oneSlotInUse{})
			if got := permit != nil; got != c.want {
				t.Errorf("a second slot = %t; want %t", got, c.want)
			}
		})
	}
}

func TestAutomaticSlotsNeedSystemInformation(t *testing.T) {
	var options worker.Options
	if err := tuning.Apply(&options, settings.Settings{Slots: settings.Amount{Auto: true}}, nil); err == nil {
		t.Error("no error")
	}
}
