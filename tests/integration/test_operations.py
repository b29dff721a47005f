"""What docs/operations.md says to do when something is wrong."""

import asyncio
import os
import shlex
import shutil
import signal
import subprocess
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError

from commands import SCRIPT, SMALL, environment, triglot
from inboxes import RunningInbox
from polling import poll, until
from samples import PRICES, request
from triglot.cli import cancelling, deciding
from triglot.cli.ends import UNREACHABLE, CommandError
from triglot.risk.v1.decision_pb2 import CancelReportRequest, DecideReportRequest, Decision
from triglot.risk.v1.report_pb2 import ReportStage
from triglot.risk.v1.report_temporal import (
    GenerateRiskReportHandle,
    RiskReportService,
    RiskReportServiceClient,
)
from triglot.stack.processes import REPOSITORY, StackOptions, inherited_environment
from triglot.stack.stack import Stack, running_stack
from triglot.stack.supervision import read_process_states
from triglot.store import ObjectNotFound

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECONDS = 60
OVER_LIMIT = str(REPOSITORY / "data" / "portfolio-over-limit.json")
# Steps in another order: a change that the replay gate refuses.
UNSAFE_CHANGE = REPOSITORY / "tests" / "replay" / "changes" / "merge-first.patch"
WORKFLOWS = RiskReportService.TASK_QUEUE
BY = ("--by", "risk-officer", "--reason", "stale prices")


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack of its own, since its workers are stopped."""
    async with running_stack(tmp_path_factory.mktemp("operations"), StackOptions()) as stack:
        yield stack


@pytest.fixture
def env(stack: Stack) -> dict[str, str]:
    return environment(stack)


async def temporal(*arguments: str, env: Mapping[str, str]) -> str:
    """Runs a command of Temporal's own, as the docs say it, and returns its output."""
    program = str(Path(SCRIPT).with_name("temporal"))
    ended = await asyncio.to_thread(
        subprocess.run, [program, *arguments], env=env, capture_output=True, text=True, timeout=SECONDS
    )
    assert ended.returncode == 0, ended
    return ended.stdout


async def until_asked(handle: GenerateRiskReportHandle) -> None:
    """Waits until the report has told its one recipient, and has nothing to do but wait for a decision."""

    async def look() -> bool | None:
        progress = await handle.get_progress()
        asked = progress.stage == ReportStage.REPORT_STAGE_AWAITING_DECISION
        return (asked and progress.notifications_sent == 1) or None

    await poll(look, "the report waits for a decision", SECONDS)


async def ask(stack: Stack, env: Mapping[str, str]) -> GenerateRiskReportHandle:
    """Starts a report above its limit, and waits until it waits for a decision."""
    run = await triglot(
        "report", "run", "--portfolio", OVER_LIMIT, "--scenarios", "100k", "--detach", "--json",
        "--mail", "risk-desk@example.com",
        env=env,
    )  # fmt: skip
    handle = RiskReportServiceClient(stack.client).generate_risk_report_handle(run.document()["id"])
    await until_asked(handle)
    return handle


async def publication_state(env: Mapping[str, str], report_id: str) -> str:
    listed = (await triglot("publication", "list", "--json", env=env)).document()
    (state,) = [one["state"] for one in listed["publications"] if one["report_id"] == report_id]
    return str(state)


def deliveries(stack: Stack, key: str) -> tuple[int, int]:
    """Returns how often a notification was tried, and how often accepted."""
    counter = RunningInbox(stack.ports.smtp, stack.ports.inbox_url).get("/api/counters").json()[key]
    return counter["attempts"], counter["accepted"]


@asynccontextmanager
async def changed_worker(stack: Stack, folder: Path) -> AsyncIterator[None]:
    """Puts a worker of other code in the place of the worker for workflows."""
    source = folder / "python/src"
    shutil.copytree(REPOSITORY / "python/src", source, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["git", "apply", str(UNSAFE_CHANGE)], cwd=folder, check=True, timeout=SECONDS)
    process = next(one for one in stack.processes if one.name == WORKFLOWS)
    variables = {**inherited_environment(), **process.environment, "PYTHONPATH": str(source)}
    await stack.supervisor.stop_worker(WORKFLOWS)
    try:
        with (folder / "worker.log").open("wb") as log:
            worker = subprocess.Popen(process.command, env=variables, stderr=log)
        try:
            log_file = folder / "worker.log"
            await until(lambda: "worker started" in log_file.read_text(), "the changed worker polls", SECONDS)
            yield
        finally:
            worker.terminate()
            await asyncio.to_thread(worker.wait, SECONDS)
    finally:
        await stack.supervisor.start_worker(WORKFLOWS)


async def test_code_that_does_not_fit_a_history_does_no_harm_to_the_report(
    stack: Stack, env: dict[str, str], tmp_path: Path
) -> None:
    handle = await ask(stack, env)
    report_id = handle.workflow.id

    async def failed_task() -> str | None:
        for event in (await handle.workflow.fetch_history()).events:
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                task = event.workflow_task_failed_event_attributes
                return f"{WorkflowTaskFailedCause.Name(task.cause)} {task.failure.message}"
        return None

    async with changed_worker(stack, tmp_path):
        # A query alone fails, too, before there is anything for the workflow to do.
        asked = await triglot("report", "show", report_id, env=env)
        await triglot("report", "cancel", report_id, *BY, "--no-wait", env=env)
        failure = await poll(failed_task, "the workflow's task fails", SECONDS)
        shown = await triglot("report", "show", report_id, env=env)
        again = await triglot("report", "cancel", report_id, *BY, env=env)
    watched = await triglot("report", "watch", report_id, env=env)

    assert "[TMPRL1100]" in asked.refusal(1)
    assert failure.startswith("WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR [TMPRL1100]")
    assert "its workflow's code cannot go on, and tries again and again: [TMPRL1100]" in shown.refusal(1)
    assert "is asked to cancel, but its workflow's code cannot go on" in again.refusal(1)
    assert "[TMPRL1100]" in (tmp_path / "worker.log").read_text()
    assert watched.refusal(1) == f"the report {report_id} was cancelled by risk-officer: stale prices"
    assert await publication_state(env, report_id) == "withdrawn"


@contextmanager
def frozen(stack: Stack, worker: str) -> Iterator[None]:
    """Lets a worker do nothing, while the server still counts on it."""
    (pid,) = [state.pid for state in read_process_states(stack.folder) if state.name == worker]
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_a_decision_may_count_although_nobody_has_confirmed_it(
    stack: Stack, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = await ask(stack, env)
    monkeypatch.setattr(deciding, "NOTE_SECONDS", 1.0)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    decision = DecideReportRequest(
        decision=Decision.DECISION_APPROVE, decided_by="risk-officer", reason="hedged"
    )

    with frozen(stack, WORKFLOWS), pytest.raises(CommandError, match="has not taken note") as refusal:
        await deciding.decide(handle.workflow.id, decision, as_json=True)
    report = await handle.result()

    assert refusal.value.code == UNREACHABLE
    assert report.decision.reason == "hedged"


async def test_a_cancellation_waits_for_no_worker_that_only_seems_to_be_there(
    stack: Stack, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = await ask(stack, env)
    monkeypatch.setattr(cancelling, "NOTE_SECONDS", 1.0)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    request = CancelReportRequest(cancelled_by="risk-officer", reason="stale prices")

    with frozen(stack, WORKFLOWS), pytest.raises(CommandError, match="will be cancelled when one") as refusal:
        await cancelling.cancel(handle.workflow.id, request, wait=True, as_json=True)
    report = await handle.result()

    assert refusal.value.code == UNREACHABLE
    assert report.cancellation.reason == "stale prices"


async def test_a_failed_report_is_reset_when_its_cause_is_mended(stack: Stack, env: dict[str, str]) -> None:
    reports = RiskReportServiceClient(stack.client)
    reference = await stack.store.put_message(PRICES)
    path = stack.folder.store / "sha256" / reference.sha256[:2] / reference.sha256
    content = path.read_bytes()
    path.unlink()
    handle = await reports.start_generate_risk_report(request(reference))
    report_id = handle.workflow.id

    async def activity_id() -> str | None:
        for one in (await handle.workflow.describe()).raw_description.pending_activities:
            if one.last_failure.application_failure_info.type == ObjectNotFound.__name__:
                return one.activity_id
        return None

    failing = await poll(activity_id, "an attempt fails", SECONDS)
    await temporal(
        "activity", "update-options", "--workflow-id", report_id, "--activity-id", failing,
        "--retry-maximum-attempts", "1",
        env=env,
    )  # fmt: skip
    with pytest.raises(WorkflowFailureError) as failure:
        await handle.result()
    path.write_bytes(content)
    await temporal(
        "workflow", "reset", "--workflow-id", report_id, "--type", "FirstWorkflowTask", "--reason", "mended",
        env=env,
    )  # fmt: skip
    mended = await reports.generate_risk_report_handle(report_id).result()
    undisturbed = await reports.execute_generate_risk_report(request(reference))

    assert isinstance(failure.value.cause, ActivityError)
    assert isinstance(failure.value.cause.cause, ApplicationError)
    assert failure.value.cause.cause.type == ObjectNotFound.__name__
    assert mended.summary == undisturbed.summary
    assert await publication_state(env, report_id) == "final"


async def test_what_is_lost_is_made_again_by_a_reset_and_nobody_is_told_twice(
    stack: Stack, env: dict[str, str]
) -> None:
    objects = stack.folder.store / "sha256"
    run = ("report", "run", *SMALL, "--seed", "6", "--mail", "risk-desk@example.com", "--json")
    before = set(objects.rglob("*"))
    first = (await triglot(*run, env=env)).document()
    # Model, shard and report; not the prices, which a report is given.
    made = [path for path in set(objects.rglob("*")) - before if path.is_file()]
    lost = [path for path in made if path.name != first["window"]["prices_sha256"]]
    for path in lost:
        path.unlink()

    await temporal(
        "workflow", "reset", "--workflow-id", first["id"], "--type", "FirstWorkflowTask", "--reason", "lost",
        env=env,
    )  # fmt: skip
    again = (await triglot("report", "watch", first["id"], "--json", env=env)).document()

    assert again["run_id"] != first["run_id"]
    assert again["result"]["digest"] == first["result"]["digest"]
    assert again["result"]["files"]["report.json"] == first["result"]["files"]["report.json"]
    # The page says how much CPU time was spent, so it may be another one.
    page = first["result"]["files"]["report.html"]["sha256"]
    assert [path.name for path in lost if not path.exists()] in ([], [page])
    assert deliveries(stack, f"{first['id']}/report-ready/0") == (2, 1)


async def test_a_reset_does_not_bring_a_withdrawn_report_back(stack: Stack, env: dict[str, str]) -> None:
    handle = await ask(stack, env)
    report_id = handle.workflow.id
    await triglot("report", "reject", report_id, *BY, env=env)
    await handle.result()

    await temporal(
        "workflow", "reset", "--workflow-id", report_id, "--type", "FirstWorkflowTask",
        "--reapply-exclude", "Update", "--reason", "the rejection was a mistake",
        env=env,
    )  # fmt: skip
    watched = await triglot("report", "watch", report_id, env=env)

    # Nobody is asked about what cannot become final.
    assert watched.refusal(1) == f"the report {report_id} failed: ReportWithdrawn: it was withdrawn before"
    assert await publication_state(env, report_id) == "withdrawn"
    assert deliveries(stack, f"{report_id}/limit-breached/0") == (1, 1)
    assert deliveries(stack, f"{report_id}/report-withdrawn/0") == (1, 1)


async def test_what_was_terminated_stays_provisional_until_it_is_reset_and_cancelled(
    stack: Stack, env: dict[str, str]
) -> None:
    handle = await ask(stack, env)
    report_id = handle.workflow.id

    await temporal("workflow", "terminate", "--workflow-id", report_id, "--reason", "a mistake", env=env)
    shown = (await triglot("report", "show", report_id, "--json", env=env)).document()
    assert shown["status"] == "terminated"
    assert await publication_state(env, report_id) == "provisional"

    await temporal(
        "workflow", "reset", "--workflow-id", report_id, "--type", "LastWorkflowTask", "--reason", "in order",
        env=env,
    )  # fmt: skip
    cancelled = await triglot("report", "cancel", report_id, *BY, env=env)
    assert cancelled.code == 0, cancelled
    assert await publication_state(env, report_id) == "withdrawn"


@contextmanager
def workers_of(stack: Stack, variables: dict[str, str]) -> Iterator[None]:
    """Starts another worker of each queue, which finds the server by a profile alone."""
    own = inherited_environment() | {"TRIGLOT_SMTP_URL": stack.ports.smtp_url} | variables
    workers = [
        subprocess.Popen(process.command, env=own, stderr=subprocess.DEVNULL)
        for process in stack.processes
        if process.is_worker
    ]
    try:
        yield
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait(SECONDS)


async def test_a_profile_leads_commands_and_workers_to_a_namespace_of_their_own(
    stack: Stack, env: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "temporal.toml"
    file.write_text(f'[profile.risk-desk]\naddress = "{stack.ports.address}"\nnamespace = "risk-desk"\n')
    profile = {
        "TEMPORAL_CONFIG_FILE": str(file),
        "TEMPORAL_PROFILE": "risk-desk",
        "TRIGLOT_STORE_URL": stack.folder.store_url,
    }
    by_profile = inherited_environment() | profile
    await temporal(
        "operator", "namespace", "create", "--namespace", "risk-desk", "--retention", "90d", env=env
    )

    async def listed() -> Any:
        # Each of the server's parts learns of a namespace in its own time.
        ended = await triglot("report", "list", "--json", env=by_profile)
        return ended.document() if ended.code == 0 else None

    assert (await poll(listed, "the namespace is there", SECONDS))["reports"] == []
    unregistered = await triglot("report", "run", *SMALL, "--without-workers", env=by_profile)
    program, *register = shlex.split(unregistered.refusal(3).partition("register them: ")[2])
    assert program == "temporal"
    await temporal(*register, env=env)

    report_id = f"risk-desk/{uuid.uuid4()}"
    started = ("report", "run", *SMALL, "--id", report_id, "--mail", "risk-desk@example.com", "--json")
    with workers_of(stack, profile):
        ended = await triglot(*started, "--without-workers", env=by_profile)

    assert ended.document()["status"] == "completed"
    elsewhere = await triglot("report", "show", report_id, env=env)
    assert elsewhere.code == 4, elsewhere
