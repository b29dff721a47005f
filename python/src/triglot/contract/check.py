"""What a contract must keep beyond what parsing one RPC can see."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import timedelta

from triglot.contract.model import (
    Activity,
    Contract,
    Priority,
    Problem,
    Query,
    Ref,
    RetryPolicy,
    Rpc,
    Service,
    Signal,
    Update,
    Workflow,
)
from triglot.contract.options import IdConflictPolicy, IdReusePolicy, WaitPolicy

_KINDS: tuple[type[Rpc], ...] = (Workflow, Activity, Query, Signal, Update)


def check(contract: Contract) -> list[Problem]:
    """Returns the problems of the files to generate code for."""
    return [
        problem
        for problem in (*_types_are_unique(contract), *_rpcs(contract))
        if problem.location.file in contract.targets
    ]


def kind_of(rpc: Rpc) -> str:
    """The kind's name in sentences."""
    return type(rpc).__name__.lower()


def _types_are_unique(contract: Contract) -> Iterator[Problem]:
    for kind in _KINDS:
        first: dict[str, Rpc] = {}
        for rpc in _all(contract.services, kind):
            for type_name in _types(rpc):
                other = first.setdefault(type_name, rpc)
                if other is not rpc:
                    sentence = f"{kind_of(rpc)} type {type_name} is taken by {other.full_name}"
                    yield Problem(rpc.location, sentence)


def _types(rpc: Rpc) -> Iterator[str]:
    """All names under which Temporal knows it."""
    yield rpc.type_name
    if isinstance(rpc, Workflow):
        yield from rpc.aliases


def _all(services: Iterable[Service], kind: type[Rpc]) -> Iterator[Rpc]:
    for service in services:
        yield from service.of(kind)


def _rpcs(contract: Contract) -> Iterator[Problem]:
    for rpc in _all(contract.services, Rpc):
        for sentence in (*_name(rpc), *_sentences(contract, rpc)):
            yield Problem(rpc.location, f"{rpc.name} {sentence}")


def _name(rpc: Rpc) -> Iterator[str]:
    for type_name in _types(rpc):
        if type_name.startswith("__"):
            yield f"is named {type_name}, and Temporal keeps names that begin with __ to itself"


def _sentences(contract: Contract, rpc: Rpc) -> Iterator[str]:
    match rpc:
        case Activity():
            yield from _activity(rpc)
        case Workflow():
            yield from _workflow(contract, rpc)
        case Query():
            if rpc.output is None:
                yield "is a query and must answer with a message"
        case Signal():
            if rpc.output is not None:
                yield "is a signal and must return google.protobuf.Empty"
        case Update():
            if rpc.wait_for_stage is WaitPolicy.ADMITTED:
                yield "has wait_for_stage ADMITTED, which clients refuse; use ACCEPTED or COMPLETED"


def _activity(activity: Activity) -> Iterator[str]:
    if not activity.task_queue:
        yield "has no task queue: name one here or on the service"
    if not (activity.start_to_close_timeout or activity.schedule_to_close_timeout):
        yield "needs start_to_close_timeout or schedule_to_close_timeout"
    yield from _retry_policy(activity.retry_policy)
    yield from _priority(activity.priority)


def _workflow(contract: Contract, workflow: Workflow) -> Iterator[str]:
    if not workflow.task_queue:
        yield "has no task queue: name one here or on the service"
    yield from _id_policies(workflow)
    if "" in workflow.aliases:
        yield "has an empty alias"
    if len({workflow.type_name, *workflow.aliases}) != len(workflow.aliases) + 1:
        yield "names one of its aliases twice"
    yield from _retry_policy(workflow.retry_policy)
    yield from _priority(workflow.priority)
    yield from _refs(contract, workflow.queries, Query)
    yield from _refs(contract, workflow.signals, Signal)
    yield from _refs(contract, workflow.updates, Update)


def _id_policies(workflow: Workflow) -> Iterator[str]:
    """What the server would refuse of each start."""
    by_update = {ref.id_conflict_policy for ref in workflow.updates if ref.start}
    if None in by_update:
        yield "starts with an update, for which clients demand a workflow_id_conflict_policy"
    policies = {workflow.id_conflict_policy, *by_update} - {None}
    if workflow.id_reuse_policy is IdReusePolicy.TERMINATE_IF_RUNNING and policies:
        yield "sets workflow_id_conflict_policy beside TERMINATE_IF_RUNNING; the server refuses both"
    if (
        workflow.id_reuse_policy is IdReusePolicy.REJECT_DUPLICATE
        and IdConflictPolicy.TERMINATE_EXISTING in policies
    ):
        yield "sets TERMINATE_EXISTING beside REJECT_DUPLICATE; the server refuses both"
    by_signal = any(ref.start for ref in workflow.signals)
    if by_signal and workflow.id_conflict_policy is IdConflictPolicy.FAIL:
        yield "starts with a signal, for which the server refuses the workflow_id_conflict_policy FAIL"


def _refs(contract: Contract, refs: tuple[Ref, ...], kind: type[Rpc]) -> Iterator[str]:
    name = kind.__name__.lower()
    seen: set[str] = set()
    for ref in refs:
        rpc = contract.rpc(ref.target)
        if rpc is None:
            yield f"names the {name} {ref.target}, which does not exist"
        elif not isinstance(rpc, kind):
            yield f"names the {name} {ref.target}, which is of kind {kind_of(rpc)}"
        elif ref.target in seen:
            yield f"names the {name} {ref.target} twice"
        seen.add(ref.target)


def _retry_policy(policy: RetryPolicy | None) -> Iterator[str]:
    if policy is None:
        return
    # Asked for what is right, because NaN fails every comparison.
    if policy.backoff_coefficient and not 1 <= policy.backoff_coefficient < math.inf:
        yield "has a backoff_coefficient that is not a number from 1 on"
    if policy.max_attempts < 0:
        yield "has negative max_attempts"
    if policy.max_interval and policy.max_interval < (policy.initial_interval or timedelta(seconds=1)):
        yield "has a max_interval below its initial_interval"


def _priority(priority: Priority | None) -> Iterator[str]:
    if priority is None:
        return
    if priority.key < 0:
        yield "has a negative priority_key"
    if not 0 <= priority.fairness_weight < math.inf:
        yield "has a fairness_weight that is not a number from 0 on"
