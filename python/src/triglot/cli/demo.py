"""`triglot demo`: one report from an empty machine to a verdict."""

import asyncio
import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from triglot.cli.consoles import CommandConsole
from triglot.cli.default_report import default_request, read_expected_digest, read_witnesses
from triglot.cli.fanout import Fanout, read_fanout
from triglot.cli.following import follow, save_report
from triglot.cli.verdict import Check, Evidence, all_passed, judge
from triglot.cli.verdict_table import print_verdict
from triglot.notification.v1.notification_pb2 import EmailRecipient, Recipient
from triglot.risk.codec import spec_from_message
from triglot.risk.independent import independent_estimate
from triglot.risk.notices import READY
from triglot.risk.report import Report
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest, GenerateRiskReportResponse
from triglot.risk.v1.report_temporal import GenerateRiskReportHandle, RiskReportServiceClient
from triglot.risk.v1.simulation_pb2 import SimulationSpec
from triglot.risk.wording import format_count
from triglot.settings import PayloadEncoding
from triglot.stack.logfiles import log_problems
from triglot.stack.processes import StackOptions
from triglot.stack.stack import Stack, running_stack

RECIPIENT = "risk-desk@example.com"
INDEPENDENT_SCENARIOS = 400_000
INDEPENDENT_SEED = 1


@dataclass(frozen=True)
class DemoOptions:
    """What the command line says."""

    scenario_count: int
    as_json: bool
    expected: Path
    folder: Path
    payload_encoding: PayloadEncoding
    lose_mails: bool


async def run(options: DemoOptions) -> bool:
    """Runs the demo, prints the verdict, and returns whether every check passed.

    Raises:
        StackError: If the stack cannot start.
        InputError: If the default data or the expected digests cannot be read.
    """
    console = CommandConsole(stderr=options.as_json, soft_wrap=True, highlight=False)
    expected_digest = read_expected_digest(options.expected, options.scenario_count)
    console.print(f"starting: server, four workers, inbox; files in {options.folder}", markup=False)
    stack_options = StackOptions(payload_encoding=options.payload_encoding, lose_mails=options.lose_mails)
    async with running_stack(options.folder, stack_options) as stack:
        request = await default_request(
            stack.store,
            options.scenario_count,
            recipients=[Recipient(email=EmailRecipient(address=RECIPIENT))],
        )
        started = time.monotonic()
        handle = await RiskReportServiceClient(stack.client).start_generate_risk_report(request)
        response = await follow(stack.client, handle, console, started)
        seconds = time.monotonic() - started
        console.print("checking: a second simulation, mails, logs ...")
        fanout = await read_fanout(stack.client, handle.workflow)
        files = await save_report(stack.store, response.files, stack.folder.root / "report")
        evidence = await _gather(stack, handle, request, response, fanout, expected_digest)
        await stack.supervisor.stop_workers()
        # Only now, since a worker may fail while it stops.
        problems = log_problems(stack.folder.log_of(process.name) for process in stack.processes)
    evidence = replace(evidence, log_problems=problems)
    checks = judge(evidence)
    passed = all_passed(checks)
    if options.as_json:
        print(json.dumps(_as_json(passed, checks, evidence, fanout, seconds, files), indent=2))
    else:
        _print_result(console, evidence, fanout, seconds, files)
        print_verdict(console, checks, stack.folder.logs)
    return passed


async def _gather(
    stack: Stack,
    handle: GenerateRiskReportHandle,
    request: GenerateRiskReportRequest,
    response: GenerateRiskReportResponse,
    fanout: Fanout,
    expected_digest: str | None,
) -> Evidence:
    store = stack.store
    spec = await store.get_message(fanout.shards[0].request.spec, SimulationSpec)
    report = Report.model_validate_json(await store.get(response.files.json))
    return Evidence(
        scenario_count=request.parameters.scenario_count,
        expected_digest=expected_digest,
        response=response,
        report=report,
        asked=fanout.shards,
        shards=await read_witnesses(store, fanout.shards),
        independent=await asyncio.to_thread(
            independent_estimate,
            spec_from_message(spec),
            INDEPENDENT_SCENARIOS,
            INDEPENDENT_SEED,
            tuple(request.confidences_bp),
        ),
        idempotency_keys=[
            f"{handle.workflow.id}/{READY}/{index}" for index in range(len(request.recipients))
        ],
        mails=stack.mails(),
        log_problems=[],
    )


def _as_json(
    passed: bool,
    checks: list[Check],
    evidence: Evidence,
    fanout: Fanout,
    seconds: float,
    files: dict[str, Path],
) -> dict[str, object]:
    return {
        "passed": passed,
        "checks": [asdict(check) for check in checks],
        "scenario_count": evidence.scenario_count,
        "digest": evidence.report.simulation.digest,
        "measures": [measure.model_dump() for measure in evidence.report.measures],
        "seconds": round(seconds, 3),
        "fanout": {
            "shards": len(fanout.shards),
            "cores": fanout.cores,
            "cpu_seconds": round(fanout.cpu.total_seconds(), 3),
            "wall_seconds": round(fanout.wall.total_seconds(), 3),
        },
        "fanout_overhead": round(fanout.overhead, 4),
        "files": {name: str(path) for name, path in files.items()},
    }


def _print_result(
    console: Console, evidence: Evidence, fanout: Fanout, seconds: float, files: dict[str, Path]
) -> None:
    console.print(
        f"\n[bold]The report[/] took {seconds:.1f} s for {evidence.scenario_count:,} scenarios: "
        f"{format_count(len(fanout.shards), 'shard')}, {fanout.cpu.total_seconds():.1f} s of CPU in "
        f"{fanout.wall.total_seconds():.1f} s: the kernels kept {format_count(fanout.cores, 'core')} "
        f"{1 - fanout.overhead:.0%} busy"
    )
    for name, path in files.items():
        console.print(f"  {name:12} {path}", markup=False)
    for mail in evidence.mails:
        heading = escape(f"{mail.message['To']}: {mail.message['Subject']}")
        console.print(f"\n[bold]The mail[/] to {heading}")
        for line in mail.text.splitlines():
            console.print(f"  {line}", markup=False, highlight=False)
