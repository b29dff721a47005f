package contract_test

import (
	"context"
	"testing"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"example.com/triglot/go/contract"
	riskv1 "example.com/triglot/go/risk/v1"
)

// connection remembers what would have been sent, and answers with what it is told.
type connection struct {
	client.Client
	answer    any
	calls     []string
	started   client.StartWorkflowOptions
	updated   client.UpdateWorkflowOptions
	signalled any
	runID     string
}

func (c *connection) ExecuteWorkflow(
	_ context.Context, options client.StartWorkflowOptions, _ any, _ ...any,
) (client.WorkflowRun, error) {
	c.calls, c.started = append(c.calls, "start"), options
	return workflowRun{c: c, id: options.ID}, nil
}

func (c *connection) SignalWithStartWorkflow(
	_ context.Context, _, _ string, signal any, options client.StartWorkflowOptions, _ any, _ ...any,
) (client.WorkflowRun, error) {
	c.calls, c.started, c.signalled = append(c.calls, "signal with start"), options, signal
	return workflowRun{c: c, id: options.ID}, nil
}

func (c *connection) NewWithStartWorkflowOperation(
	options client.StartWorkflowOptions, _ any, _ ...any,
) client.WithStartWorkflowOperation {
	c.started = options
	return operation{run: workflowRun{c: c, id: options.ID}}
}

func (c *connection) UpdateWithStartWorkflow(
	_ context.Context, options client.UpdateWithStartWorkflowOptions,
) (client.WorkflowUpdateHandle, error) {
	c.calls, c.updated = append(c.calls, "update with start"), options.UpdateOptions
	return updateHandle{c: c}, nil
}

func (c *connection) GetWorkflow(_ context.Context, id, runID string) client.WorkflowRun {
	return workflowRun{c: c, id: id}
}

func (c *connection) SignalWorkflow(_ context.Context, _, runID, _ string, signal any) error {
	c.calls, c.runID, c.signalled = append(c.calls, "signal"), runID, signal
	return nil
}

func (c *connection) QueryWorkflow(
	_ context.Context, _, runID, _ string, _ ...any,
) (converter.EncodedValue, error) {
	c.calls, c.runID = append(c.calls, "query"), runID
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(c.answer)
	return client.NewValue(payloads), err
}

func (c *connection) UpdateWorkflow(
	_ context.Context, options client.UpdateWorkflowOptions,
) (client.WorkflowUpdateHandle, error) {
	c.calls, c.updated = append(c.calls, "update"), options
	return updateHandle{c: c}, nil
}

// get hands out the answer as the SDK does.
func (c *connection) get(into any) error {
	if into == nil {
		return nil
	}
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(c.answer)
	if err != nil {
		return err
	}
	return converter.GetDefaultDataConverter().FromPayloads(payloads, into)
}

type workflowRun struct {
	client.WorkflowRun
	c  *connection
	id string
}

func (r workflowRun) GetID() string { return r.id }

func (r workflowRun) Get(_ context.Context, into any) error { return r.c.get(into) }

type operation struct {
	client.WithStartWorkflowOperation
	run workflowRun
}

func (o operation) Get(context.Context) (client.WorkflowRun, error) { return o.run, nil }

type updateHandle struct {
	client.WorkflowUpdateHandle
	c *connection
}

func (h updateHandle) Get(_ context.Context, into any) error { return h.c.get(into) }

func start(arguments ...any) contract.Start {
	return contract.NewStart("type", client.StartWorkflowOptions{ID: "id"}, nil, arguments...)
}

func anUpdate(arguments ...any) contract.Update {
	return contract.NewUpdate("change", "update-id", nil, arguments...)
}

type response = *riskv1.ScenarioRange

// waysToSend are all that a client can do with one request that matters.
var waysToSend = map[string]func(ctx context.Context, c *connection, request any) error{
	"start": func(ctx context.Context, c *connection, request any) error {
		_, err := contract.StartWorkflow(ctx, c, start(request))
		return err
	},
	"signal with a start": func(ctx context.Context, c *connection, request any) error {
		_, err := contract.SignalWithStart(ctx, c, start(request), "signal")
		return err
	},
	"start with a signal": func(ctx context.Context, c *connection, request any) error {
		_, err := contract.SignalWithStart(ctx, c, start(), "signal", request)
		return err
	},
	"update with a start": func(ctx context.Context, c *connection, request any) error {
		_, _, err := contract.UpdateWithStart[response](ctx, c, start(request), anUpdate())
		return err
	},
	"start with an update": func(ctx context.Context, c *connection, request any) error {
		_, _, err := contract.UpdateWithStart[response](ctx, c, start(), anUpdate(request))
		return err
	},
	"query": func(ctx context.Context, c *connection, request any) error {
		_, err := contract.Query[response](ctx, contract.FindWorkflow(c, "id", ""), "look", request)
		return err
	},
	"signal": func(ctx context.Context, c *connection, request any) error {
		return contract.Signal(ctx, contract.FindWorkflow(c, "id", ""), "signal", request)
	},
	"update": func(ctx context.Context, c *connection, request any) error {
		_, err := contract.ExecuteUpdate[response](ctx, contract.FindWorkflow(c, "id", ""), anUpdate(request))
		return err
	},
	"start an update": func(ctx context.Context, c *connection, request any) error {
		_, err := contract.StartUpdate[response](ctx, contract.FindWorkflow(c, "id", ""), anUpdate(request))
		return err
	},
}

func TestNothingThatBreaksTheRulesIsSent(t *testing.T) {
	var absent *riskv1.SimulateShardRequest
	for name, send := range waysToSend {
		t.Run(name, func(t *testing.T) {
			c := &connection{answer: &riskv1.ScenarioRange{}}
			requireInvalidArgument(t, send(t.Context(), c, &riskv1.SimulateShardRequest{}))
			requireInvalidArgument(t, send(t.Context(), c, absent))
			if len(c.calls) != 0 {
				t.Errorf("%v was sent", c.calls)
			}
			if err := send(t.Context(), c, validRequest()); err != nil || len(c.calls) != 1 {
				t.Errorf("error = %v after %v", err, c.calls)
			}
		})
	}
}

func TestNothingIsSentUnderAnEmptyID(t *testing.T) {
	c := &connection{answer: &riskv1.ScenarioRange{}}
	nameless := contract.NewStart("type", client.StartWorkflowOptions{}, nil).RequireID("Sell")
	idless := contract.NewUpdate("change", "", nil).RequireID("Change")
	found := contract.FindWorkflow(c, "id", "")
	_, started := contract.StartWorkflow(t.Context(), c, nameless)
	_, signalled := contract.SignalWithStart(t.Context(), c, nameless, "signal")
	_, _, updated := contract.UpdateWithStart[contract.Nothing](t.Context(), c, nameless, anUpdate())
	for _, err := range []error{started, signalled, updated} {
		if got := requireInvalidArgument(t, err).Message(); got != "Sell: its id would be empty" {
			t.Errorf("message = %q", got)
		}
	}
	_, _, updated = contract.UpdateWithStart[contract.Nothing](t.Context(), c, start(), idless)
	_, executed := contract.ExecuteUpdate[contract.Nothing](t.Context(), found, idless)
	for _, err := range []error{updated, executed} {
		if got := requireInvalidArgument(t, err).Message(); got != "Change: its id would be empty" {
			t.Errorf("message = %q", got)
		}
	}
	if len(c.calls) != 0 {
		t.Errorf("%v was sent", c.calls)
	}
	own := func(options *client.StartWorkflowOptions) { options.ID = "own" }
	named := contract.NewStart("type", client.StartWorkflowOptions{}, []contract.StartOption{own})
	if run, err := contract.StartWorkflow(t.Context(), c, named.RequireID("Sell")); err != nil || run.GetID() != "own" {
		t.Errorf("error = %v", err)
	}
}

func TestAWorkflowThatRunsAlreadyIsNotTakenForTheStartedOne(t *testing.T) {
	var c connection
	if _, err := contract.StartWorkflow(t.Context(), &c, start()); err != nil {
		t.Fatal(err)
	}
	if !c.started.WorkflowExecutionErrorWhenAlreadyStarted {
		t.Error("the SDK was not asked for the error")
	}
}

func TestAPolicyOfTheUpdateYieldsToTheCallers(t *testing.T) {
	c := &connection{answer: &riskv1.ScenarioRange{}}
	const useExisting, fail = enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL
	callers := func(options *client.StartWorkflowOptions) { options.WorkflowIDConflictPolicy = fail }
	for want, options := range map[enumspb.WorkflowIdConflictPolicy][]contract.StartOption{
		useExisting: nil, fail: {callers},
	} {
		started := contract.NewStart("type", client.StartWorkflowOptions{ID: "id"}, options).OnConflict(useExisting)
		if _, _, err := contract.UpdateWithStart[contract.Nothing](t.Context(), c, started, anUpdate()); err != nil {
			t.Fatal(err)
		}
		if got := c.started.WorkflowIDConflictPolicy; got != want {
			t.Errorf("policy = %s; want %s", got, want)
		}
	}
}

func TestAStartedWorkflowIsAddressedByItsIDAlone(t *testing.T) {
	c := &connection{answer: &riskv1.ScenarioRange{}}
	started, err := contract.StartWorkflow(t.Context(), c, start())
	if err != nil {
		t.Fatal(err)
	}
	for run, want := range map[contract.Run]string{
		started:                                  "",
		contract.FindWorkflow(c, "id", ""):       "",
		contract.FindWorkflow(c, "id", "run-id"): "run-id",
	} {
		if err := contract.Signal(t.Context(), run, "signal"); err != nil || c.runID != want {
			t.Errorf("signal: run id = %q, %v; want %q", c.runID, err, want)
		}
		if _, err := contract.Query[response](t.Context(), run, "look"); err != nil || c.runID != want {
			t.Errorf("query: run id = %q, %v; want %q", c.runID, err, want)
		}
		if _, err := contract.ExecuteUpdate[response](t.Context(), run, anUpdate()); err != nil ||
			c.updated.RunID != want || c.updated.WorkflowID != "id" || c.updated.UpdateID != "update-id" {
			t.Errorf("update: %v, %v; want run id %q", c.updated, err, want)
		}
	}
}

func TestUpdatesWaitForTheirStage(t *testing.T) {
	c := &connection{answer: &riskv1.ScenarioRange{Count: 2}}
	found := contract.FindWorkflow(c, "id", "")
	later := func(options *client.UpdateWorkflowOptions) { options.UpdateID = "own" }
	sent := contract.NewUpdate("change", "made", []contract.UpdateOption{later})
	handle, err := contract.StartUpdate[response](t.Context(), found, sent)
	if err != nil || c.updated.WaitForStage != client.WorkflowUpdateStageAccepted || c.updated.UpdateID != "own" {
		t.Errorf("start: %v, %v", c.updated, err)
	}
	if answer, err := handle.Get(t.Context()); err != nil || answer.GetCount() != 2 {
		t.Errorf("answer = %v, %v", answer, err)
	}
	if _, err := contract.ExecuteUpdate[response](t.Context(), found, sent); err != nil ||
		c.updated.WaitForStage != client.WorkflowUpdateStageCompleted {
		t.Errorf("execute: %v, %v", c.updated, err)
	}
	run, answer, err := contract.UpdateWithStart[response](t.Context(), c, start(), sent)
	if err != nil || c.updated.WaitForStage != client.WorkflowUpdateStageCompleted ||
		run.GetID() != "id" || answer.GetCount() != 2 {
		t.Errorf("with start: %v, %v, %v", c.updated, answer, err)
	}
}

func TestAResultIsTheMessageOrAnError(t *testing.T) {
	c := &connection{answer: &riskv1.ScenarioRange{Count: 2}}
	found := contract.FindWorkflow(c, "id", "")
	if result, err := contract.Result[response](t.Context(), found); err != nil || result.GetCount() != 2 {
		t.Errorf("result = %v, %v", result, err)
	}
	// Generated code may be older than what answers.
	if _, err := contract.Result[contract.Nothing](t.Context(), found); err != nil {
		t.Error(err)
	}
	c.answer = nil
	_, err := contract.Result[response](t.Context(), found)
	requireInvalidArgument(t, err)
}

func TestASignalWithoutARequestHasNoArgument(t *testing.T) {
	var c connection
	payloads := newConverter(t, contract.EncodingJSON)
	if err := contract.Signal(t.Context(), contract.FindWorkflow(&c, "id", ""), "signal"); err != nil {
		t.Fatal(err)
	}
	if sent, err := payloads.ToPayloads(c.signalled); err != nil || sent != nil {
		t.Errorf("signal: payloads = %v, %v", sent, err)
	}
	if _, err := contract.SignalWithStart(t.Context(), &c, start(), "signal"); err != nil {
		t.Fatal(err)
	}
	if sent, err := payloads.ToPayloads(c.signalled); err != nil || sent != nil {
		t.Errorf("signal with start: payloads = %v, %v", sent, err)
	}
	if null, err := payloads.ToPayloads(nil); err != nil || len(null.GetPayloads()) != 1 {
		t.Errorf("null: payloads = %v, %v", null, err)
	}
}
