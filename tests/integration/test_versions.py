"""Versioned workers: which of them get tasks, and that those without a version are as ever."""

import asyncio
import json
import re
import time
import urllib.request
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig

import commands
from polling import poll
from triglot.cli.ends import UNREACHABLE
from triglot.deployments import Deployment, Routing, all_pollers, deployment_name
from triglot.pollers import needed_queues
from triglot.stack.processes import REPOSITORY, StackOptions, inherited_environment
from triglot.stack.stack import Stack, running_stack

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECONDS = 60
ROLLOUT_SECONDS = 240
READY_SECONDS = 2.5


async def run_report(stack: Stack) -> Any:
    """Runs a small report by the command, mail included, and returns what the server says of its version."""
    report_id = f"versions/{uuid.uuid4()}"
    mail = ("--mail", "risk-desk@example.com")
    run = await commands.triglot(
        "report", "run", *commands.SMALL, *mail, "--id", report_id, "--json", env=commands.environment(stack)
    )
    assert run.document()["status"] == "completed"
    described = await stack.client.get_workflow_handle(report_id).describe()
    return described.raw_description.workflow_execution_info.versioning_info


async def versions(client: Client) -> set[tuple[str, str]]:
    """Returns the deployments and build ids of all who poll for work of the contract's queues."""
    return {
        (poller.deployment_options.deployment_name, poller.deployment_options.build_id)
        for queue, kinds in needed_queues().items()
        for kind in kinds
        for poller in await all_pollers(client, queue, kind)
    }


async def polled_queues(stack: Stack) -> list[bool]:
    """Returns what the doctor says of each task queue."""
    doctor = await commands.triglot("doctor", "--json", env=commands.environment(stack))
    return [
        finding["fits"]
        for finding in json.loads(doctor.output)["findings"]
        if finding["what"].startswith("task queue ")
    ]


async def missing_workers(stack: Stack) -> str:
    """Returns who should do tasks and does not poll: the doctor complains, and a report is refused."""
    assert (await polled_queues(stack)).count(False) == 1
    run = await commands.triglot("report", "run", *commands.SMALL, env=commands.environment(stack))
    match = re.fullmatch(
        r"tasks on the task queue simulation go to (.*), which do not poll it; .*", run.refusal(UNREACHABLE)
    )
    assert match, run
    return match[1]


async def routings(stack: Stack) -> list[Routing | None]:
    return [await Deployment(stack.client, queue).routing() for queue in needed_queues()]


def health_ports(stack: Stack) -> list[int]:
    ports = stack.ports
    return [
        ports.risk_reports_health,
        ports.analytics_health,
        ports.simulation_health,
        ports.notification_health,
    ]


async def readiness(port: int) -> dict[str, Any]:
    def ask() -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=SECONDS) as answer:
            return dict(json.load(answer))

    return await asyncio.to_thread(ask)


async def test_a_stack_with_a_version_works_and_the_next_without_does_too(tmp_path: Path) -> None:
    """All of it in one folder, whose server remembers the versions of the run before."""
    async with running_stack(tmp_path, StackOptions(durable=True, build_id="first")) as stack:
        assert await versions(stack.client) == {
            (deployment_name(queue), "first") for queue in needed_queues()
        }
        for port in health_ports(stack):
            assert (await readiness(port))["ready"] is True
        assert await polled_queues(stack) == [True] * len(needed_queues())
        version = await run_report(stack)
        assert version.behavior == VersioningBehavior.PINNED
        assert version.deployment_version.build_id == "first"
        assert version.deployment_version.deployment_name == deployment_name("risk-reports")
        assert len(stack.mails()) == 1
        # Whoever does this has workers in mind that are not there.
        await Deployment(stack.client, "simulation").ramp(None, 50)
        assert await missing_workers(stack) == "workers without a version"

    async with running_stack(tmp_path, StackOptions(durable=True, build_id="second")) as stack:
        assert await routings(stack) == [Routing("second")] * len(needed_queues())
        version = await run_report(stack)
        assert version.deployment_version.build_id == "second"

    async with running_stack(tmp_path, StackOptions(durable=True)) as stack:
        assert await routings(stack) == [Routing(None)] * len(needed_queues())
        version = await run_report(stack)
        assert version.behavior == VersioningBehavior.UNSPECIFIED
        assert version.deployment_version.build_id == ""


async def test_a_report_whose_version_is_gone_says_which_and_can_be_moved(tmp_path: Path) -> None:
    report_id = f"versions/{uuid.uuid4()}"
    over_limit = str(REPOSITORY / "data" / "portfolio-over-limit.json")
    decide = ("report", "approve", report_id, "--by", "risk-officer", "--reason", "hedged")
    async with running_stack(tmp_path, StackOptions(durable=True, build_id="first")) as stack:
        env = commands.environment(stack)
        await commands.triglot(
            "report", "run", "--portfolio", over_limit, "--scenarios", "100k", "--id", report_id, "--detach",
            env=env,
        )  # fmt: skip
        await poll(pinned(stack, report_id), "a worker has begun the report", SECONDS)

    async with running_stack(tmp_path, StackOptions(durable=True, build_id="second")) as stack:
        env = commands.environment(stack)
        shown = await commands.triglot("report", "show", report_id, env=env)
        refused = await commands.triglot(*decide, env=env)
        cancelled = await commands.triglot("report", "cancel", report_id, env=env)
        await move(stack, report_id, "second")
        watched = await commands.triglot("report", "watch", report_id, env=env)

    for ended in (shown, refused, cancelled):
        sentence = ended.refusal(UNREACHABLE)
        assert "no worker of version first of triglot-risk-reports, to which it is pinned, " in sentence
        assert "start one (`triglot stack up --build-id first`), or move the report" in sentence
    assert watched.refusal(1) == f"the report {report_id} was cancelled"


def pinned(stack: Stack, report_id: str):
    async def look() -> bool | None:
        described = await stack.client.get_workflow_handle(report_id).describe()
        version = described.raw_description.workflow_execution_info.versioning_info.deployment_version
        return bool(version.build_id) or None

    return look


async def move(stack: Stack, report_id: str, build_id: str) -> None:
    """Moves a report to another version, as docs/versions.md says."""
    process = await asyncio.create_subprocess_exec(
        str(Path(commands.SCRIPT).with_name("temporal")), "workflow", "update-options",
        "--workflow-id", report_id, "--versioning-override-behavior", "pinned",
        "--versioning-override-deployment-name", deployment_name("risk-reports"),
        "--versioning-override-build-id", build_id, env=commands.environment(stack),
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await process.wait() == 0


async def test_a_server_that_keeps_its_answers_lists_versioned_workers_each_time(tmp_path: Path) -> None:
    # The server's default: the stack's own keeps none.
    keeping = {"matching.TaskQueueInfoByBuildIdTTL": '"5s"'}
    async with running_stack(tmp_path, StackOptions(build_id="first", server_settings=keeping)) as stack:
        everybody = {(deployment_name(queue), "first") for queue in needed_queues()}
        for _ in range(3):
            assert await versions(stack.client) == everybody
        assert await polled_queues(stack) == [True] * len(needed_queues())
        assert (await run_report(stack)).deployment_version.build_id == "first"
        await asyncio.gather(*map(stays_ready, health_ports(stack)))


async def stays_ready(port: int) -> None:
    """Probes for longer than a worker keeps an answer, more often than the server gives up one of its own."""

    async def look() -> bool | None:
        assert (await readiness(port))["ready"] is True
        return time.monotonic() > end or None

    end = time.monotonic() + READY_SECONDS
    await poll(look, "the worker has been ready for a while", SECONDS, interval=0.5)


async def test_the_command_versions_a_stack(tmp_path: Path) -> None:
    variables = inherited_environment()
    up = await commands.triglot(
        "stack", "up", "--build-id", "release-1", "--json", env=variables, cwd=tmp_path
    )
    try:
        assert up.code == 0, up.errors
        client = await Client.connect(json.loads(up.output)["address"])
        assert await versions(client) == {(deployment_name(queue), "release-1") for queue in needed_queues()}
    finally:
        await commands.triglot("stack", "down", env=variables, cwd=tmp_path)


async def test_a_stack_without_a_version_has_unversioned_workers(stack: Stack) -> None:
    assert {name for name, _ in await versions(stack.client)} == {""}
    version = await run_report(stack)
    assert version.behavior == VersioningBehavior.UNSPECIFIED


@workflow.defn(versioning_behavior=VersioningBehavior.PINNED)
class Answer:
    @workflow.run
    async def run(self) -> int:
        return 42


@asynccontextmanager
async def versioned_worker(client: Client, deployment: Deployment, build_id: str) -> AsyncIterator[None]:
    """A worker of a version that the server knows."""
    async with Worker(
        client,
        task_queue=deployment.task_queue,
        workflows=[Answer],
        workflow_runner=UnsandboxedWorkflowRunner(),
        deployment_config=WorkerDeploymentConfig(
            version=WorkerDeploymentVersion(deployment.name, build_id), use_worker_versioning=True
        ),
    ):
        await poll(registered(deployment, build_id), f"{build_id} is registered", SECONDS)
        yield


def registered(deployment: Deployment, build_id: str):
    async def look() -> bool | None:
        return await deployment.is_registered(build_id) or None

    return look


async def task_starts(handle: WorkflowHandle[Any, Any]) -> int:
    return sum(
        event.HasField("workflow_task_started_event_attributes")
        for event in (await handle.fetch_history()).events
    )


async def test_a_version_that_is_not_current_gets_no_tasks(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = f"test-{uuid.uuid4()}"
    kinds = needed_queues() | {queue: needed_queues()["risk-reports"]}
    monkeypatch.setattr("triglot.deployments.needed_queues", lambda: kinds)
    deployment = Deployment(stack.client, queue)
    assert await deployment.routing() is None

    async def start() -> WorkflowHandle[Any, Any]:
        return await stack.client.start_workflow(Answer.run, id=f"{queue}/{uuid.uuid4()}", task_queue=queue)

    async with asyncio.timeout(SECONDS):
        waiting = await start()
        async with versioned_worker(stack.client, deployment, "old"):
            # Its poll has been waiting at the server for longer than a task takes to be given out.
            assert await deployment.status("old") == "inactive"
            assert await task_starts(waiting) == 0

            await deployment.set_current("old")
            assert await waiting.result() == 42

            async with versioned_worker(stack.client, deployment, "new"):
                for _ in range(10):
                    handle = await start()
                    assert await handle.result() == 42
                    info = (await handle.describe()).raw_description.workflow_execution_info
                    assert info.versioning_info.deployment_version.build_id == "old"


async def test_a_rollout_passes_and_says_where_each_report_went(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        commands.SCRIPT, "rollout", "--json", "--folder", str(tmp_path / "run"),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=inherited_environment(),
    )  # fmt: skip
    try:
        async with asyncio.timeout(ROLLOUT_SECONDS):
            output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()

    assert process.returncode == 0, errors.decode()
    assert "still asks workers of that version about reports that failed" in errors.decode()
    document = json.loads(output)
    assert document["passed"] is True
    assert all(check["passed"] for step in document["steps"] for check in step["checks"])
    places: dict[str, set[str]] = {}
    for report in document["reports"]:
        assert report["status"] == "completed"
        assert report["done_by"] == [report["pinned_to"]], "each report stays where it was started"
        places.setdefault(report["id"].split("/")[1], set()).add(report["pinned_to"])
    assert places == {
        "one-version": {"v1"},
        "waits-on-old": {"v1"},
        "not-current": {"v1"},
        "ramp": {"v1", "v2"},
        "promoted": {"v2"},
        "waits-on-new": {"v2"},
        "rolled-back": {"v1"},
        "alone-again": {"v1"},
    }
