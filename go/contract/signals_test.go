package contract_test

import (
	"slices"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"example.com/triglot/go/contract"
	riskv1 "example.com/triglot/go/risk/v1"
)

// arguments are those of one signal: the test environment itself sends one, always.
type arguments []any

type spreading struct {
	converter.DataConverter
}

func (c spreading) ToPayloads(values ...any) (*commonpb.Payloads, error) {
	if len(values) == 1 {
		if all, ok := values[0].(arguments); ok {
			values = all
		}
	}
	return c.DataConverter.ToPayloads(values...)
}

func scenarios(first int64) *riskv1.ScenarioRange {
	return &riskv1.ScenarioRange{First: first}
}

// passedOver are signals that are no ranges.
var passedOver = []arguments{{"text"}, {nil}, {}, {&riskv1.Shard{}}, {scenarios(7), scenarios(8)}}

// receive runs a workflow that is sent signals a second after it has begun.
func receive(
	t *testing.T, signals []arguments,
	function func(workflow.Context, contract.SignalChannel[*riskv1.ScenarioRange]),
) {
	t.Helper()
	environment := newEnvironment(t)
	environment.SetDataConverter(spreading{newConverter(t, contract.EncodingJSON)})
	environment.RegisterDelayedCallback(func() {
		for _, signal := range signals {
			environment.SignalWorkflow("range", signal)
		}
	}, time.Second)
	err := run(environment, func(ctx workflow.Context) error {
		function(ctx, contract.NewSignalChannel[*riskv1.ScenarioRange](ctx, "range"))
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestASignalThatIsNoneIsPassedOver(t *testing.T) {
	first, second := []arguments{{scenarios(1)}}, []arguments{{scenarios(2)}}
	signals := slices.Concat(passedOver, first, passedOver, second, passedOver)
	receive(t, signals, func(ctx workflow.Context, channel contract.SignalChannel[*riskv1.ScenarioRange]) {
		if got := channel.Receive(ctx).GetFirst(); got != 1 {
			t.Errorf("first = %d; want 1", got)
		}
		if err := workflow.Sleep(ctx, time.Second); err != nil {
			t.Error(err)
		}
		if got, ok := channel.ReceiveAsync(); !ok || got.GetFirst() != 2 {
			t.Errorf("second = %v, %t", got, ok)
		}
		if got, ok := channel.ReceiveAsync(); ok {
			t.Errorf("third = %v", got)
		}
	})
}

func TestASignalThatIsNoneDoesNotStopASelector(t *testing.T) {
	signals := slices.Concat(passedOver, []arguments{{scenarios(1)}}, passedOver)
	receive(t, signals, func(ctx workflow.Context, channel contract.SignalChannel[*riskv1.ScenarioRange]) {
		var received []int64
		late := false
		selector := channel.AddTo(workflow.NewSelector(ctx), func(request *riskv1.ScenarioRange) {
			received = append(received, request.GetFirst())
		}).AddFuture(workflow.NewTimer(ctx, time.Hour), func(workflow.Future) { late = true })
		for !late {
			selector.Select(ctx)
		}
		if !slices.Equal(received, []int64{1}) {
			t.Errorf("received %v; want only 1", received)
		}
	})
}

func TestASignalIsWaitedForAsLongAsIsSaid(t *testing.T) {
	signals := slices.Concat(passedOver, []arguments{{scenarios(1)}}, passedOver)
	receive(t, signals, func(ctx workflow.Context, channel contract.SignalChannel[*riskv1.ScenarioRange]) {
		begin := workflow.Now(ctx)
		for _, want := range []struct {
			timeout, after time.Duration
			request        bool
		}{
			{0, 0, false},
			{time.Hour, time.Second, true},
			{time.Hour, time.Hour + time.Second, false},
		} {
			request, ok := channel.ReceiveWithTimeout(ctx, want.timeout)
			if after := workflow.Now(ctx).Sub(begin); after != want.after {
				t.Errorf("it was waited until %v; want %v", after, want.after)
			}
			if ok != want.request || request.GetFirst() == 1 != want.request {
				t.Errorf("received %v, %t after %v", request, ok, want.after)
			}
		}
	})
}

func TestWhoIsCancelledWaitsForNoSignal(t *testing.T) {
	receive(t, nil, func(ctx workflow.Context, channel contract.SignalChannel[*riskv1.ScenarioRange]) {
		cancelled, cancel := workflow.WithCancel(ctx)
		cancel()
		begin := workflow.Now(ctx)
		if request, ok := channel.ReceiveWithTimeout(cancelled, time.Hour); ok || workflow.Now(ctx) != begin {
			t.Errorf("received %v, %t", request, ok)
		}
	})
}
