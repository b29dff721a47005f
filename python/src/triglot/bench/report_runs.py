"""One report through Temporal, measured: on an embedded stack, or on a server that is given."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import cast

import psutil
from temporalio.client import Client
from temporalio.envconfig import ClientConnectConfig

from triglot.bench.model_input import default_input
from triglot.bench.sections import BenchError, Context
from triglot.bench.usage import CpuClock
from triglot.cli.attributes import require_attributes
from triglot.cli.default_report import default_request
from triglot.cli.ends import CommandError
from triglot.cli.fanout import read_fanout
from triglot.cli.pollers import require_pollers
from triglot.cli.session import Target, find_target, open_session
from triglot.risk import codec
from triglot.risk.analytics import build_spec
from triglot.risk.shard import digest, merge
from triglot.risk.v1.market_pb2 import PriceHistory
from triglot.risk.v1.report_temporal import RiskReportServiceClient
from triglot.risk.v1.simulation_pb2 import Shard
from triglot.stack.processes import StackError, StackOptions
from triglot.stack.stack import running_stack
from triglot.stack.supervision import read_process_states
from triglot.store import Store
from triglot.store.v1.object_pb2 import ObjectRef

_WITHOUT_REPORTS = (
    "leave out what runs reports on them: --section kernel --section calls --section payloads "
    "--section lifecycle"
)


@dataclass(frozen=True)
class ReportSite:
    """Where reports run.

    Attributes:
        client: A connection to the server.
        store: The workers' store.
        pids: Of the stack's processes by name; none where the server was given, and its workers are unknown.
    """

    client: Client
    store: Store
    pids: dict[str, int]


@dataclass(frozen=True)
class ReportRun:
    """One report, measured.

    Attributes:
        shards: What was simulated, in the store.
        report: Seconds from the start to the result, by this process's clock.
        simulated: Seconds from the report's start to the last shard's completion, by the server's clock.
        fanout: Seconds from the first shard's being scheduled to the last one's completion, by that too.
        kernels: Seconds of CPU of the kernels alone, as their workers counted them.
        overhead: The part of this machine's time during the fan-out, 0 to 1, in which no kernel ran.
        cpu: Seconds of CPU of each process of the stack, from start to result; none of a given server.
        digest: Of all scenarios.
    """

    shards: Sequence[ObjectRef]
    report: float
    simulated: float
    fanout: float
    kernels: float
    overhead: float
    cpu: dict[str, float]
    digest: str


@dataclass(frozen=True)
class Repeated:
    """What the analytics worker does of the job itself, done once more in this process, and nothing else.

    Attributes:
        merging: Seconds from the first stored shard's being asked for to the digest of all.
        cpu: Seconds of CPU of that, and of making the model from the stored prices.
        digest: Of all scenarios.
    """

    merging: float
    cpu: float
    digest: str


def given_target(address: str, namespace: str) -> Target:
    """Returns a server that is given by its address, with what the environment says of it.

    Its store is the one that its workers and commands share, so it is found as commands find it; that of a
    stack which runs here is no other server's.

    Raises:
        CommandError: If a variable or the profile is wrong.
    """
    found = find_target()
    is_its_own = found.address == address or "TRIGLOT_STORE_URL" in os.environ
    config = {**found.config, "target_host": address, "namespace": namespace}
    return replace(
        found,
        source="--address",
        config=cast("ClientConnectConfig", config),
        store_url=found.store_url if is_its_own else None,
    )


async def require_reports(address: str, namespace: str, *, needed: bool) -> None:
    """Makes sure that a given server is there, before anything is measured.

    Args:
        address: The server's.
        namespace: On it.
        needed: Whether reports will run on it, for which it wants workers and a store.

    Raises:
        CommandError: What is not there.
    """
    target = given_target(address, namespace)
    async with open_session(target) as session:
        if needed:
            await require_pollers(session.client, or_else=_WITHOUT_REPORTS)
            await require_attributes(session.client)
            target.open_store()


@asynccontextmanager
async def running_report_site(context: Context) -> AsyncIterator[ReportSite]:
    """Starts a stack, or connects to the server that was given.

    Raises:
        BenchError: If the stack cannot start, or server or store cannot be reached.
    """
    try:
        if context.address is None:
            async with running_stack(context.folder / "stack", StackOptions()) as stack:
                states = read_process_states(stack.folder)
                pids = {state.name: state.pid for state in states if state.pid is not None and state.runs}
                names = {process.name for process in stack.processes}
                yield ReportSite(
                    stack.client, stack.store, {name: pids[name] for name in names if name in pids}
                )
        else:
            async with open_session(given_target(context.address, context.namespace)) as session:
                yield ReportSite(session.client, session.store, {})
    except (StackError, CommandError) as error:
        raise BenchError(str(error)) from error


async def run_report(site: ReportSite, scenario_count: int, shard_size: int = 0) -> ReportRun:
    """Makes one report on the default data; nobody is told of it.

    Args:
        site: Where.
        scenario_count: How many scenarios.
        shard_size: How many of them a shard; 0 leaves that to the workflow.

    Raises:
        WorkflowFailureError: If the report fails.
        BenchError: If a process of the stack has ended.
    """
    request = await default_request(site.store, scenario_count, shard_size=shard_size)
    try:
        clock, begun = CpuClock.start(site.pids), time.perf_counter()
        handle = await RiskReportServiceClient(site.client).start_generate_risk_report(request)
        response = await handle.result()
        seconds, cpu = time.perf_counter() - begun, clock.seconds()
    except psutil.NoSuchProcess as error:
        raise BenchError(f"a process of the stack has ended: {error}") from error
    fanout = await read_fanout(site.client, handle.workflow)
    return ReportRun(
        shards=[shard.response.shard for shard in fanout.shards],
        report=seconds,
        simulated=fanout.since_start.total_seconds(),
        fanout=fanout.wall.total_seconds(),
        kernels=fanout.cpu.total_seconds(),
        overhead=fanout.overhead,
        cpu=cpu,
        digest=response.summary.digest,
    )


async def repeat(site: ReportSite, run: ReportRun) -> Repeated:
    """Makes the model, and merges and digests a report's stored shards.

    In the report, one activity does that together with much else, so that its own time is nowhere to be read.

    Raises:
        ObjectNotFound: If the store lacks a shard.
    """
    request, history = default_input()
    stored = history.SerializeToString()
    cpu = time.process_time()
    build_spec(request, PriceHistory.FromString(stored))
    begun = time.perf_counter()
    messages = await asyncio.gather(*(site.store.get_message(reference, Shard) for reference in run.shards))
    found = digest(merge([codec.shard_from_message(message) for message in messages]))
    merging = time.perf_counter() - begun
    return Repeated(merging=merging, cpu=time.process_time() - cpu, digest=found)
