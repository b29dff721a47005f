"""The contract as frozen dataclasses: what `parse` makes, `check` judges and the emitters read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from triglot.contract.options import (
    IdConflictPolicy,
    IdReusePolicy,
    ParentClosePolicy,
    VersioningBehavior,
    WaitPolicy,
)

RpcT = TypeVar("RpcT", bound="Rpc")


@dataclass(frozen=True, order=True)
class Location:
    """A place in a source file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, order=True)
class Problem:
    """Something that keeps a contract from being compiled, in one sentence."""

    location: Location
    sentence: str

    def __str__(self) -> str:
        return f"{self.location}: {self.sentence}"


@dataclass(frozen=True)
class ProtoFile:
    """A `.proto` file."""

    name: str
    package: str
    go_package: str
    editions: bool
    """Whether it says `edition`, not `syntax`."""

    @property
    def stem(self) -> str:
        """The name without `.proto`."""
        return self.name.removesuffix(".proto")


@dataclass(frozen=True)
class Field:
    """A field of a message."""

    name: str
    json_name: str
    number: int
    type: str
    """The scalar's name as in proto; "message" or "enum" otherwise."""
    type_name: str
    """The full name of the message or enum, if it is one."""
    repeated: bool
    """Also of maps."""
    oneof: str
    """The oneof that it belongs to, or ""; the one that proto3's `optional` makes does not count."""
    presence: bool
    """Whether unset is told apart from the default."""
    default: str
    """A scalar's value where it is unset, as text; "" of messages and enums."""
    deprecated: bool
    comment: str
    rules: bytes
    """Its encoded buf.validate.FieldRules."""


@dataclass(frozen=True)
class Message:
    """A message type."""

    file: ProtoFile
    names: tuple[str, ...]
    """The simple names from the outermost message inwards."""
    fields: tuple[Field, ...]
    map_entry: bool
    deprecated: bool
    comment: str
    rules: bytes
    """Its encoded buf.validate.MessageRules."""

    @property
    def full_name(self) -> str:
        """The name with its package."""
        return ".".join((self.file.package, *self.names) if self.file.package else self.names)


@dataclass(frozen=True)
class EnumValue:
    """A value of an enum."""

    name: str
    number: int
    deprecated: bool
    comment: str


@dataclass(frozen=True)
class Enum:
    """An enum type."""

    full_name: str
    values: tuple[EnumValue, ...]
    deprecated: bool
    comment: str


@dataclass(frozen=True)
class Literal:
    """A literal part of an id expression."""

    text: str


@dataclass(frozen=True)
class FieldReference:
    """`${! portfolio.id }`: the request's field, or its default where it or a message on the way is unset."""

    fields: tuple[Field, ...]
    """From the request inwards."""

    @property
    def path(self) -> tuple[str, ...]:
        """The fields' names."""
        return tuple(field.name for field in self.fields)

    @property
    def is_bool(self) -> bool:
        """Whether it prints as true or false."""
        return self.fields[-1].type == "bool"

    @property
    def default(self) -> str:
        """What it prints where it is unset."""
        return self.fields[-1].default


@dataclass(frozen=True)
class UuidV4:
    """`${! uuid_v4() }`."""


IdExpression = tuple[Literal | FieldReference | UuidV4, ...]


def may_be_empty(expression: IdExpression) -> bool:
    """Whether some request makes an empty id, which servers refuse and SDKs replace each in its own way."""
    return all(
        isinstance(part, FieldReference) and part.fields[-1].type == "string" and not part.default
        for part in expression
    )


@dataclass(frozen=True)
class RetryPolicy:
    """When and how often a failed attempt is repeated; None and 0 mean the server's default."""

    initial_interval: timedelta | None
    backoff_coefficient: float
    max_interval: timedelta | None
    max_attempts: int
    non_retryable_error_types: tuple[str, ...]


@dataclass(frozen=True)
class Priority:
    """The order in which a backlog is served; 0 and "" mean the server's default."""

    key: int
    fairness_key: str
    fairness_weight: float


@dataclass(frozen=True)
class Rpc:
    """What every kind of RPC has."""

    location: Location
    service: str
    """The full name of the service."""
    name: str
    type_name: str
    """The name by which Temporal knows it."""
    comment: str
    deprecated: bool
    input: Message | None
    """None for google.protobuf.Empty: no argument."""
    output: Message | None
    """None for google.protobuf.Empty: no result."""

    @property
    def full_name(self) -> str:
        """The RPC's name with package and service."""
        return f"{self.service}.{self.name}"


@dataclass(frozen=True)
class Activity(Rpc):
    """An RPC that is an activity."""

    task_queue: str
    own_task_queue: bool
    """Whether the queue is another than the service's."""
    schedule_to_close_timeout: timedelta | None
    schedule_to_start_timeout: timedelta | None
    start_to_close_timeout: timedelta | None
    heartbeat_timeout: timedelta | None
    retry_policy: RetryPolicy | None
    wait_for_cancellation: bool
    priority: Priority | None


@dataclass(frozen=True)
class Ref:
    """A workflow's reference to one of its queries, signals or updates."""

    target: str
    """The full name of the RPC."""
    start: bool
    """Whether clients may send it with a start."""
    id_conflict_policy: IdConflictPolicy | None
    """What happens when it comes with a start and the workflow runs already."""


@dataclass(frozen=True)
class Workflow(Rpc):
    """An RPC that is a workflow."""

    task_queue: str
    own_task_queue: bool
    id: IdExpression | None
    queries: tuple[Ref, ...]
    signals: tuple[Ref, ...]
    updates: tuple[Ref, ...]
    execution_timeout: timedelta | None
    run_timeout: timedelta | None
    task_timeout: timedelta | None
    id_reuse_policy: IdReusePolicy | None
    id_conflict_policy: IdConflictPolicy | None
    parent_close_policy: ParentClosePolicy | None
    retry_policy: RetryPolicy | None
    wait_for_cancellation: bool
    priority: Priority | None
    aliases: tuple[str, ...]
    """Further types under which a worker registers it, so that older callers still find it."""
    versioning_behavior: VersioningBehavior | None
    """What a run does when its worker's version is no longer current; None leaves it to the worker."""


@dataclass(frozen=True)
class Query(Rpc):
    """An RPC that is a query."""


@dataclass(frozen=True)
class Signal(Rpc):
    """An RPC that is a signal."""


@dataclass(frozen=True)
class Update(Rpc):
    """An RPC that is an update."""

    id: IdExpression | None
    validate: bool
    wait_for_stage: WaitPolicy


@dataclass(frozen=True)
class Service:
    """A service with at least one RPC."""

    location: Location
    file: ProtoFile
    name: str
    task_queue: str
    """ "" where the service names none."""
    comment: str
    deprecated: bool
    rpcs: tuple[Rpc, ...]

    @property
    def full_name(self) -> str:
        """The service's name with its package."""
        return f"{self.file.package}.{self.name}" if self.file.package else self.name

    def of(self, kind: type[RpcT]) -> tuple[RpcT, ...]:
        """The RPCs of one kind."""
        return tuple(rpc for rpc in self.rpcs if isinstance(rpc, kind))


@dataclass(frozen=True)
class Contract:
    """All services that a compilation sees, and the files to generate code for."""

    services: tuple[Service, ...]
    messages: dict[str, Message]
    """By full name."""
    enums: dict[str, Enum]
    """By full name."""
    targets: frozenset[str]
    """The names of the files to generate code for."""

    def files(self) -> Iterator[tuple[ProtoFile, tuple[Service, ...]]]:
        """The files to generate code for, with their services."""
        for file in dict.fromkeys(service.file for service in self.services):
            if file.name in self.targets:
                yield file, tuple(service for service in self.services if service.file == file)

    def rpc(self, full_name: str) -> Rpc | None:
        """The RPC of that name, if there is one."""
        rpcs = (rpc for service in self.services for rpc in service.rpcs)
        return next((rpc for rpc in rpcs if rpc.full_name == full_name), None)

    def service(self, full_name: str) -> Service:
        """The service of that name."""
        return next(service for service in self.services if service.full_name == full_name)

    def deprecation(self, declared: Rpc | Service) -> str:
        """Why not to use what is deprecated itself or by its service, on one line; else ""."""
        service = declared if isinstance(declared, Service) else self.service(declared.service)
        if not (declared.deprecated or service.deprecated):
            return ""
        owner = declared if declared.deprecated else service
        _, _, reason = owner.comment.partition("Deprecated:")
        return " ".join(reason.partition("\n\n")[0].split()) or f"{owner.full_name} is deprecated."

    def referenced(self, kind: type[RpcT], refs: tuple[Ref, ...]) -> list[tuple[RpcT, Ref]]:
        """The RPCs that checked references mean."""
        return [(rpc, ref) for ref in refs if isinstance(rpc := self.rpc(ref.target), kind)]
