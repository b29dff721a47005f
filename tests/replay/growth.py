"""How long a history can become: what each thing in it costs, and the largest run that the contract allows.

The costs are the most that there can be: a workflow task of its own for everything that the workflow learns,
where the server gives it several things at once as soon as they come quickly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from recorded import kind_of
from temporalio.client import WorkflowHistory

from triglot.risk.plan import CHILD_SHARDS_IN_FLIGHT, MAX_CHILDREN_IN_FLIGHT, MAX_SHARDS_PER_WORKFLOW

SERVER_WARNS: Final = 10_240
SERVER_ENDS: Final = 51_200
"""Events of a history, by the server's defaults."""
SERVER_TAKES_SIGNALS: Final = 10_000
"""So many a run, by the server's default."""

MOST_CHILDREN: Final = 500
MOST_RECIPIENTS: Final = 100
MOST_ESCALATION: Final = 10
"""The contract's bounds, which the tests ask it about."""

_TASK = 3  # a workflow task: scheduled, started, completed


@dataclass(frozen=True)
class Cost:
    """What one thing adds to a history, at most.

    Attributes:
        what: The thing, in words.
        why: The events, in words.
        events: How many they are.
    """

    what: str
    why: str
    events: int


# By the event that there is one of for each.
COSTS: Mapping[str, Cost] = {
    "WORKFLOW_EXECUTION_STARTED": Cost("run", "start, a workflow task, end", 2 + _TASK),
    "ACTIVITY_TASK_SCHEDULED": Cost(
        "activity: a shard, a step, a notification", "scheduled, started, ended; a workflow task", 3 + _TASK
    ),
    "ACTIVITY_TASK_CANCEL_REQUESTED": Cost("cancellation of an activity", "the wish", 1),
    "START_CHILD_WORKFLOW_EXECUTION_INITIATED": Cost(
        "child", "asked for, started, ended; two workflow tasks", 3 + 2 * _TASK
    ),
    "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED": Cost(
        "cancellation of a child", "asked for, done; a workflow task", 2 + _TASK
    ),
    "TIMER_STARTED": Cost("timer", "started, fired or cancelled; a workflow task", 2 + _TASK),
    "WORKFLOW_EXECUTION_UPDATE_ACCEPTED": Cost(
        "decision that counts", "accepted, completed; a workflow task", 2 + _TASK
    ),
    "WORKFLOW_EXECUTION_SIGNALED": Cost("signal", "itself; a workflow task", 1 + _TASK),
    "WORKFLOW_EXECUTION_CANCEL_REQUESTED": Cost(
        "cancellation of the run", "itself; a workflow task", 1 + _TASK
    ),
    "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES": Cost("search attributes", "themselves", 1),
}

Amounts: TypeAlias = Mapping[str, int]

_QUESTIONS = (MOST_RECIPIENTS, MOST_RECIPIENTS, MOST_RECIPIENTS + MOST_ESCALATION)
_ANSWERS = MOST_RECIPIENTS + MOST_ESCALATION
_STEPS = 5  # prepare, aggregate, publish, promote, withdraw

LARGEST_REPORT: Amounts = {
    "WORKFLOW_EXECUTION_STARTED": 1,
    # Children cost more than the 500 shards that a report without them may have.
    "START_CHILD_WORKFLOW_EXECUTION_INITIATED": MOST_CHILDREN,
    "ACTIVITY_TASK_SCHEDULED": _STEPS + sum(_QUESTIONS) + _ANSWERS,
    # Whoever could not be told by the time of the decision.
    "ACTIVITY_TASK_CANCEL_REQUESTED": sum(_QUESTIONS),
    "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED": MAX_CHILDREN_IN_FLIGHT,
    "TIMER_STARTED": 4,  # to reminder, escalation and deadline; the patience of the taking back
    "WORKFLOW_EXECUTION_UPDATE_ACCEPTED": 1,
    "WORKFLOW_EXECUTION_SIGNALED": 1,
    "WORKFLOW_EXECUTION_CANCEL_REQUESTED": 1,
    "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES": 4,
}
"""More than any run has: none is both promoted and withdrawn, or cancelled with its children and decided."""

LARGEST_CHILD: Amounts = {
    "WORKFLOW_EXECUTION_STARTED": 1,
    "ACTIVITY_TASK_SCHEDULED": MAX_SHARDS_PER_WORKFLOW + 1,  # and the merging
    "ACTIVITY_TASK_CANCEL_REQUESTED": CHILD_SHARDS_IN_FLIGHT,
    "WORKFLOW_EXECUTION_CANCEL_REQUESTED": 1,
}


def bound(amounts: Amounts) -> int:
    """Returns how many events so many things make at most."""
    return sum(COSTS[kind].events * amount for kind, amount in amounts.items())


def amounts_of(history: WorkflowHistory) -> Amounts:
    """Counts the things in a history."""
    kinds = [kind_of(event) for event in history.events]
    return {kind: kinds.count(kind) for kind in COSTS}


def table() -> str:
    """Returns the reckoning as a table in Markdown."""
    rows = [
        "| | what it adds, at most | events | in the largest report | in the largest child |",
        "|---|---|---:|---:|---:|",
    ]
    for kind, cost in COSTS.items():
        report, child = (amounts.get(kind, 0) for amounts in (LARGEST_REPORT, LARGEST_CHILD))
        rows.append(f"| {cost.what} | {cost.why} | {cost.events} | {report:,} | {child:,} |")
    rows.append(f"| **together** | | | **{bound(LARGEST_REPORT):,}** | **{bound(LARGEST_CHILD):,}** |")
    return "\n".join(rows)
