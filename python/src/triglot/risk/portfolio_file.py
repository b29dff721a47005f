"""What stands in a portfolio file: a model with the contract's rules, and what is said of each broken one."""

import json
import re
from decimal import Decimal
from typing import Annotated

from google.protobuf.descriptor_pb2 import FieldOptions
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    WithJsonSchema,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from buf.validate import validate_pb2
from triglot.risk.inputs import quote
from triglot.risk.located_json import Location
from triglot.risk.v1.market_pb2 import Portfolio, Position, RiskLimit
from triglot.risk.wording import parse_percent

EXPOSURE_LIMIT = 2**53
DECIDE_WITHIN_HOURS = 24
"""How long a decision may take where the file does not say."""

_SECONDS_PER_HOUR = 3_600
_PERCENT = re.compile(r"[0-9]{2}(\.[0-9]{1,2})?", re.ASCII)
_QUANTITY = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)

# By Pydantic's type of error, and by the field where that says more.
_SENTENCES = {
    "extra_forbidden": "is not a field of a portfolio file",
    "extra_forbidden exposure_minor": "stands beside a quantity; a position has one of the two",
    "missing": "is missing",
    "missing exposure_minor": "is missing; a position needs it or a quantity",
    "model_type": "must be an object in braces",
    "dict_type": "must be an object in braces",
    "list_type": "must be a list in square brackets",
    "string_type": "must be text in quotation marks",
    "int_type": "must be a whole number of minor units (cents), without quotes, point or exponent",
    "greater_than exposure_minor": "is out of range: an exposure must be above -2^53 minor units",
    "less_than exposure_minor": "is out of range: an exposure must be below 2^53 minor units",
    "greater_than value_at_risk_minor": "is out of range: a limit must be above 0",
    "less_than value_at_risk_minor": "is out of range: a limit must be below 2^53 minor units",
    "string_too_short": "is empty",
    "string_too_long": "is longer than {max_length} characters",
    "too_short": "is empty",
    "too_long positions": "has {actual_length:,} positions; at most {max_length:,} are allowed",
    "too_long labels": "has more than {max_length:,} labels",
    "too_long approvers": "has {actual_length:,} names; at most {max_length:,} are allowed",
    "too_long escalate_to": "has {actual_length:,} addresses; at most {max_length:,} are allowed",
    "quantity": "{input} is no decimal number of at most 15 digits before and 15 after the point",
    "confidence": "{input} is no percentage from 95 to 99.99 with at most two decimals, like 97.5",
    "hours": "{input} is no number of hours between one second and 720 hours",
    "string_pattern_mismatch currency": "{input} is no currency code of three capital letters like USD",
    "string_pattern_mismatch id": "{input} is no id: lower-case letters, digits and hyphens, 63 at most, "
    "the first no hyphen",
    "string_pattern_mismatch labels": "{input} is no label's name: lower-case letters, digits and _ . -, 63 "
    "at most, the first a letter",
    "string_pattern_mismatch approvers": "{input} is no approver's name: letters, digits and . _ @ + -, "
    "100 at most, the first a letter or digit",
}


def _rules(message: type[Portfolio | Position | RiskLimit], name: str) -> validate_pb2.FieldRules:
    """The contract's rules for a field, so that the published schema cannot say anything else."""
    options: FieldOptions = message.DESCRIPTOR.fields_by_name[name].GetOptions()
    # protoc's stubs type an extension as what describes it.
    return options.Extensions[validate_pb2.field]  # type: ignore[index]


_LABELS = _rules(Position, "labels").map
_CONFIDENCE = _rules(RiskLimit, "confidence_bp").int32
_APPROVERS = _rules(RiskLimit, "approvers").repeated
_DECIDE_WITHIN = _rules(RiskLimit, "decide_within").duration
_MOST_HOURS = _DECIDE_WITHIN.lte.seconds // _SECONDS_PER_HOUR


def _digits(value: object) -> str:
    """A number's digits without an exponent; nothing where this is no number or a huge one."""
    if isinstance(value, Decimal) and abs(value.adjusted()) < 20:
        return format(value, "f")
    return str(value) if type(value) is int else ""


def _parse_quantity(value: object) -> Decimal:
    text = value if isinstance(value, str) else _digits(value)
    if _QUANTITY.fullmatch(text) is None:
        raise PydanticCustomError("quantity", "is no quantity")
    return Decimal(text)


def _parse_confidence(value: object) -> int:
    text = value if isinstance(value, str) else _digits(value)
    basis_points = parse_percent(text) if _PERCENT.fullmatch(text) else None
    if basis_points is None or not _CONFIDENCE.gte <= basis_points <= _CONFIDENCE.lte:
        raise PydanticCustomError("confidence", "is no confidence")
    return basis_points


def _parse_hours(value: object) -> Decimal:
    hours = Decimal(_digits(value) or 0)
    if not _DECIDE_WITHIN.gte.seconds <= hours * _SECONDS_PER_HOUR <= _DECIDE_WITHIN.lte.seconds:
        raise PydanticCustomError("hours", "are no hours")
    return hours


Quantity = Annotated[
    Decimal,
    PlainValidator(_parse_quantity),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": f"^{_QUANTITY.pattern}$"}]}),
]
"""A decimal number, exact: read from JSON's digits or from text, never through a binary float."""

Confidence = Annotated[
    int,
    PlainValidator(_parse_confidence),
    WithJsonSchema(
        {
            "anyOf": [
                {
                    "type": "number",
                    "minimum": _CONFIDENCE.gte / 100,
                    "maximum": _CONFIDENCE.lte / 100,
                },
                {"type": "string", "pattern": f"^{_PERCENT.pattern}$"},
            ]
        }
    ),
]
"""Basis points, read from a percentage."""

Hours = Annotated[
    Decimal | int,
    PlainValidator(_parse_hours),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": _MOST_HOURS}),
]
"""A time span, exact."""

LabelName = Annotated[str, Field(pattern=_LABELS.keys.string.pattern)]
LabelText = Annotated[str, Field(max_length=_LABELS.values.string.max_len)]
Approver = Annotated[str, Field(pattern=_APPROVERS.items.string.pattern)]
Address = Annotated[str, Field(json_schema_extra={"format": "email"})]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Position(_Part):
    symbol: str = Field(
        min_length=_rules(Position, "symbol").string.min_len,
        max_length=_rules(Position, "symbol").string.max_len,
        description="The asset's column in the prices.",
    )
    labels: dict[LabelName, LabelText] = Field(
        default_factory=dict,
        max_length=_LABELS.max_pairs,
        description="What other systems know it by, for instance its ISIN or its desk; the report "
        "carries it on.",
        json_schema_extra={"additionalProperties": False},
    )


class ExposurePosition(_Position):
    """A holding of one asset, by its value."""

    exposure_minor: int = Field(
        gt=_rules(Position, "exposure_minor").int64.gt,
        lt=_rules(Position, "exposure_minor").int64.lt,
        description="Its signed value in minor units of the currency (cents); negative when short.",
    )


class QuantityPosition(_Position):
    """A holding of one asset, by how much of it there is."""

    quantity: Quantity = Field(
        description="How many units, negative when short; the exposure is the quantity times the price "
        "of the as-of date, rounded half to even to the cent."
    )


def _kind(value: object) -> str:
    by_quantity = isinstance(value, QuantityPosition) or (isinstance(value, dict) and "quantity" in value)
    return "quantity" if by_quantity else "exposure"


AnyPosition = Annotated[
    Annotated[ExposurePosition, Tag("exposure")] | Annotated[QuantityPosition, Tag("quantity")],
    Discriminator(_kind),
]


class Limit(_Part):
    """A limit on value at risk, and who decides on a report that is above it."""

    confidence: Confidence = Field(
        description="The confidence of the value at risk in percent, a number or text; the report "
        "needs a measure at it."
    )
    value_at_risk_minor: int = Field(
        gt=_rules(RiskLimit, "value_at_risk_minor").int64.gt,
        lt=_rules(RiskLimit, "value_at_risk_minor").int64.lt,
        description="The largest value at risk that nobody need decide on, in minor units.",
    )
    approvers: list[Approver] = Field(
        min_length=_APPROVERS.min_items,
        max_length=_APPROVERS.max_items,
        description="Who may decide, each once. A name is what somebody claims; nothing authenticates it.",
        json_schema_extra={"uniqueItems": True},
    )
    decide_within_hours: Hours = Field(
        default=DECIDE_WITHIN_HOURS,
        description="How many hours a decision may take, at least a second; a report that has none by then "
        f"is withdrawn. {DECIDE_WITHIN_HOURS} where left out.",
    )
    escalate_to: list[Address] = Field(
        default_factory=list,
        max_length=_rules(RiskLimit, "escalation").repeated.max_items,
        description="E-mail addresses, each once, to write to when most of that time has passed without a "
        "decision, beside the report's recipients.",
        json_schema_extra={"uniqueItems": True},
    )


class PortfolioFile(_Part):
    """A set of positions valued in one currency."""

    model_config = ConfigDict(title="Portfolio")

    id: str = Field(
        pattern=_rules(Portfolio, "id").string.pattern,
        description="The portfolio's identifier: lower-case letters, digits and hyphens.",
    )
    name: str = Field(
        min_length=_rules(Portfolio, "name").string.min_len,
        max_length=_rules(Portfolio, "name").string.max_len,
        description="The portfolio's name for people.",
    )
    currency: str = Field(
        pattern=_rules(Portfolio, "currency").string.pattern,
        description="The ISO 4217 code of a currency with two decimals; prices are in it too.",
    )
    positions: list[AnyPosition] = Field(
        min_length=_rules(Portfolio, "positions").repeated.min_items,
        max_length=_rules(Portfolio, "positions").repeated.max_items,
        description="The positions, each symbol once.",
    )
    limit: Limit | None = Field(
        default=None,
        description="What the value at risk may be without anybody being asked; without it a report "
        "waits for nobody.",
    )


def locate(error: ErrorDetails) -> Location:
    """Returns where in the file an error lies."""
    location = error["loc"]
    if location[:1] != ("positions",):
        return location
    # Pydantic adds which kind it took a position for, and behind a key that it is one.
    return (*location[:2], *location[3:])[:4]


def describe(error: ErrorDetails) -> str:
    """Returns what is wrong, in our words."""
    kind = error["type"]
    location = locate(error)
    names = [part for part in location if isinstance(part, str)]
    # Of a label its own name says nothing.
    field = "labels" if names[1:2] == ["labels"] else names[-1] if names else ""
    sentence = _SENTENCES.get(f"{kind} {field}") or _SENTENCES.get(kind) or error["msg"]
    value = error["input"]
    if isinstance(value, str):
        text = quote(value)
    else:
        text = str(value) if isinstance(value, Decimal) else json.dumps(value, default=str)
    return sentence.format(input=text, **error.get("ctx", {}))
