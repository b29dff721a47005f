"""What breaks callers, workers and open workflows on Temporal's side, where no protobuf tool looks.

Time-outs, retries, priorities and policies are no break: each call carries its own, and mixed ones do no
harm. Nor is another versioning behaviour: a worker says its own with every task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from triglot.contract.check import kind_of
from triglot.contract.model import (
    Activity,
    Contract,
    FieldReference,
    IdExpression,
    Literal,
    Location,
    Message,
    Query,
    Ref,
    Rpc,
    Signal,
    Update,
    Workflow,
)

_REFS: tuple[tuple[str, type[Rpc]], ...] = (("queries", Query), ("signals", Signal), ("updates", Update))


@dataclass(frozen=True, order=True)
class Finding:
    """A break: where, by which rule, and what, in one sentence."""

    location: Location
    rule: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.location}: {self.sentence} ({self.rule})"


_Make = Callable[[str, str], Finding]
"""Makes a finding about one RPC from a rule's name and the rest of a sentence."""


def compare(old: Contract, new: Contract) -> Iterator[Finding]:
    """Yields what callers, workers and open workflows of the old contract would miss in the new one."""
    served = {(type(rpc), name): rpc for rpc in _own(new) for name in types(rpc)}
    by_name = {name: rpc for rpc in _own(new) for name in types(rpc)}
    for before in _own(old):
        compared: list[Rpc] = []
        for name in types(before):
            after = served.get((type(before), name))
            if after is None:
                yield _gone(before, name, by_name.get(name), new)
            elif after not in compared:
                compared.append(after)
                yield from _changed(name, before, after, old, new)


def types(rpc: Rpc) -> tuple[str, ...]:
    """All names under which workers serve it."""
    return (rpc.type_name, *(rpc.aliases if isinstance(rpc, Workflow) else ()))


def _own(contract: Contract) -> Iterator[Rpc]:
    """The RPCs of the contract's own files; what it imports has a history of its own."""
    for service in contract.services:
        if service.file.name in contract.targets:
            yield from service.rpcs


def _gone(before: Rpc, name: str, other: Rpc | None, new: Contract) -> Finding:
    kind = kind_of(before)
    if other is not None:
        sentence = f"{name} was of kind {kind} and is of kind {kind_of(other)}"
        return Finding(other.location, "TEMPORAL_SAME_KIND", sentence)
    service = next((each for each in new.services if each.full_name == before.service), None)
    # What is gone stands nowhere; what held it is the nearest place.
    location = service.location if service else Location(before.location.file, 1, 1)
    whom = "callers" if isinstance(before, Query | Update) else "callers and open workflows"
    return Finding(
        location, "TEMPORAL_TYPE_NO_DELETE", f"nothing serves the {kind} type {name}, which {whom} name"
    )


def _changed(name: str, before: Rpc, after: Rpc, old: Contract, new: Contract) -> Iterator[Finding]:
    def finding(rule: str, sentence: str) -> Finding:
        return Finding(after.location, f"TEMPORAL_{rule}", f"{kind_of(after)} {name} {sentence}")

    for rule, word, was, now in (
        ("SAME_REQUEST", "took", before.input, after.input),
        ("SAME_RESPONSE", "returned", before.output, after.output),
    ):
        if _name(was) != _name(now):
            verb = {"took": "takes", "returned": "returns"}[word]
            yield finding(rule, f"{word} {_name(was)} and {verb} {_name(now)}")
    match before, after:
        case Activity(), Activity():
            yield from _queue(before, after, finding)
        case Workflow(), Workflow():
            yield from _queue(before, after, finding)
            yield from _id(before.id, after.id, finding)
            yield from _handlers(before, after, old, new, finding)
            if after.versioning_behavior and not before.versioning_behavior:
                behavior = after.versioning_behavior.name
                yield finding("NEW_VERSIONING", f"had no versioning behaviour and has {behavior}")
        case Update(), Update():
            yield from _id(before.id, after.id, finding)
            if before.validate != after.validate:
                what = "has a validator, and had none" if after.validate else "had a validator, and has none"
                yield finding("SAME_VALIDATE", what)


def _queue(before: Activity | Workflow, after: Activity | Workflow, finding: _Make) -> Iterator[Finding]:
    if before.task_queue != after.task_queue:
        yield finding(
            "SAME_TASK_QUEUE", f"was on task queue {before.task_queue} and is on {after.task_queue}"
        )


def _id(before: IdExpression | None, after: IdExpression | None, finding: _Make) -> Iterator[Finding]:
    was, now = _expression(before), _expression(after)
    if was != now:
        yield finding("SAME_ID", f"had the id {was} and has {now}")


def _handlers(
    before: Workflow, after: Workflow, old: Contract, new: Contract, finding: _Make
) -> Iterator[Finding]:
    for attribute, kind in _REFS:
        kept = {rpc.type_name for rpc, _ in new.referenced(kind, _refs(after, attribute))}
        for rpc, _ in old.referenced(kind, _refs(before, attribute)):
            if rpc.type_name not in kept:
                yield finding(
                    "HANDLER_NO_DELETE", f"does not take the {kind_of(rpc)} {rpc.type_name} any more"
                )


def _refs(workflow: Workflow, attribute: str) -> tuple[Ref, ...]:
    refs: tuple[Ref, ...] = getattr(workflow, attribute)
    return refs


def _name(message: Message | None) -> str:
    return message.full_name if message else "nothing"


def _expression(expression: IdExpression | None) -> str:
    if expression is None:
        return "of the server's choice"
    return '"' + "".join(_part(part) for part in expression) + '"'


def _part(part: object) -> str:
    match part:
        case Literal():
            return part.text.replace("\\", "\\\\").replace("${", "\\${")
        case FieldReference():
            return f"${{! {'.'.join(part.path)} }}"
        case _:
            return "${! uuid_v4() }"
