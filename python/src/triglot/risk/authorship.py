"""Who computed what: for the page alone, since it differs from run to run."""

from dataclasses import dataclass

from google.protobuf.duration_pb2 import Duration

from triglot.risk.v1.analytics_pb2 import AggregateRiskRequest
from triglot.risk.v1.simulation_pb2 import Provenance
from triglot.risk.wording import format_count, language_name


@dataclass(frozen=True)
class Task:
    """A part of the work, in words.

    Attributes:
        name: For instance `Simulation`.
        language: For instance `Go`.
        details: The runtime, or how much was done.
        cpu_time: For instance `1.39 s`; empty where it is not known.
    """

    name: str
    language: str
    details: str
    cpu_time: str


def list_tasks(request: AggregateRiskRequest, aggregation: Provenance) -> list[Task]:
    """Returns the parts in their order; those that the request does not tell of are left out."""
    tasks = [_task("Preparation", request.preparation)] if request.HasField("preparation") else []
    for share in request.simulation:
        extent = (
            f"{format_count(share.shard_count, 'shard')}, {format_count(share.scenario_count, 'scenario')}"
        )
        cpu_time = _seconds(share.cpu_time) if share.HasField("cpu_time") else ""
        tasks.append(Task("Simulation", language_name(share.language), extent, cpu_time))
    return [*tasks, _task("Aggregation", aggregation)]


def _task(name: str, provenance: Provenance) -> Task:
    worker = f"worker {provenance.worker_version}" if provenance.worker_version else ""
    details = ", ".join(filter(None, (provenance.runtime, worker)))
    cpu_time = _seconds(provenance.cpu_time) if provenance.HasField("cpu_time") else ""
    return Task(name, language_name(provenance.language), details, cpu_time)


def _seconds(duration: Duration) -> str:
    return f"{duration.ToNanoseconds() / 1e9:,.2f} s"
