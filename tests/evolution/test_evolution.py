"""docs/evolution.md, acted out: old and new workers and callers live on one server.

A language's worker serves ParcelService on a queue for each version, and a relay carries messages from one to
another untouched, so that each language writes what each other reads.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.common import RawValue, RetryPolicy, VersioningBehavior
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.exceptions import TimeoutError as TimedOut
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from polling import poll
from toolchain import BIN, NODE, process
from triglot.contract import breaking, runtime
from triglot.contract.generate import Job

HERE = Path(__file__).parent
LANGUAGES = ("python", "go", "typescript")
SECONDS = 20
SERVICE = "parcels.v1.ParcelService"
DELIVERIES = "parcels.v1.DeliveryService"
# What an old worker says of an activity that has a new name.
NOT_REGISTERED = {
    "python": f"Activity function {SERVICE}.Inspect for workflow ",
    "go": f"unable to find activityType={SERVICE}.Inspect. Supported types: ",
    "typescript": f"Activity function {SERVICE}.Inspect is not registered on this Worker",
}

pytestmark = pytest.mark.asyncio(loop_scope="module")


@workflow.defn(sandboxed=False)
class Relay:
    """Calls one activity on a queue, and neither encodes nor decodes what it takes and returns."""

    @workflow.run
    async def run(self, queue: str, activity: str, argument: RawValue) -> RawValue:
        result: RawValue = await workflow.execute_activity(
            activity,
            argument,
            task_queue=queue,
            schedule_to_close_timeout=timedelta(seconds=SECONDS),
            retry_policy=RetryPolicy(maximum_attempts=1),
            result_type=RawValue,
        )
        return result


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(old: Any) -> AsyncIterator[Client]:
    """A client of a dev server by which the old version's data converter goes, and the relay's worker."""
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(BIN / "temporal"),
        dev_server_log_level="error",
        data_converter=runtime.data_converter(),
    )
    async with environment, Worker(environment.client, task_queue="relay", workflows=[Relay]):
        yield environment.client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parcels(
    server: Client,
    jobs: dict[str, Job],
    go_workers: dict[str, Path],
    typescript_workers: dict[str, Path],
) -> AsyncIterator[Client]:
    """The server with ParcelService in each language and version, on a queue as `go-new`."""
    programs = [
        (f"{language}-{version}", version, command)
        for version in jobs
        for language, command in (
            ("python", (sys.executable, HERE / "python" / "parcel_worker.py")),
            ("go", (go_workers[version],)),
            ("typescript", (NODE, typescript_workers[version])),
        )
    ]
    async with AsyncExitStack() as stack:
        await asyncio.gather(
            *(
                stack.enter_async_context(program(server, jobs[version], queue, *command))
                for queue, version, command in programs
            )
        )
        yield server


def program(server: Client, job: Job, queue: str, *command: str | Path) -> AbstractAsyncContextManager[None]:
    """A worker of the version that the job makes."""
    folders = (
        job.outputs["python"],
        *map(Path, filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))),
    )
    return process(
        *command,
        QUEUE=queue,
        TEMPORAL_ADDRESS=server.service_client.config.target_host,
        PYTHONPATH=os.pathsep.join(map(str, folders)),
    )


async def relay(server: Client, queue: str, activity: str, payload: Payload) -> Payload:
    """Calls an activity with a payload and returns its result's."""
    result = await server.execute_workflow(
        Relay.run,
        args=[queue, f"{SERVICE}.{activity}", RawValue(payload)],
        id=f"relay/{uuid.uuid4()}",
        task_queue="relay",
        result_type=RawValue,
    )
    return result.payload


async def write(server: Client, old: Any, queue: str, **parcel: object) -> Payload:
    """Has a parcel written by the worker of a language and version."""
    request = old.pb2.WriteRequest(json=json.dumps({"number": "1", "grams": 5, **parcel}))
    (payload,) = await server.data_converter.encode([request])
    return await relay(server, queue, "Write", payload)


async def read(server: Client, queue: str, payload: Payload, activity: str = "Read") -> dict[str, Any]:
    """Returns what the worker of a language and version reads, as JSON of its own."""
    answer = await relay(server, queue, activity, payload)
    seen: dict[str, Any] = json.loads(json.loads(answer.data)["json"])
    assert (seen.pop("number"), seen.pop("grams")) == ("1", 5)
    return seen


async def read_by_all(server: Client, payload: Payload, *, old: dict[str, Any], new: dict[str, Any]) -> None:
    """Has a payload read in each language, by the old and the new worker, and compares what they see."""
    queues = [f"{language}-{version}" for language in LANGUAGES for version in ("old", "new")]
    seen = await asyncio.gather(*(read(server, queue, payload) for queue in queues))
    assert dict(zip(queues, seen, strict=True)) == dict(zip(queues, [old, new] * len(LANGUAGES), strict=True))


@pytest.mark.parametrize("writer", LANGUAGES)
async def test_an_old_reader_passes_over_a_new_field(parcels: Client, old: Any, writer: str) -> None:
    payload = await write(parcels, old, f"{writer}-new", note="fragile", street="Rhine 1")
    assert json.loads(payload.data)["note"] == "fragile"
    await read_by_all(
        parcels, payload, old={"street": "Rhine 1"}, new={"street": "Rhine 1", "note": "fragile"}
    )


@pytest.mark.parametrize("writer", LANGUAGES)
async def test_a_new_reader_passes_over_a_field_that_is_gone(parcels: Client, old: Any, writer: str) -> None:
    payload = await write(parcels, old, f"{writer}-old", nickname="gift", box=7)
    await read_by_all(parcels, payload, old={"nickname": "gift", "box": 7}, new={"box": 7})


@pytest.mark.parametrize("writer", LANGUAGES)
async def test_an_old_reader_takes_a_new_enum_value_for_none(parcels: Client, old: Any, writer: str) -> None:
    payload = await write(parcels, old, f"{writer}-new", speed="SPEED_OVERNIGHT")
    assert json.loads(payload.data)["speed"] == "SPEED_OVERNIGHT"
    await read_by_all(parcels, payload, old={}, new={"speed": "SPEED_OVERNIGHT"})


async def test_in_binary_an_old_reader_keeps_the_number_of_a_new_enum_value(
    parcels: Client, old: Any
) -> None:
    parcel = old.pb2.Parcel(number=1, grams=5, speed=2)
    payload = Payload(
        metadata={"encoding": b"binary/protobuf", "messageType": b"parcels.v1.Parcel"},
        data=parcel.SerializeToString(),
    )
    await read_by_all(parcels, payload, old={"speed": 2}, new={"speed": "SPEED_OVERNIGHT"})


@pytest.mark.parametrize("writer", LANGUAGES)
async def test_an_old_reader_takes_a_new_member_of_a_oneof_for_none(
    parcels: Client, old: Any, writer: str
) -> None:
    payload = await write(parcels, old, f"{writer}-new", shop="Spalen")
    await read_by_all(parcels, payload, old={}, new={"shop": "Spalen"})


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_renamed_activity_is_served_by_both_names(parcels: Client, old: Any, language: str) -> None:
    payload = await write(parcels, old, f"{language}-old", box=7)
    for activity in ("Read", "Inspect"):
        assert await read(parcels, f"{language}-new", payload, activity) == {"box": 7}


@pytest.mark.parametrize(("language", "error"), NOT_REGISTERED.items())
async def test_an_old_worker_does_not_know_the_new_name_of_an_activity(
    parcels: Client, old: Any, language: str, error: str
) -> None:
    payload = await write(parcels, old, f"{language}-old", box=7)
    with pytest.raises(WorkflowFailureError) as caught:
        await relay(parcels, f"{language}-old", "Inspect", payload)
    assert isinstance(caught.value.cause, ActivityError)
    assert isinstance(cause := caught.value.cause.cause, ApplicationError)
    assert cause.message.startswith(error)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_tightened_rule_refuses_an_old_caller(parcels: Client, old: Any, language: str) -> None:
    (payload,) = await parcels.data_converter.encode([old.pb2.Parcel(number=1)])
    await relay(parcels, f"{language}-old", "Read", payload)
    with pytest.raises(WorkflowFailureError) as caught:
        await relay(parcels, f"{language}-new", "Read", payload)
    assert isinstance(caught.value.cause, ActivityError)
    assert isinstance(cause := caught.value.cause.cause, ApplicationError)
    assert (cause.type, cause.non_retryable) == ("InvalidArgument", True)
    assert cause.message == "grams: must be greater than or equal to 1"


class Printer:
    """LabelService, which is the same in both versions but for its queue."""

    def __init__(self, old: Any) -> None:
        self.old = old

    async def print_label(self, request: Any, /) -> Any:
        return self.old.pb2.PrintLabelResponse(label=f"parcel {request.number}")


def printer(server: Client, old: Any, queue: str) -> Worker:
    return Worker(server, task_queue=queue, activities=old.temporal.label_service_activities(Printer(old)))


def old_worker(server: Client, old: Any) -> Worker:
    return Worker(server, task_queue="deliveries", workflows=[old.deliveries.Deliver])


def new_worker(server: Client, jobs: dict[str, Job]) -> AbstractAsyncContextManager[None]:
    return program(server, jobs["new"], "deliveries", sys.executable, HERE / "python" / "delivery_worker.py")


def delivery(old: Any) -> Any:
    return old.pb2.DeliverRequest(parcel=old.pb2.Parcel(number=uuid.uuid4().int % (1 << 62) + 1, grams=1))


async def start_by_new_name(server: Client, old: Any) -> WorkflowHandle[Any, Any]:
    """Starts a delivery as callers of the new contract do."""
    request = delivery(old)
    return await server.start_workflow(
        f"{DELIVERIES}.DeliverParcel",
        request,
        id=old.temporal.deliver_id(request),
        task_queue="deliveries",
        result_type=old.pb2.DeliverResponse,
        # A task that fails again is given up without a word, so the next attempt waits for this.
        task_timeout=timedelta(seconds=2),
    )


async def task_failure(handle: WorkflowHandle[Any, Any]) -> str:
    """Waits until a task of a workflow fails, and returns why."""

    async def look() -> str | None:
        async for event in handle.fetch_history_events():
            if event.HasField("workflow_task_failed_event_attributes"):
                return event.workflow_task_failed_event_attributes.failure.message
        return None

    return await poll(look, "a task of the workflow fails", SECONDS)


async def label(handle: Any) -> str:
    """Waits for the end of a delivery, and returns what was printed."""
    async with asyncio.timeout(SECONDS):
        printed: str = (await handle.result()).label
        return printed


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_old_caller_starts_a_renamed_workflow_by_its_alias(
    server: Client, old: Any, jobs: dict[str, Job], language: str, request: pytest.FixtureRequest
) -> None:
    match language:
        case "python":
            worker = new_worker(server, jobs)
        case "go":
            go = request.getfixturevalue("go_workers")["new"]
            worker = program(server, jobs["new"], "deliveries", go)
        case _:
            typescript = request.getfixturevalue("typescript_workers")["new"]
            worker = program(server, jobs["new"], "deliveries", NODE, typescript)
    async with worker, printer(server, old, "printing"):
        handle = await old.temporal.DeliveryServiceClient(server).start_deliver(delivery(old))
        await handle.ring(old.pb2.RingRequest())
        assert (await label(handle)).endswith(", hall")
        assert (await handle.get_place()).place == "hall"


async def test_an_open_workflow_goes_on_by_its_old_name_and_the_server_counts_it(
    server: Client, old: Any, jobs: dict[str, Job]
) -> None:
    async def open_ones(expected: int) -> None:
        query = f"WorkflowType='{DELIVERIES}.Deliver' AND ExecutionStatus='Running'"

        async def look() -> bool | None:
            return (await server.count_workflows(query)).count == expected or None

        await poll(look, f"{expected} open deliveries by the old name", SECONDS)

    async with old_worker(server, old):
        handle = await old.temporal.DeliveryServiceClient(server).start_deliver(delivery(old))
        assert (await handle.get_place()).place == "depot"
        await open_ones(1)
    async with new_worker(server, jobs), printer(server, old, "printing"):
        await handle.ring(old.pb2.RingRequest())
        assert (await label(handle)).endswith(", hall")
        await open_ones(0)


async def test_a_new_caller_waits_until_no_old_worker_meets_its_workflow(
    server: Client, old: Any, jobs: dict[str, Job]
) -> None:
    async with old_worker(server, old):
        handle = await start_by_new_name(server, old)
        assert (await task_failure(handle)).startswith(
            f"Workflow class {DELIVERIES}.DeliverParcel is not registered on this worker"
        )
    async with new_worker(server, jobs), printer(server, old, "printing"):
        await handle.signal(f"{DELIVERIES}.Ring", old.pb2.RingRequest())
        assert (await label(handle)).endswith(", hall")


async def test_a_queue_that_moves_is_served_by_both_names(
    server: Client, old: Any, jobs: dict[str, Job]
) -> None:
    async with printer(server, old, "labels"), printer(server, old, "printing"):
        async with old_worker(server, old):
            before = await old.temporal.DeliveryServiceClient(server).start_deliver(delivery(old))
            await before.ring(old.pb2.RingRequest())
            assert (await label(before)).startswith("parcel ")
        async with new_worker(server, jobs):
            after = await start_by_new_name(server, old)
            await after.signal(f"{DELIVERIES}.Ring", old.pb2.RingRequest())
            assert (await label(after)).startswith("parcel ")


async def test_a_queue_that_nobody_serves_yet_lets_callers_wait(
    server: Client, old: Any, jobs: dict[str, Job]
) -> None:
    async with printer(server, old, "labels"), new_worker(server, jobs):
        handle = await start_by_new_name(server, old)
        await handle.signal(f"{DELIVERIES}.Ring", old.pb2.RingRequest())
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()
    assert isinstance(caught.value.cause, ActivityError)
    assert isinstance(cause := caught.value.cause.cause, TimedOut)
    assert cause.message == "activity ScheduleToStart timeout"


async def test_a_new_update_or_query_is_refused_by_an_old_worker(server: Client, old: Any) -> None:
    # Redirect is new; its request on the wire is what new callers send.
    redirect = RawValue(
        Payload(
            metadata={"encoding": b"json/protobuf", "messageType": b"parcels.v1.RedirectRequest"},
            data=b'{"street": "Rhine 1"}',
        )
    )
    async with old_worker(server, old):
        handle = await old.temporal.DeliveryServiceClient(server).start_deliver(delivery(old))
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await handle.workflow.execute_update(f"{DELIVERIES}.Redirect", redirect)
        assert isinstance(refusal := refused.value.cause, ApplicationError)
        assert refusal.message.startswith(
            f"Update handler for '{DELIVERIES}.Redirect' expected but not found"
        )
        with pytest.raises(WorkflowQueryFailedError) as unknown:
            await handle.workflow.query(f"{DELIVERIES}.GetStreet")
        assert str(unknown.value).startswith(
            f"Query handler for '{DELIVERIES}.GetStreet' expected but not found"
        )
        await handle.workflow.terminate()


async def test_a_new_signal_to_an_old_worker_does_nothing_until_a_new_one_wakes_the_run(
    server: Client, old: Any, jobs: dict[str, Job]
) -> None:
    leave = RawValue(
        Payload(
            metadata={"encoding": b"json/protobuf", "messageType": b"parcels.v1.LeaveRequest"}, data=b"{}"
        )
    )
    async with old_worker(server, old):
        handle = await old.temporal.DeliveryServiceClient(server).start_deliver(delivery(old))
        await handle.workflow.signal(f"{DELIVERIES}.Leave", leave)
        assert (await handle.get_place()).place == "depot"
    async with new_worker(server, jobs), printer(server, old, "printing"):
        # The new code finds it in the history, but has no task in which to act on it.
        assert (await handle.get_place()).place == "door"
        assert (await handle.workflow.describe()).status is WorkflowExecutionStatus.RUNNING
        await handle.ring(old.pb2.RingRequest())
        assert (await label(handle)).endswith(", hall")


@workflow.defn(name="Wait", sandboxed=False)
class Wait:
    """Waits for a signal, and has no versioning behaviour."""

    def __init__(self) -> None:
        self.over = False

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: self.over)

    @workflow.signal
    def end(self) -> None:
        self.over = True


@workflow.defn(name="Wait", sandboxed=False, versioning_behavior=VersioningBehavior.PINNED)
class PinnedWait(Wait):
    """The same, with one."""

    @workflow.run
    async def run(self) -> None:
        await super().run()


async def test_a_first_versioning_behaviour_hangs_what_workers_without_a_version_run(server: Client) -> None:
    def worker(implementation: type[Wait]) -> Worker:
        return Worker(server, task_queue="waiting", workflows=[implementation], max_cached_workflows=0)

    async def given_up() -> bool | None:
        history = [event async for event in handle.fetch_history_events()]
        return any(each.HasField("workflow_task_timed_out_event_attributes") for each in history) or None

    handle = await server.start_workflow(
        "Wait", id="wait", task_queue="waiting", task_timeout=timedelta(seconds=1)
    )
    async with worker(Wait):
        await handle.query("__stack_trace")
    async with worker(PinnedWait):
        await handle.signal("end")
        await poll(given_up, "a task of the workflow is given up", SECONDS)
        assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    async with worker(Wait), asyncio.timeout(SECONDS):
        await handle.result()


async def test_buf_and_our_own_check_see_what_needs_an_order(jobs: dict[str, Job]) -> None:
    found = breaking.breaks(jobs["old"], jobs["new"], HERE.parents[1] / "proto" / "buf.yaml")
    assert [f"{finding.sentence} ({finding.rule})" for finding in found] == [
        "activity parcels.v1.LabelService.PrintLabel was on task queue labels and is on printing "
        "(TEMPORAL_SAME_TASK_QUEUE)",
        "parcels.v1.Parcel.grams has the rule int32.gte: 1 instead of 0 (RULE_NO_TIGHTENING)",
    ]
