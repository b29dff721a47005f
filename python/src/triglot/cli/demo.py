"""`triglot demo`: one report from an empty machine to a verdict."""

import asyncio
import json
import re
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from triglot.cli.fanout import Fanout, read_fanout
from triglot.cli.following import follow, save_report
from triglot.cli.verdict import Check, Evidence, judge
from triglot.notification.v1.notification_pb2 import EmailRecipient, Recipient
from triglot.risk import defaults
from triglot.risk.codec import spec_from_message
from triglot.risk.independent import independent_estimate
from triglot.risk.inputs import InputError
from triglot.risk.notices import READY
from triglot.risk.portfolio import read_portfolio
from triglot.risk.prices import read_prices
from triglot.risk.report import Report
from triglot.risk.v1.market_pb2 import PriceWindow, SimulationParameters
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest, GenerateRiskReportResponse
from triglot.risk.v1.report_temporal import GenerateRiskReportHandle, RiskReportServiceClient
from triglot.risk.v1.simulation_pb2 import Shard, SimulationSpec
from triglot.risk.wording import format_count
from triglot.settings import PayloadEncoding
from triglot.stack.logfiles import log_problems
from triglot.stack.processes import StackOptions
from triglot.stack.stack import Stack, running_stack
from triglot.store import Store
from triglot.store.v1.object_pb2 import ObjectRef

RECIPIENT = "risk-desk@example.com"
INDEPENDENT_SCENARIOS = 400_000
INDEPENDENT_SEED = 1
# In a table the beginning of a digest tells as much; JSON has all of it.
_DIGEST = re.compile(r"\b([0-9a-f]{16})[0-9a-f]{48}\b")


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
    console = Console(stderr=options.as_json, soft_wrap=True, highlight=False)
    expected_digest = _read_expected_digest(options.expected, options.scenario_count)
    console.print(f"starting: server, four workers, inbox; files in {options.folder}", markup=False)
    stack_options = StackOptions(payload_encoding=options.payload_encoding, lose_mails=options.lose_mails)
    async with running_stack(options.folder, stack_options) as stack:
        request = await _request(stack.store, options.scenario_count)
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
    passed = all(check.passed is not False for check in checks)
    if options.as_json:
        print(json.dumps(_as_json(passed, checks, evidence, fanout, seconds, files), indent=2))
    else:
        _print_result(console, evidence, fanout, seconds, files)
        _print_verdict(console, checks, stack.folder.logs, passed=passed)
    return passed


def _read_expected_digest(path: Path, scenario_count: int) -> str | None:
    try:
        digests: dict[str, str] = json.loads(path.read_text())["digests"]
        return digests.get(str(scenario_count))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError('is no JSON of the form {"digests": {"1000000": "..."}}', path) from error


async def _request(store: Store, scenario_count: int) -> GenerateRiskReportRequest:
    portfolio = read_portfolio(defaults.default_portfolio())
    symbols = [position.symbol for position in portfolio.positions]
    prices = await asyncio.to_thread(read_prices, defaults.default_prices(), symbols)
    return GenerateRiskReportRequest(
        portfolio=portfolio,
        window=PriceWindow(
            prices=await store.put_message(prices), from_date=defaults.FROM_DATE, as_of_date=prices.dates[-1]
        ),
        parameters=SimulationParameters(
            scenario_count=scenario_count,
            horizon_days=defaults.HORIZON_DAYS,
            block_days=defaults.BLOCK_DAYS,
            seed=defaults.SEED,
        ),
        confidences_bp=defaults.CONFIDENCES_BP,
        recipients=[Recipient(email=EmailRecipient(address=RECIPIENT))],
    )


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
        shards=[await _witness(store, shard.response.shard) for shard in fanout.shards],
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


async def _witness(store: Store, reference: ObjectRef) -> Shard:
    """Reads of a stored shard what the verdict looks at: the tails of a large report fill gigabytes."""
    shard = await store.get_message(reference, Shard)
    return Shard(scenario_count=shard.scenario_count, bitsum=shard.bitsum)


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


def _print_verdict(console: Console, checks: list[Check], logs: Path, *, passed: bool) -> None:
    table = Table(title="Verdict", title_justify="left")
    table.add_column("check")
    table.add_column("expected", overflow="fold")
    table.add_column("seen", overflow="fold")
    table.add_column("")
    marks = {True: "[green]pass[/]", False: "[red]FAIL[/]", None: "unknown"}
    for check in checks:
        # Not as markup: what was seen may be a log's line.
        expected, seen = (escape(_DIGEST.sub(r"\1...", text)) for text in (check.expected, check.seen))
        table.add_row(check.name, expected, seen, marks[check.passed])
    console.print()
    console.print(table)
    if passed:
        console.print("[green bold]PASS[/]")
        return
    failed = "; ".join(check.name for check in checks if check.passed is False)
    console.print(f"[red bold]FAIL:[/] {escape(f'{failed} (logs in {logs})')}")
