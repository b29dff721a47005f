"""`triglot report`: a report from its start to its end, and what is said when there is none."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from commands import DEADLINE, LONG, SMALL, environment, triglot
from samples import PRICES, request
from triglot.cli.ends import CommandError
from triglot.cli.listing import list_reports
from triglot.cli.reports import find_report
from triglot.cli.session import Session, Target, open_session
from triglot.registration import register
from triglot.risk.v1.report_temporal import RiskReportService, RiskReportServiceClient
from triglot.stack.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEYS = {
    "id", "run_id", "status", "started_at", "closed_at",
    "portfolio_id", "as_of_date", "decision", "value_at_risk_minor", "portfolio", "window", "parameters",
    "progress", "pending", "result", "failure", "saved",
}  # fmt: skip


@pytest.fixture
def env(stack: Stack) -> dict[str, str]:
    return environment(stack)


@pytest_asyncio.fixture(loop_scope="session")
async def long_report(env: dict[str, str]) -> AsyncIterator[str]:
    """A report that runs for as long as the test."""
    started = (await triglot("report", "run", *LONG, "--detach", "--json", env=env)).document()
    assert (started["status"], started["result"], started["closed_at"]) == ("running", None, None)
    assert started.keys() == KEYS
    yield started["id"]
    await triglot("report", "cancel", started["id"], env=env)


def session(stack: Stack) -> Session:
    return Session(
        stack.client,
        Target("the test", {"target_host": stack.ports.address}, stack.folder.store_url, "json", 3),
    )


async def test_a_report_is_run_shown_listed_and_opened(
    stack: Stack, env: dict[str, str], tmp_path: Path
) -> None:
    output = tmp_path / "saved"
    run = await triglot(
        "report", "run", *SMALL, "--confidence", "97.5", "--confidence", "99",
        "--seed", "18446744073709551615",
        "--mail", "desk@example.com", "--output", str(output), env=env,
    )  # fmt: skip

    assert (run.code, run.errors) == (0, "")
    report_id = run.output.splitlines()[0].removeprefix("started ")
    assert report_id.startswith("risk-report/synthetic-2/")
    assert uuid.UUID(report_id.rpartition("/")[2]).version == 4
    report = json.loads((output / "report.json").read_text())
    assert report["simulation"]["seed"] == "18446744073709551615"
    measure = report["measures"][0]["value_at_risk"]["value_minor"]
    assert f"value at risk       97.5 %  USD {measure / 100:,.2f}" in run.output
    assert (output / "chart.png").read_bytes().startswith(b"\x89PNG")

    shown = (await triglot("report", "show", report_id, "--json", env=env)).document()
    assert shown.keys() == KEYS
    assert (shown["id"], shown["status"], shown["failure"]) == (report_id, "completed", None)
    assert [one["confidence_bp"] for one in shown["result"]["measures"]] == [9750, 9900]
    assert shown["result"]["digest"] == report["simulation"]["digest"]
    assert shown["result"]["measures"][0]["value_at_risk"]["value_minor"] == measure
    assert len(shown["result"]["notifications"]) == 1
    assert sum(share["scenario_count"] for share in shown["result"]["shares"]) == 10_000

    async with asyncio.timeout(DEADLINE):
        while (await list_reports(session(stack), 1))[0].id != report_id:
            pass  # what visibility shows comes a moment later
    last = await triglot("report", "show", "last", env=env)
    assert (last.code, last.output.splitlines()[0]) == (0, report_id)
    listed = (await triglot("report", "list", "--limit", "1", "--json", env=env)).document()
    assert [(one["id"], one["status"]) for one in listed["reports"]] == [(report_id, "completed")]

    opened = await triglot("report", "open", report_id, "--no-browser", "--json", env=env, cwd=tmp_path)
    files = opened.document()["files"]
    assert (tmp_path / files["report.html"]).read_bytes() == (output / "report.html").read_bytes()
    watched = (await triglot("report", "watch", report_id, "--json", env=env)).document()
    assert watched["result"] == shown["result"]
    (tmp_path / "sha256").write_text("no folder")
    storeless = env | {"TRIGLOT_STORE_URL": tmp_path.as_uri()}
    unread = await triglot("report", "open", report_id, "--no-browser", env=storeless, cwd=tmp_path)
    assert unread.refusal(3) == f"the object store {tmp_path.as_uri()} cannot be used: Not a directory"


async def test_a_browser_gets_the_page(stack: Stack, env: dict[str, str], tmp_path: Path) -> None:
    started = (await triglot("report", "run", *SMALL, "--json", env=env)).document()
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\necho "$1" > "$(dirname "$0")/seen"\n')
    browser.chmod(0o755)

    opened = await triglot(
        "report",
        "open",
        started["id"],
        "--output",
        "page",
        env=env | {"BROWSER": f"{browser} %s"},
        cwd=tmp_path,
    )

    assert (opened.code, opened.errors) == (0, "")
    assert (tmp_path / "seen").read_text().strip() == (tmp_path / "page" / "report.html").as_uri()
    assert "page/report.html" in opened.output


async def test_an_interrupt_leaves_the_report_and_cancel_ends_it(stack: Stack, env: dict[str, str]) -> None:
    run = await triglot(
        "report", "run", *LONG, env=env, interrupt_after=lambda line: line.startswith("started ")
    )
    report_id = run.output.splitlines()[0].removeprefix("started ")

    sentence = run.refusal(130)
    assert f"`triglot report watch {report_id}`" in sentence
    assert f"`triglot report cancel {report_id}`" in sentence
    assert (await find_report(session(stack), report_id)).listed.running

    cancelled = (await triglot("report", "cancel", report_id, "--json", env=env)).document()
    assert (cancelled["status"], cancelled["failure"]) == (
        "completed",
        f"the report {report_id} was cancelled",
    )
    again = await triglot("report", "cancel", report_id, env=env)
    assert again.refusal(1) == f"too late: the report {report_id} was cancelled"
    watched = await triglot("report", "watch", report_id, "--json", env=env)
    assert watched.refusal(1) == f"the report {report_id} was cancelled"
    assert json.loads(watched.output)["result"]["outcome"] == "cancelled"
    opened = await triglot("report", "open", report_id, env=env)
    assert opened.refusal(1) == f"the report {report_id} was cancelled"


async def test_a_running_report_shows_its_progress(env: dict[str, str], long_report: str) -> None:
    shown = (await triglot("report", "show", long_report, "--json", env=env)).document()
    assert shown["status"] == "running"
    assert shown["progress"]["stage"] in ("preparing", "simulating")

    text = await triglot("report", "show", long_report, env=env)
    assert "Python" in text.output
    assert "in flight" in text.output
    running = (await triglot("report", "list", "--running", "--json", env=env)).document()
    assert {one["status"] for one in running["reports"]} == {"running"}
    opened = await triglot("report", "open", long_report, env=env)
    assert "still runs; `triglot report watch" in opened.refusal(1)
    again = await triglot("report", "run", *LONG, "--id", long_report, "--detach", env=env)
    assert again.refusal(2).startswith(f"there is a report {long_report} already")
    asked = await triglot("report", "cancel", long_report, "--no-wait", env=env)
    assert (asked.code, asked.output) == (0, f"asked to cancel {long_report}\n")


async def test_a_report_that_fails_says_why_in_one_sentence(stack: Stack, env: dict[str, str]) -> None:
    # As another client might ask; this one would refuse it.
    asked = request(await stack.store.put_message(PRICES))
    asked.portfolio.positions.add(symbol="NOPE", exposure_minor=1)
    handle = await RiskReportServiceClient(stack.client).start_generate_risk_report(asked)

    watched = await triglot("report", "watch", handle.workflow.id, env=env)
    sentence = watched.refusal(1)
    assert sentence.startswith(f"the report {handle.workflow.id} failed: InvalidArgument: ")
    assert "NOPE" in sentence
    shown = (await triglot("report", "show", handle.workflow.id, "--json", env=env)).document()
    assert (shown["status"], shown["failure"], shown["result"]) == ("failed", sentence, None)


UNREAD = {"portfolio": None, "window": None, "parameters": None}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([{"portfolio": {}}], "json/plain is no "),
        ([None], "got NoneType"),
        ([PRICES], "got triglot.risk.v1.Price"),
        ([], "got NoneType"),
        ([PRICES, PRICES], "got 2 arguments"),
    ],
    ids=["plain JSON", "null", "another message", "nothing", "two messages"],
)
async def test_a_report_that_was_asked_for_in_no_way_says_so(
    stack: Stack, env: dict[str, str], arguments: Sequence[object], told: str
) -> None:
    report_id = await start_by_name(stack, *arguments)

    sentence = (await triglot("report", "watch", report_id, env=env)).refusal(1)

    assert sentence.startswith(f"the report {report_id} failed: InvalidArgument: expected triglot.risk.v1.")
    assert told in sentence
    shown = (await triglot("report", "show", report_id, "--json", env=env)).document()
    assert (shown["status"], shown["failure"], shown["result"]) == ("failed", sentence, None)
    assert shown.keys() == KEYS
    assert UNREAD.items() <= shown.items()
    lines = (await triglot("report", "show", report_id, env=env)).output.splitlines()
    assert lines[:2] == [report_id, "  what was asked for cannot be read"]
    assert lines[2].startswith("  failed, started ")
    assert lines[3:] == [sentence]
    assert (await triglot("report", "open", report_id, env=env)).refusal(1) == sentence


async def start_by_name(stack: Stack, *arguments: object) -> str:
    """Starts the workflow past the generated client, which would refuse; returns its id."""
    handle = await stack.client.start_workflow(
        RiskReportService.GENERATE_RISK_REPORT,
        args=arguments,
        id=f"by-name-{uuid.uuid4()}",
        task_queue=RiskReportService.TASK_QUEUE,
    )
    return handle.id


BAD_INPUT = [
    (("--portfolio", "/no/such/portfolio.json"), "/no/such/portfolio.json: does not exist"),
    (("--prices", "synthetic:2"), "write synthetic:ASSETSxDAYS"),
    (("--as-of", "yesterday"), "the as-of date 'yesterday' is no date of the form 2026-01-31"),
    (("--from", "2099-01-01"), "2099-01-01"),
    (("--mail", "nobody"), "--mail 'nobody': is no mail address"),
    (
        ("--webhook", "ftp://example.com", "--webhook-secret", "A"),
        "--webhook 'ftp://example.com': say an http or https URL",
    ),
    (("--webhook", "https://example.com"), "say --webhook-secret NAME once for each --webhook URL"),
    (("--confidence", "90"), "--confidence '90': say a percentage from 95 to 99.99"),
    (("--confidence", "99", "--confidence", "99"), "--confidence '99': is said twice"),
    (("--shard-size", "1", "--scenarios", "1M"), "--shard-size '1': makes more than 250,000 shards"),
    (("--horizon", "0"), "'--horizon'"),
    (("--block", "4000"), "--block 4,000: must be at most 49, the days"),
    (("--scenarios", "many"), "--scenarios 'many': say a whole number"),
    (("--confidence", "99.99"), "--scenarios 10,000: 99.99 % needs at least 100,000 scenarios"),
    (("--output", "/proc/x"), "--output /proc/x: cannot write there: "),
    (("--id", "no id"), "--id no id: say 1 to 160 letters"),
    (("--id", "last"), "--id last"),
    (("--detach", "--output", "somewhere"), "--output needs the end of the report"),
]


async def test_bad_input_starts_nothing(stack: Stack, env: dict[str, str]) -> None:
    before = await stack.store.list(), {one.id for one in await list_reports(session(stack), 1_000)}
    for arguments, expected in BAD_INPUT:
        run = await triglot("report", "run", *SMALL, *arguments, env=env)
        assert expected in run.refusal(2)
        assert run.output == ""
    after = await stack.store.list(), {one.id for one in await list_reports(session(stack), 1_000)}

    assert after == before


async def test_bad_input_is_refused_before_anything_is_connected(env: dict[str, str]) -> None:
    nowhere = env | {"TEMPORAL_ADDRESS": "127.0.0.1:1", "TRIGLOT_STORE_URL": ""}
    for arguments, expected in BAD_INPUT[:5]:
        run = await triglot("report", "run", *SMALL, *arguments, env=nowhere)
        assert expected in run.refusal(2)


@workflow.defn
class Another:
    @workflow.run
    async def run(self) -> None:
        """Ends at once."""


async def test_what_is_no_report_is_not_found(stack: Stack, env: dict[str, str]) -> None:
    queue = f"test-{uuid.uuid4()}"
    async with Worker(
        stack.client, task_queue=queue, workflows=[Another], workflow_runner=UnsandboxedWorkflowRunner()
    ):
        await stack.client.execute_workflow(Another.run, id=queue, task_queue=queue)

    for command in ("show", "watch", "cancel", "open"):
        other = await triglot("report", command, queue, env=env)
        assert other.refusal(4).startswith(f"{queue} is no risk report, but a Another;")
        none = await triglot("report", command, "no/such/report", env=env)
        assert none.refusal(4).startswith("there is no report no/such/report on the server at ")


async def test_what_is_not_there_is_said(stack: Stack, env: dict[str, str], tmp_path: Path) -> None:
    away = env | {"TEMPORAL_ADDRESS": "127.0.0.1:1", "TRIGLOT_CONNECT_TIMEOUT": "0.3"}
    for command in (("show", "last"), ("list",), ("run", *SMALL)):
        refused = await triglot("report", *command, env=away)
        assert refused.refusal(3).startswith("cannot reach the Temporal server at 127.0.0.1:1 within 0.3 s: ")
    elsewhere = await triglot("report", "list", env=env | {"TEMPORAL_NAMESPACE": "of-nobody"})
    assert f"{stack.ports.address} has no namespace of-nobody" in elsewhere.refusal(3)
    storeless = await triglot("report", "run", *SMALL, env=env | {"TRIGLOT_STORE_URL": ""})
    assert storeless.refusal(2).startswith("no object store is named; ")
    missing = env | {"TRIGLOT_STORE_URL": (tmp_path / "missing").as_uri()}
    gone = await triglot("report", "run", *SMALL, env=missing)
    assert f"there is no folder {tmp_path / 'missing'}" in gone.refusal(3)


async def test_an_unpolled_queue_is_named(stack: Stack, env: dict[str, str]) -> None:
    namespace = f"without-workers-{uuid.uuid4()}"
    await create_namespace(stack, namespace)
    lonely = env | {"TEMPORAL_NAMESPACE": namespace}

    refused = await triglot("report", "run", *SMALL, env=lonely)
    assert refused.refusal(3).startswith(
        "nobody polls the task queues analytics, notification, risk-reports, simulation; start the workers"
    )
    assert (await triglot("report", "list", "--json", env=lonely)).document() == {"reports": []}
    assert (
        (await triglot("report", "show", "last", env=lonely)).refusal(4).startswith("there is no report yet")
    )

    lacking = await triglot("report", "run", *SMALL, "--without-workers", env=lonely)
    assert lacking.refusal(3).startswith(f"the namespace {namespace} lacks search attributes")
    await register(await Client.connect(stack.ports.address, namespace=namespace))
    started = (
        await triglot("report", "run", *SMALL, "--without-workers", "--detach", "--json", env=lonely)
    ).document()
    shown = await triglot("report", "show", started["id"], env=lonely)
    assert f"no worker answers for it on the task queue {RiskReportService.TASK_QUEUE}" in shown.refusal(3)
    cancelled = await triglot("report", "cancel", started["id"], env=lonely)
    assert "it will be cancelled when one does" in cancelled.refusal(3)


async def create_namespace(stack: Stack, name: str) -> None:
    tool = await asyncio.create_subprocess_exec(
        str(Path(stack.processes[0].command[0])), "operator", "namespace", "create", "--namespace", name,
        "--address", stack.ports.address, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await tool.wait() == 0
    target = Target("the test", {"target_host": stack.ports.address, "namespace": name}, None, "json", 3)
    async with asyncio.timeout(DEADLINE):
        while not await answers(target):
            pass


async def answers(target: Target) -> bool:
    """Whether the namespace, which the server learns of in its own time, is there."""
    try:
        async with open_session(target) as opened:
            await list_reports(opened, 1)
    except CommandError:
        return False
    return True
