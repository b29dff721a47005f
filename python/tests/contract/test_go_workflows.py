"""What the Go emitter writes for workflow code and for clients, line by line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest

from triglot.contract import plugin


def has(text: str, *blocks: str) -> None:
    """Asserts that the blocks stand in the text, one after another."""
    position = 0
    for block in blocks:
        found = text.find(block.strip("\n"), position)
        assert found >= 0, f"missing after {text[:position][-200:]!r}:\n{block}"
        position = found + len(block.strip("\n"))


def test_workflows_are_registered_under_every_name(go_shop: dict[str, str]) -> None:
    has(
        go_shop["_workflow"],
        """
type ShopWorkflows interface {
	// Sells.
	//
	// A run goes on with whatever version of the worker is current.
	// On a worker without a version it hangs: the server refuses its tasks.
	Sell(ctx workflow.Context, request *Order) (*Receipt, error)
	Audit(ctx workflow.Context) error
	Plain(ctx workflow.Context, request *timestamppb.Timestamp) (*Order, error)
	Name(ctx workflow.Context, request *Order) error
}
""",
        """
	contract.RegisterWorkflow(
		registry,
		contract.Workflow(implementation.Sell),
		workflow.RegisterOptions{Name: ShopSell, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade},
		"sell",
		"Vend",
	)
	contract.RegisterWorkflow(registry, implementation.Audit, workflow.RegisterOptions{Name: ShopAudit})
""",
        "		contract.WorkflowWithoutResult(implementation.Name),",
    )


def test_activity_call_has_every_option(go_shop: dict[str, str]) -> None:
    has(
        go_shop["_workflow"],
        """
func StartPackOrder(ctx workflow.Context, request *Order) contract.Future[*Buyer_Address] {
	return contract.StartActivity[*Buyer_Address](ctx, ShopPackOrder, workflow.ActivityOptions{
		TaskQueue:              ShopTaskQueue,
		ScheduleToCloseTimeout: 86401001 * time.Millisecond,
		ScheduleToStartTimeout: time.Hour,
		StartToCloseTimeout:    time.Minute,
		HeartbeatTimeout:       time.Microsecond,
		WaitForCancellation:    true,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:        time.Second,
			BackoffCoefficient:     1.5,
			MaximumInterval:        30 * time.Second,
			MaximumAttempts:        4,
			NonRetryableErrorTypes: []string{"InvalidArgument", "No\\"Stock"},
		},
		Priority: temporal.Priority{PriorityKey: 2, FairnessKey: "gold", FairnessWeight: 1.5},
	}, request)
}
""",
        """
func StartPing(ctx workflow.Context) workflow.Future {
	return contract.StartActivity[contract.Nothing](ctx, ShopPing, workflow.ActivityOptions{
		TaskQueue:           ShopPingTaskQueue,
		StartToCloseTimeout: time.Second,
	}).Future
}
""",
        "func StartClock(ctx workflow.Context) contract.Future[*timestamppb.Timestamp] {",
    )


def test_child_call_has_every_option(go_shop: dict[str, str]) -> None:
    has(
        go_shop["_workflow"],
        """
func StartSell(
	ctx workflow.Context, request *Order, options ...contract.ChildOption,
) contract.ChildFuture[*Receipt] {
	child := contract.NewChild(ShopSell, workflow.ChildWorkflowOptions{
		WorkflowID:               SellID(request, contract.WorkflowUUID(ctx)),
		TaskQueue:                ShopTaskQueue,
		WorkflowExecutionTimeout: time.Hour,
		WorkflowRunTimeout:       time.Minute,
		WorkflowTaskTimeout:      10 * time.Second,
		WaitForCancellation:      true,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		RetryPolicy:              &temporal.RetryPolicy{MaximumAttempts: 2},
		ParentClosePolicy:        enumspb.PARENT_CLOSE_POLICY_ABANDON,
		Priority:                 temporal.Priority{PriorityKey: 4},
	}, options, request)
	return contract.StartChild[*Receipt](ctx, child)
}
""",
        """
		WorkflowID:            AuditID(),
		TaskQueue:             ShopAuditTaskQueue,
		WorkflowIDReusePolicy: contract.TerminateIfRunning,
	}, options)
	return contract.StartChild[contract.Nothing](ctx, child).ChildWorkflowFuture
""",
        """
	child := contract.NewChild(ShopPlain, workflow.ChildWorkflowOptions{
		TaskQueue: ShopTaskQueue,
	}, options, request)
""",
        """
		WorkflowID: NameID(request),
		TaskQueue:  ShopTaskQueue,
	}, options, request).RequireID("Name")
""",
    )


def test_handlers_are_typed(go_shop: dict[str, str]) -> None:
    has(
        go_shop["_workflow"],
        """
func SetLookHandler(ctx workflow.Context, handler func(*Nothing) (*Receipt, error)) error {
	return contract.SetQueryHandler(ctx, ShopLook, handler)
}
""",
        """
func SetGlanceHandler(ctx workflow.Context, handler func() (*Receipt, error)) error {
	return workflow.SetQueryHandler(ctx, ShopGlance, handler)
}
""",
        """
func CancelChannel(ctx workflow.Context) contract.SignalChannel[*Order] {
	return contract.NewSignalChannel[*Order](ctx, ShopCancel)
}
""",
        """
func StopChannel(ctx workflow.Context) workflow.ReceiveChannel {
	return workflow.GetSignalChannel(ctx, ShopStop)
}
""",
        """
	handler func(workflow.Context, *Order) (*Receipt, error),
	validator func(workflow.Context, *Order) error,
) error {
	return contract.SetUpdateHandler(ctx, ShopChange, handler, contract.Validated(validator))
}
""",
        """
	ctx workflow.Context, handler func(workflow.Context) error, validator func(workflow.Context) error,
) error {
	return contract.SetBareUpdateHandlerWithoutResult(ctx, ShopPause, handler, validator)
}
""",
    )


@pytest.mark.parametrize(
    ("rpc", "options", "call"),
    [
        ("Order) returns (Receipt", "", "SetUpdateHandler(ctx, ShopPause, handler, validator)"),
        (
            "Order) returns (google.protobuf.Empty",
            "validate: true",
            "SetUpdateHandlerWithoutResult(ctx, ShopPause, handler, contract.Validated(validator))",
        ),
        (
            "google.protobuf.Empty) returns (Receipt",
            "",
            "SetBareUpdateHandler(ctx, ShopPause, handler, validator)",
        ),
    ],
)
def test_an_updates_handler_is_set_by_what_it_takes_and_returns(
    request_of: Callable[..., CodeGeneratorRequest], rpc: str, options: str, call: str
) -> None:
    nothing = "google.protobuf.Empty"
    pause = f"rpc Pause({nothing}) returns ({nothing}) {{ option (temporal.v1.update) = {{}}; }}"
    shop = Path(__file__).with_name("shop.proto").read_text()
    assert pause in shop
    other = f"rpc Pause({rpc}) {{ option (temporal.v1.update) = {{{options}}}; }}"
    request = request_of({"acme/v1/shop.proto": shop.replace(pause, other)})
    request.parameter = "lang=go,module=example.com/acme"

    has(plugin.generate(request)["shop/v1/shop_temporal_workflow.pb.go"], f"\treturn contract.{call}\n}}\n")


def test_client_starts(go_shop: dict[str, str]) -> None:
    has(
        go_shop["_client"],
        """
func (c *ShopClient) StartSell(
	ctx context.Context, request *Order, options ...contract.StartOption,
) (SellHandle, error) {
	run, err := contract.StartWorkflow(ctx, c.connection, newSellStart(request, options))
	return SellHandle{run}, err
}
""",
        """
	run, err := contract.SignalWithStart(
		ctx, c.connection, newSellStart(request, options), ShopCancel, signal,
	)
""",
        "contract.SignalWithStart(ctx, c.connection, newSellStart(request, options), ShopStop)",
        """
	run, response, err := contract.UpdateWithStart[*Receipt](
		ctx,
		c.connection,
		newSellStart(request, options),
		contract.NewUpdate(ShopChange, ChangeID(update), nil, update),
	)
	return SellHandle{run}, response, err
""",
        """
		newSellStart(request, options).OnConflict(enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL),
		contract.NewUpdate(ShopPause, "", nil),
	)
	return SellHandle{run}, err
""",
        """
	handle, err := c.StartSell(ctx, request, options...)
	if err != nil {
		return nil, err
	}
	return handle.Result(ctx)
""",
        """
func (c *ShopClient) SellHandle(id, runID string) SellHandle {
	return SellHandle{contract.FindWorkflow(c.connection, id, runID)}
}
""",
        """
	return contract.NewStart(ShopSell, client.StartWorkflowOptions{
		ID:                       SellID(request, contract.UUID),
		TaskQueue:                ShopTaskQueue,
		WorkflowExecutionTimeout: time.Hour,
		WorkflowRunTimeout:       time.Minute,
		WorkflowTaskTimeout:      10 * time.Second,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		RetryPolicy:              &temporal.RetryPolicy{MaximumAttempts: 2},
		Priority:                 temporal.Priority{PriorityKey: 4},
	}, options, request)
""",
        """
		ID:                       AuditID(),
		TaskQueue:                ShopAuditTaskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING,
	}, options)
""",
        """
	ctx context.Context, id string, request *timestamppb.Timestamp, options ...contract.StartOption,
""",
        """
		ID:        id,
		TaskQueue: ShopTaskQueue,
	}, options, request).RequireID("Plain")
""",
        """
		ID:        NameID(request),
		TaskQueue: ShopTaskQueue,
	}, options, request).RequireID("Name")
""",
    )


def test_handle(go_shop: dict[str, str]) -> None:
    has(
        go_shop["_client"],
        """
func (h SellHandle) Result(ctx context.Context) (*Receipt, error) {
	return contract.Result[*Receipt](ctx, h.Workflow)
}
""",
        "	return contract.Query[*Receipt](ctx, h.Workflow, ShopLook, request)",
        "	return contract.Query[*Receipt](ctx, h.Workflow, ShopGlance)",
        "	return contract.Signal(ctx, h.Workflow, ShopCancel, request)",
        "	return contract.Signal(ctx, h.Workflow, ShopStop)",
        """
	return contract.ExecuteUpdate[*Receipt](
		ctx, h.Workflow, contract.NewUpdate(ShopChange, ChangeID(request), options, request),
	)
""",
        """
) (contract.UpdateHandle[*Receipt], error) {
	return contract.StartUpdate[*Receipt](
""",
        """
	_, err := contract.ExecuteUpdate[contract.Nothing](
		ctx, h.Workflow, contract.NewUpdate(ShopPause, "", options),
	)
	return err
""",
        """
func (h AuditHandle) Result(ctx context.Context) error {
	return h.Workflow.Get(ctx, nil)
}
""",
    )
    assert "StartPause" not in go_shop["_client"]
