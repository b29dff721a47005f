"""A contract that is not ours: generated, built and run in three languages against one dev server.

Whoever copies the compiler into another system does what this test does. The contract has what ours has not:
signals, updates with a validator, children, requests and responses that are empty, nested messages, messages
and a query of another package, acronyms, and keywords for names.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import Worker

from polling import poll
from toolchain import NODE, process
from triglot.contract import runtime

DEADLINE = 30
# More pieces than a double can count one by one.
PIECES = (1 << 53) + 1


@pytest.fixture
async def client(
    acme: Any, go_programs: Path, typescript_modules: Path, server: Client
) -> AsyncIterator[Client]:
    """A client of a dev server that all three workers serve."""
    address = server.service_client.config.target_host
    workflows = [acme.fulfilment.FulfilOrder, acme.fulfilment.AuditBooks]
    async with (
        process(go_programs / "stock", TEMPORAL_ADDRESS=address),
        process(NODE, typescript_modules / "worker.js", TEMPORAL_ADDRESS=address),
        Worker(server, task_queue=acme.orders_temporal.OrderService.TASK_QUEUE, workflows=workflows),
    ):
        yield server


def order(acme: Any, **changes: Any) -> Any:
    """An order that everybody accepts."""
    request = acme.orders_pb2.FulfilOrderRequest(
        number=uuid.uuid4().int % (1 << 32),
        lines=[
            acme.stock_pb2.ReserveSKUsRequest.Line(sku="bolt", pieces=PIECES - 1),
            {"sku": "nut", "pieces": 1},
        ],
        to=acme.address_pb2.Address(city="Basel"),
        **{"from": "shop"},
    )
    for name, value in changes.items():
        request.ClearField(name)
        request.MergeFrom(type(request)(**{name: value}))
    return request


async def test_runs_in_three_languages(client: Client, acme: Any) -> None:
    orders = acme.orders_temporal.OrderServiceClient(client)
    request = order(acme)
    handle = await orders.start_fulfil_order(request)
    assert (
        handle.workflow.id == f"order/shop/{request.number}" == acme.orders_temporal.fulfil_order_id(request)
    )

    with pytest.raises(runtime.InvalidArgumentError, match="text: "):
        await handle.add_note(acme.orders_pb2.AddNoteRequest())
    await handle.add_note(acme.orders_pb2.AddNoteRequest(text="fragile"))

    async def reserved() -> bool | None:
        status = await handle.get_status()
        return (status.stage == "reserved" and list(status.notes) == ["fragile"]) or None

    await poll(reserved, "the order is reserved and has its note", DEADLINE)

    change = acme.orders_pb2.ChangeAddressRequest(to=acme.address_pb2.Address(city="Chur"), sure=True)
    changed = await handle.change_address(change)
    assert changed.until_now.city == "Basel"
    change.to.city = "Sion"
    started = await handle.start_change_address(change)
    assert started.id == "to-Sion"
    assert (await started.result()).until_now.city == "Chur"

    await handle.approve()
    response = await orders.fulfil_order_handle(handle.workflow.id).result()
    assert response.receipt == acme.stock_pb2.ReserveSKUsRequest.Receipt(number="go-1", pieces=PIECES)
    assert response.label.tracking == f"ts/Sion/{PIECES}"
    assert response.label.booked_at.seconds > 0


async def test_an_update_that_breaks_the_rules_is_refused_by_client_and_validator(
    client: Client, acme: Any
) -> None:
    handle = await acme.orders_temporal.OrderServiceClient(client).start_fulfil_order(order(acme))
    change = acme.orders_pb2.ChangeAddressRequest(to=acme.address_pb2.Address(city="Chur"))
    with pytest.raises(runtime.InvalidArgumentError, match=r"^sure: must equal true$"):
        await handle.change_address(change)
    # Past the generated client, as a client in another language might.
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await handle.workflow.execute_update(acme.orders_temporal.OrderService.CHANGE_ADDRESS, change)
    assert_invalid(caught.value.cause, "sure: must equal true")
    await handle.workflow.terminate()


async def test_a_signal_and_an_update_may_start(client: Client, acme: Any) -> None:
    orders = acme.orders_temporal.OrderServiceClient(client)
    note = acme.orders_pb2.AddNoteRequest(text="urgent")
    handle = await orders.start_fulfil_order_with_add_note(order(acme), note)
    assert list((await handle.get_status()).notes) == ["urgent"]
    await handle.workflow.terminate()

    change = acme.orders_pb2.ChangeAddressRequest(to=acme.address_pb2.Address(city="Chur"), sure=True)
    handle, response = await orders.start_fulfil_order_with_change_address(order(acme), change)
    assert response.HasField("until_now")
    await handle.approve()
    assert (await handle.result()).label.tracking.startswith("ts/Chur/")


@pytest.mark.parametrize(
    ("changes", "queue", "message"),
    [
        ({"lines": []}, "reserve-skus", "lines: "),
        ({"to": {"city": ""}}, "acme.warehouse.v1.CarrierService.BookHTTPLabel", "a parcel needs a city"),
    ],
    ids=["go", "typescript"],
)
async def test_every_worker_refuses_what_breaks_the_rules(
    client: Client, acme: Any, changes: dict[str, Any], queue: str, message: str
) -> None:
    handle = await acme.orders_temporal.OrderServiceClient(client).start_fulfil_order(order(acme, **changes))
    await handle.approve()
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    activity = caught.value.cause
    assert isinstance(activity, ActivityError)
    assert activity.activity_type == queue
    assert_invalid(activity.cause, message)


def assert_invalid(error: BaseException | None, message: str) -> None:
    """Asserts that every SDK tells a refusal in the same way."""
    assert isinstance(error, ApplicationError)
    assert error.message.startswith(message)
    assert (error.type, error.non_retryable) == ("InvalidArgument", True)
    (violations,) = error.details
    assert violations.DESCRIPTOR.full_name == "buf.validate.Violations"
    assert len(violations.violations) == 1
