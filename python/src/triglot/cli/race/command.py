"""`triglot race`: one report by workers in several languages, disturbed as asked, and a verdict."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from triglot.cli.consoles import CommandConsole
from triglot.cli.default_report import default_request, read_expected_digest, read_witnesses
from triglot.cli.fanout import read_fanout
from triglot.cli.race.course import Course
from triglot.cli.race.following import follow_race
from triglot.cli.race.hand import resumptions, shards_in_hand, tried_again
from triglot.cli.race.outcome import Outcome, as_document, print_outcome, shares_of
from triglot.cli.race.runner import Runner
from triglot.cli.race.verdict import Evidence, judge
from triglot.cli.race.wishes import Kill
from triglot.cli.undisturbed import undisturbed_digest
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest, GenerateRiskReportResponse
from triglot.risk.v1.report_temporal import GenerateRiskReportHandle, RiskReportServiceClient
from triglot.risk.v1.simulation_pb2 import SimulationSpec
from triglot.risk.wording import language_name
from triglot.stack.logfiles import log_problems
from triglot.stack.processes import StackOptions, simulator_name
from triglot.stack.stack import Stack, running_stack

HORIZON_DAYS = 250
"""A trading year: so much work a scenario that half a minute of it does not fill the store."""
SHARDS = 150
"""So many that a language with a fiftieth of the work has some, far from where a report has children."""


@dataclass(frozen=True)
class RaceOptions:
    """What the command line says."""

    scenario_count: int
    languages: tuple[str, ...]
    slots: dict[str, int]
    kills: list[Kill]
    live: bool
    as_json: bool
    expected: Path
    folder: Path


async def run(options: RaceOptions, watch: Callable[[Course], None] | None = None) -> bool:
    """Runs the race, prints how it ended, and returns whether every check passed.

    Args:
        options: What is asked for.
        watch: Called while it runs, ten times a second.

    Raises:
        StackError: If the stack cannot start, or what is no part of the race fails for good.
        InputError: If the default data or the expected digests cannot be read.
        WorkflowFailureError: If the report fails.
        CommandError: If somebody quits.
    """
    console = CommandConsole(stderr=options.as_json, soft_wrap=True, highlight=False)
    expected = read_expected_digest(options.expected, options.scenario_count)
    console.print(
        f"starting: server, inbox, workers, simulation in {_names(options.languages)}; "
        f"files in {options.folder}",
        markup=False,
    )
    stack_options = StackOptions(
        simulators=options.languages, simulator_slots=options.slots, simulators_stay_down=True
    )
    async with running_stack(options.folder, stack_options) as stack:
        request = await _request(stack, options.scenario_count)
        handle = await RiskReportServiceClient(stack.client).start_generate_risk_report(request)
        course = _course(options, stack, handle)
        live = options.live and console.is_terminal
        response = await follow_race(stack, handle, course, console, live, watch)
        outcome = await _gather(options, console, stack, handle, course, response, expected)
    if options.as_json:
        print(json.dumps(as_document(outcome), indent=2))
    else:
        print_outcome(console, outcome)
    return outcome.passed


async def _request(stack: Stack, scenario_count: int) -> GenerateRiskReportRequest:
    request = await default_request(
        stack.store,
        scenario_count,
        horizon_days=HORIZON_DAYS,
        shard_size=-(-scenario_count // SHARDS),
    )
    # It is one for ten days. In a year the portfolio breaks it, and a race waits for nobody's decision.
    request.portfolio.ClearField("limit")
    return request


def _course(options: RaceOptions, stack: Stack, handle: GenerateRiskReportHandle) -> Course:
    members = {process.name: process for process in stack.processes}
    course = Course(
        runners={
            language: Runner(language, members[simulator_name(language)], stack.supervisor)
            for language in options.languages
        },
        wishes=list(options.kills),
        in_hand_of=partial(shards_in_hand, stack.client, handle.workflow),
        scenario_count=options.scenario_count,
    )
    course.tell("", f"the report is asked for; one queue is polled by {_names(options.languages)}")
    return course


async def _gather(
    options: RaceOptions,
    console: Console,
    stack: Stack,
    handle: GenerateRiskReportHandle,
    course: Course,
    response: GenerateRiskReportResponse,
    expected: str | None,
) -> Outcome:
    fanout = await read_fanout(stack.client, handle.workflow)
    witnesses = await read_witnesses(stack.store, fanout.shards)
    languages = [language for language in options.languages if language not in course.gone]
    await stack.supervisor.stop_workers()
    # Only now, since a worker may fail while it stops, and to nobody's disadvantage.
    problems = log_problems(stack.folder.log_of(process.name) for process in stack.processes)
    if expected is None:
        console.print("checking: the same scenarios by Go's kernel alone, without Temporal ...")
        spec = await stack.store.get_message(fanout.shards[0].request.spec, SimulationSpec)
        expected = await undisturbed_digest(spec, options.scenario_count)
    logs = [stack.folder.log_of(runner.name) for runner in course.runners.values()]
    evidence = Evidence(
        scenario_count=options.scenario_count,
        expected_digest=expected,
        response=response,
        asked=fanout.shards,
        shards=witnesses,
        languages=languages,
        killings=course.killings,
        missed=course.missed,
        died=course.died,
        log_problems=problems,
    )
    return Outcome(
        scenario_count=options.scenario_count,
        digest=response.summary.digest,
        seconds=course.seconds if course.over_seconds is None else course.over_seconds,
        shares=shares_of(fanout.shards, options.languages, course.killings),
        killings=course.killings,
        again=tried_again(fanout.shards, resumptions(logs, handle.workflow.id)),
        events=course.events,
        checks=judge(evidence),
        logs=stack.folder.logs,
    )


def _names(languages: tuple[str, ...]) -> str:
    *others, last = map(language_name, languages)
    return f"{', '.join(others)} and {last}" if others else last
