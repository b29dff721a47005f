"""What a worker has in hand, as the server knows, and what became of it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client, WorkflowHandle

from triglot.cli.fanout import CompletedShard
from triglot.risk.v1.simulation_pb2 import ShardCheckpoint
from triglot.risk.v1.simulation_temporal import SimulationService


@dataclass(frozen=True)
class InHand:
    """A shard that a worker was at when it was killed.

    Attributes:
        activity_id: Its activity's.
        checkpoint: The scenario up to which heartbeats had saved it; None: not yet.
    """

    activity_id: str
    checkpoint: int | None


@dataclass(frozen=True)
class TriedAgain:
    """A shard that took more than one attempt.

    Attributes:
        activity_id: Its activity's.
        first: Its first scenario.
        end: The scenario after its last.
        attempt: The attempt that answered.
        language: Who answered.
        resumed_from: The scenario from which that attempt went on; None: it began at the beginning.
    """

    activity_id: str
    first: int
    end: int
    attempt: int
    language: str
    resumed_from: int | None


async def shards_in_hand(client: Client, handle: WorkflowHandle[object, object], pid: int) -> list[InHand]:
    """Returns the shards that a process on this machine is at, by the server's books.

    Those of a process that is dead stay its own there until somebody tries them again.

    Args:
        client: The server.
        handle: The report.
        pid: The process, which the SDKs' default identity of a worker begins with.

    Raises:
        RPCError: If the server does not answer.
    """
    found = []
    for pending in (await handle.describe()).raw_description.pending_activities:
        if (
            pending.activity_type.name == SimulationService.SIMULATE_SHARD
            and pending.last_worker_identity.partition("@")[0] == str(pid)
        ):
            details = pending.heartbeat_details.payloads
            checkpoint = None
            if details:
                (left,) = await client.data_converter.decode(details, [ShardCheckpoint])
                # Before its first checkpoint an attempt may heartbeat with nothing, which is a payload too.
                checkpoint = None if left is None else left.next_scenario
            found.append(InHand(pending.activity_id, checkpoint))
    return found


def resumptions(logs: Iterable[Path], workflow_id: str) -> dict[tuple[str, int], int]:
    """Returns from which scenario attempts went on, by activity and attempt, as the workers say.

    Args:
        logs: The workers' logs.
        workflow_id: The report's.
    """
    found = {}
    for log in logs:
        for line in log.read_text(errors="replace").splitlines():
            if '"resuming"' not in line:
                continue
            entry = json.loads(line)
            if entry.get("message") == "resuming" and entry.get("workflow_id") == workflow_id:
                found[str(entry["activity_id"]), int(entry["attempt"])] = int(entry["first_scenario"])
    return found


def tried_again(shards: Sequence[CompletedShard], resumed: Mapping[tuple[str, int], int]) -> list[TriedAgain]:
    """Returns the shards that took more than one attempt, by first scenario.

    Args:
        shards: All of them, as the history has them.
        resumed: As `resumptions` returns.
    """
    found = [
        TriedAgain(
            activity_id=shard.activity_id,
            first=shard.request.range.first,
            end=shard.request.range.first + shard.request.range.count,
            attempt=shard.attempt,
            language=shard.response.provenance.language,
            resumed_from=resumed.get((shard.activity_id, shard.attempt)),
        )
        for shard in shards
        if shard.attempt > 1
    ]
    return sorted(found, key=lambda shard: shard.first)
