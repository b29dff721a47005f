"""What is rejected of id policies is what a server or the SDK refuses, no more and no less."""

from __future__ import annotations

import dataclasses
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest
from temporalio import workflow
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from triglot.contract.check import check
from triglot.contract.model import Contract, Ref, Workflow
from triglot.contract.options import IdConflictPolicy, IdReusePolicy
from triglot.contract.parse import parse

BODY = """syntax = "proto3";
package acme.v1;
import "google/protobuf/empty.proto";
import "temporal/v1/temporal.proto";
service Shop {
  option (temporal.v1.service) = {task_queue: "shop"};
  rpc Sell(google.protobuf.Empty) returns (google.protobuf.Empty) { option (temporal.v1.workflow) = {}; }
  rpc Stop(google.protobuf.Empty) returns (google.protobuf.Empty) { option (temporal.v1.signal) = {}; }
  rpc Change(google.protobuf.Empty) returns (google.protobuf.Empty) { option (temporal.v1.update) = {}; }
}
"""
WAYS = ("start", "signal", "update")


@workflow.defn(name="Sell")
class Sell:
    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.signal(name="Stop")
    def stop(self) -> None: ...

    @workflow.update(name="Change")
    async def change(self) -> None: ...


def rejected(contract: Contract, way: str, reuse: IdReusePolicy, conflict: IdConflictPolicy | None) -> bool:
    """Whether the compiler refuses a workflow that is started in this way, with these policies."""
    (service,) = contract.services
    (sell,) = service.of(Workflow)
    ref = (Ref(f"acme.v1.Shop.{'Stop' if way == 'signal' else 'Change'}", True, conflict),)
    changed = dataclasses.replace(
        sell,
        id_reuse_policy=reuse,
        id_conflict_policy=conflict,
        signals=ref if way == "signal" else (),
        updates=ref if way == "update" else (),
    )
    services = (dataclasses.replace(service, rpcs=(changed, *service.rpcs[1:])),)
    return bool(check(dataclasses.replace(contract, services=services)))


async def refused(client: Client, way: str, reuse: IdReusePolicy, conflict: IdConflictPolicy | None) -> bool:
    """Whether the server or the SDK refuses it."""
    policies = WorkflowIDReusePolicy(reuse), WorkflowIDConflictPolicy(conflict or 0)
    workflow_id = str(uuid.uuid4())
    try:
        if way == "update":
            start = WithStartWorkflowOperation[Sell, None](
                "Sell",
                id=workflow_id,
                task_queue="shop",
                id_reuse_policy=policies[0],
                id_conflict_policy=policies[1],
            )
            await client.execute_update_with_start_workflow("Change", start_workflow_operation=start)
        else:
            await client.start_workflow(
                "Sell",
                id=workflow_id,
                task_queue="shop",
                id_reuse_policy=policies[0],
                id_conflict_policy=policies[1],
                start_signal="Stop" if way == "signal" else None,
            )
    except ValueError as error:
        if str(error) != "WorkflowIDConflictPolicy is required":
            raise
        return True
    except RPCError as error:
        if error.status is not RPCStatusCode.INVALID_ARGUMENT:
            raise
        return True
    return False


async def test_the_compiler_refuses_what_the_server_would(
    request_of: Callable[..., CodeGeneratorRequest],
) -> None:
    contract, problems = parse(request_of({"acme/v1/shop.proto": BODY}))
    assert not problems
    cases = [
        (way, reuse, conflict)
        for way in WAYS
        for reuse in IdReusePolicy
        for conflict in (None, *IdConflictPolicy)
    ]
    compiler = {case: rejected(contract, *case) for case in cases}

    server = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(Path(sys.executable).parent / "temporal"), dev_server_log_level="error"
    )
    async with (
        server,
        Worker(
            server.client, task_queue="shop", workflows=[Sell], workflow_runner=UnsandboxedWorkflowRunner()
        ),
    ):
        assert {case: await refused(server.client, *case) for case in cases} == compiler
