"""The annotation schema as one table, and a reader of option bytes by that table.

Every option of the schema has a row that says what becomes of it: supported, rejected with a reason, or
ignored with a reason. A field number without a row is an error, so an option that a newer copy of the schema
adds is never passed over in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, IntEnum
from typing import TypeVar

from triglot.contract import wire
from triglot.contract.wire import WireType

EnumT = TypeVar("EnumT", bound=IntEnum)
ValueT = TypeVar("ValueT")


class Scalar(Enum):
    """The scalar types that options have."""

    STRING = WireType.LENGTH, "string"
    BOOL = WireType.VARINT, "bool"
    INTEGER = WireType.VARINT, "integer"
    DOUBLE = WireType.FIXED64, "double"
    FLOAT = WireType.FIXED32, "float"


@dataclass(frozen=True)
class Rejected:
    """Why a contract must not set the option."""

    reason: str


@dataclass(frozen=True)
class Ignored:
    """Why the option may be set and has no effect here."""

    reason: str


@dataclass(frozen=True)
class Option:
    """One row: a field of an options message."""

    name: str
    type: Scalar | Schema | type[IntEnum] | Rejected | Ignored
    repeated: bool = False
    note: str = ""
    """How far it is supported, if not wholly."""

    @property
    def wire_type(self) -> WireType:
        """How a supported option is laid out."""
        match self.type:
            case Scalar():
                return self.type.value[0]
            case Schema():
                return WireType.LENGTH
            case _:
                return WireType.VARINT


@dataclass(frozen=True)
class Schema:
    """An options message: its fields by number."""

    name: str
    fields: Mapping[int, Option]

    def number(self, name: str) -> int:
        """The number of the field of that name."""
        return next(number for number, option in self.fields.items() if option.name == name)


class IdReusePolicy(IntEnum):
    """`temporal.v1.IDReusePolicy`."""

    ALLOW_DUPLICATE = 1
    ALLOW_DUPLICATE_FAILED_ONLY = 2
    REJECT_DUPLICATE = 3
    TERMINATE_IF_RUNNING = 4


class IdConflictPolicy(IntEnum):
    """`temporal.api.enums.v1.WorkflowIdConflictPolicy`."""

    FAIL = 1
    USE_EXISTING = 2
    TERMINATE_EXISTING = 3


class VersioningBehavior(IntEnum):
    """`temporal.api.enums.v1.VersioningBehavior`."""

    PINNED = 1
    AUTO_UPGRADE = 2

    @property
    def stays(self) -> str:
        """What becomes of a run when another version comes, without its subject."""
        if self is VersioningBehavior.PINNED:
            return "stays with the version of the worker that began it"
        return "goes on with whatever version of the worker is current"

    @property
    def sentences(self) -> str:
        """What a worker's code says of it."""
        return f"A run {self.stays}.\nOn a worker without a version it hangs: the server refuses its tasks."


class ParentClosePolicy(IntEnum):
    """`temporal.v1.ParentClosePolicy`."""

    TERMINATE = 1
    ABANDON = 2
    REQUEST_CANCEL = 3


class WaitPolicy(IntEnum):
    """`temporal.v1.WaitPolicy`."""

    ADMITTED = 1
    ACCEPTED = 2
    COMPLETED = 3


_ID = "as far as [ids](#ids) go"
_OTHER_COMPILERS = Ignored("it steers other compilers' output only")
_MAPPING = Rejected("mappings in Bloblang would need an interpreter in each language")
_NEXUS = Rejected("no Nexus operations are generated")
_XNS = Rejected("no calls across namespaces are generated")
_NAMESPACE = Ignored("it is deprecated: the namespace belongs to a deployment")

DURATION = Schema(
    "google.protobuf.Duration",
    {1: Option("seconds", Scalar.INTEGER), 2: Option("nanos", Scalar.INTEGER)},
)
PRIORITY = Schema(
    "temporal.api.common.v1.Priority",
    {
        1: Option("priority_key", Scalar.INTEGER),
        2: Option("fairness_key", Scalar.STRING),
        3: Option("fairness_weight", Scalar.FLOAT),
    },
)
RETRY_POLICY = Schema(
    "temporal.v1.RetryPolicy",
    {
        1: Option("initial_interval", DURATION),
        2: Option("backoff_coefficient", Scalar.DOUBLE),
        3: Option("max_interval", DURATION),
        4: Option("max_attempts", Scalar.INTEGER),
        5: Option("non_retryable_error_types", Scalar.STRING, repeated=True),
    },
)
SERVICE = Schema(
    "temporal.v1.ServiceOptions",
    {
        1: Option("task_queue", Scalar.STRING),
        2: Option("namespace", _NAMESPACE),
        3: Option("patches", _OTHER_COMPILERS),
        4: Option("nexus", _NEXUS),
    },
)
ACTIVITY = Schema(
    "temporal.v1.ActivityOptions",
    {
        1: Option("task_queue", Scalar.STRING),
        2: Option("schedule_to_close_timeout", DURATION),
        3: Option("schedule_to_start_timeout", DURATION),
        4: Option("start_to_close_timeout", DURATION),
        5: Option("heartbeat_timeout", DURATION),
        6: Option("retry_policy", RETRY_POLICY),
        7: Option("name", Scalar.STRING),
        8: Option("wait_for_cancellation", Scalar.BOOL),
        9: Option("priority", PRIORITY),
    },
)
QUERY_REF = Schema(
    "temporal.v1.WorkflowOptions.Query",
    {1: Option("ref", Scalar.STRING), 2: Option("xns", _XNS)},
)
SIGNAL_REF = Schema(
    "temporal.v1.WorkflowOptions.Signal",
    {
        1: Option("ref", Scalar.STRING),
        2: Option("start", Scalar.BOOL),
        3: Option("xns", _XNS),
        4: Option("cli", _OTHER_COMPILERS),
    },
)
UPDATE_REF = Schema(
    "temporal.v1.WorkflowOptions.Update",
    {
        1: Option("ref", Scalar.STRING),
        2: Option("xns", _XNS),
        3: Option("start", Scalar.BOOL),
        4: Option("cli", _OTHER_COMPILERS),
        5: Option("workflow_id_conflict_policy", IdConflictPolicy),
        6: Option("validate", Ignored("the update's own option decides, with and without a start")),
    },
)
WORKFLOW = Schema(
    "temporal.v1.WorkflowOptions",
    {
        1: Option("query", QUERY_REF, repeated=True),
        2: Option("signal", SIGNAL_REF, repeated=True),
        3: Option("update", UPDATE_REF, repeated=True),
        4: Option("execution_timeout", DURATION),
        5: Option("id", Scalar.STRING, note=_ID),
        6: Option("id_reuse_policy", IdReusePolicy),
        7: Option("namespace", _NAMESPACE),
        8: Option("parent_close_policy", ParentClosePolicy),
        9: Option("retry_policy", RETRY_POLICY),
        10: Option("run_timeout", DURATION),
        11: Option("task_queue", Scalar.STRING),
        12: Option("task_timeout", DURATION),
        13: Option("wait_for_cancellation", Scalar.BOOL),
        14: Option("name", Scalar.STRING),
        15: Option("search_attributes", _MAPPING),
        16: Option("xns", _XNS),
        17: Option("aliases", Scalar.STRING, repeated=True),
        18: Option("patches", _OTHER_COMPILERS),
        19: Option("cli", _OTHER_COMPILERS),
        20: Option("workflow_id_conflict_policy", IdConflictPolicy),
        21: Option("versioning_behavior", VersioningBehavior),
        22: Option("typed_search_attributes", _MAPPING),
        23: Option("enable_eager_start", Ignored("eager start never crosses a process")),
        24: Option("nexus", _NEXUS),
        25: Option("priority", PRIORITY),
    },
)
_NAMED = {
    1: Option("name", Scalar.STRING),
    2: Option("xns", _XNS),
    3: Option("patches", _OTHER_COMPILERS),
    4: Option("cli", _OTHER_COMPILERS),
}
QUERY = Schema("temporal.v1.QueryOptions", _NAMED)
SIGNAL = Schema("temporal.v1.SignalOptions", _NAMED)
UPDATE = Schema(
    "temporal.v1.UpdateOptions",
    {
        1: Option("id", Scalar.STRING, note=_ID),
        2: Option("validate", Scalar.BOOL),
        3: Option("wait_policy", Ignored("it is deprecated: wait_for_stage replaces it")),
        4: Option("name", Scalar.STRING),
        5: Option("xns", _XNS),
        6: Option("patches", _OTHER_COMPILERS),
        7: Option("wait_for_stage", WaitPolicy, note="except ADMITTED, which clients refuse"),
        8: Option("cli", _OTHER_COMPILERS),
    },
)

SERVICE_EXTENSIONS: Mapping[int, Option] = {
    7233: Option("service", SERVICE),
    7234: Option("cli", _OTHER_COMPILERS),
}
METHOD_EXTENSIONS: Mapping[int, Option] = {
    7233: Option("workflow", WORKFLOW),
    7234: Option("activity", ACTIVITY),
    7235: Option("query", QUERY),
    7236: Option("signal", SIGNAL),
    7237: Option("update", UPDATE),
    7238: Option("command", Ignored("it is deprecated, and steered other compilers' command lines only")),
}
# Of FieldOptions; it names flags of other compilers' command lines.
FIELD_EXTENSIONS: Mapping[int, Option] = {7233: Option("field", _OTHER_COMPILERS)}

# The well-known type's own limit.
_DURATION_SECONDS = 315_576_000_000

Complain = Callable[[str, int], None]
"""Takes a sentence about an options message, and the number of the field in it that is at fault."""


@dataclass(frozen=True)
class Values:
    """The supported options that one options message sets."""

    values: Mapping[str, object]

    def string(self, name: str) -> str:
        """The string, or "" where it is absent."""
        return _typed(str, self.values.get(name, ""))

    def strings(self, name: str) -> tuple[str, ...]:
        """The repeated string."""
        return tuple(_typed(str, value) for value in self._repeated(name))

    def flag(self, name: str) -> bool:
        """The bool, or False where it is absent."""
        return _typed(bool, self.values.get(name, False))

    def integer(self, name: str) -> int:
        """The integer, or 0 where it is absent."""
        return _typed(int, self.values.get(name, 0))

    def number(self, name: str) -> float:
        """The double or float, or 0 where it is absent."""
        return _typed(float, self.values.get(name, 0.0))

    def message(self, name: str) -> Values | None:
        """The nested options message, if any."""
        value = self.values.get(name)
        return None if value is None else _typed(Values, value)

    def messages(self, name: str) -> tuple[Values, ...]:
        """The repeated options message."""
        return tuple(_typed(Values, value) for value in self._repeated(name))

    def enum(self, name: str, kind: type[EnumT]) -> EnumT | None:
        """The enum's value; None where it is absent or unspecified."""
        value = self.values.get(name)
        return None if value is None else _typed(kind, value)

    def _repeated(self, name: str) -> list[object]:
        return _typed(list, self.values.get(name, []))


def read(schema: Schema, data: bytes, complain: Complain) -> Values:
    """Reads an encoded options message by its table.

    `complain` is called for each option that is rejected, unknown or malformed.
    """
    values: dict[str, object] = {}
    for number, found in _by_number(data).items():
        option = schema.fields.get(number)
        if option is None:
            complain(f"{schema.name} has no option with number {number} that this compiler knows", number)
        elif isinstance(option.type, Rejected):
            complain(f"option {option.name} is rejected: {option.type.reason}", number)
        elif isinstance(option.type, Ignored):
            continue
        elif any(record.wire_type is not option.wire_type for record in found):
            complain(f"option {option.name} of {schema.name} is malformed", number)
        else:
            value = _decode(option, [record.value for record in found], _at(number, complain))
            if value is not None:
                values[option.name] = value
    return Values(values)


def duration(values: Values) -> timedelta:
    """Converts a Duration.

    Raises:
        ValueError: it is no Duration, not positive, or finer than a microsecond.
    """
    seconds, nanos = values.integer("seconds"), values.integer("nanos")
    if abs(seconds) > _DURATION_SECONDS or abs(nanos) > 999_999_999 or seconds * nanos < 0:
        raise ValueError("is no Duration: that is 10,000 years at most, and its parts have one sign")
    if nanos % 1000:
        raise ValueError("must be a whole number of microseconds")
    result = timedelta(seconds=seconds, microseconds=nanos // 1000)
    if result <= timedelta(0):
        raise ValueError("must be positive")
    return result


def _at(number: int, complain: Complain) -> Complain:
    """Complains of anything inside a field at the field."""
    return lambda sentence, _: complain(sentence, number)


def _by_number(data: bytes) -> dict[int, list[wire.Record]]:
    grouped: dict[int, list[wire.Record]] = {}
    for record in wire.records(data):
        grouped.setdefault(record.number, []).append(record)
    return grouped


def _decode(option: Option, raw: list[int | bytes], complain: Complain) -> object:
    if isinstance(option.type, Schema) and not option.repeated:
        # protoc writes `option (x).a = 1; option (x).b = 2;` as two records; joined, they are one message.
        return read(option.type, b"".join(_typed(bytes, value) for value in raw), complain)
    decoded = [_decode_one(option, value, complain) for value in raw]
    return decoded if option.repeated else decoded[-1]


def _decode_one(option: Option, value: int | bytes, complain: Complain) -> object:
    match option.type:
        case Schema():
            return read(option.type, _typed(bytes, value), complain)
        case Scalar.STRING:
            return _typed(bytes, value).decode()
        case Scalar.BOOL:
            return bool(value)
        case Scalar.INTEGER:
            return wire.signed(_typed(int, value))
        case Scalar.DOUBLE | Scalar.FLOAT:
            return wire.double(_typed(bytes, value))
        case type() as kind:
            return _enum(option.name, kind, _typed(int, value), complain)
    raise AssertionError(option)


def _enum(name: str, kind: type[IntEnum], value: int, complain: Complain) -> IntEnum | None:
    if value == 0:
        return None
    try:
        return kind(value)
    except ValueError:
        complain(f"option {name} has the unknown value {value}", 0)
        return None


def _typed(kind: type[ValueT], value: object) -> ValueT:
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
    return value
