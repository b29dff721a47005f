"""The portfolio file: what people and other systems write as JSON."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from google.protobuf.descriptor_pb2 import FieldOptions
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from buf.validate import validate_pb2
from triglot.contract import runtime
from triglot.risk import located_json
from triglot.risk.inputs import MIB, InputError, quote, read_text
from triglot.risk.located_json import Document, Location
from triglot.risk.prices import PriceWindowError, price_on
from triglot.risk.statistics import divide_half_even
from triglot.risk.v1.market_pb2 import Portfolio, Position, PriceHistory

MAX_FILE_BYTES = MIB

_EXPOSURE_LIMIT = 2**53
_QUANTITY = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
# ISO 4217 gives these no decimals, then three, then four.
_WITHOUT_CENTS = re.compile(
    "BIF|CLP|DJF|GNF|ISK|JPY|KMF|KRW|PYG|RWF|UGX|UYI|VND|VUV|XAF|XOF|XPF|BHD|IQD|JOD|KWD|LYD|OMR|TND|CLF|UYW"
)

# By Pydantic's type of error, and by the field where that says more.
_SENTENCES = {
    "extra_forbidden": "is not a field of a portfolio file",
    "extra_forbidden exposure_minor": "stands beside a quantity; a position has one of the two",
    "missing": "is missing",
    "missing exposure_minor": "is missing; a position needs it or a quantity",
    "model_type": "must be an object in braces",
    "list_type": "must be a list in square brackets",
    "string_type": "must be text in quotation marks",
    "int_type": "must be a whole number of minor units (cents), without quotes, point or exponent",
    "greater_than": "is out of range: an exposure must be above -2^53 minor units",
    "less_than": "is out of range: an exposure must be below 2^53 minor units",
    "string_too_short": "is empty",
    "string_too_long": "is longer than {max_length} characters",
    "too_short": "is empty",
    "too_long": "has {actual_length:,} positions; at most {max_length:,} are allowed",
    "quantity": "{input} is no decimal number of at most 15 digits before and 15 after the point",
    "string_pattern_mismatch currency": "{input} is no currency code of three capital letters like USD",
    "string_pattern_mismatch id": "{input} is no id: lower-case letters, digits and hyphens, 63 at most, "
    "the first no hyphen",
}


def _rules(message: type[Portfolio | Position], name: str) -> validate_pb2.FieldRules:
    """The contract's rules for a field, so that the published schema cannot say anything else."""
    options: FieldOptions = message.DESCRIPTOR.fields_by_name[name].GetOptions()
    # protoc's stubs type an extension as what describes it.
    return options.Extensions[validate_pb2.field]  # type: ignore[index]


def _parse_quantity(value: object) -> Decimal:
    # `format` writes a number's exponent out; the pattern bounds what it may give.
    if isinstance(value, Decimal) and abs(value.adjusted()) < 20:
        text = format(value, "f")
    elif isinstance(value, str) or type(value) is int:
        text = str(value)
    else:
        text = ""
    if _QUANTITY.fullmatch(text) is None:
        raise PydanticCustomError("quantity", "is no quantity")
    return Decimal(text)


Quantity = Annotated[
    Decimal,
    PlainValidator(_parse_quantity),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": f"^{_QUANTITY.pattern}$"}]}),
]
"""A decimal number, exact: read from JSON's digits or from text, never through a binary float."""

Symbol = Annotated[
    str,
    Field(
        min_length=_rules(Position, "symbol").string.min_len,
        max_length=_rules(Position, "symbol").string.max_len,
        description="The asset's column in the prices.",
    ),
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ExposurePosition(_Part):
    """A holding of one asset, by its value."""

    symbol: Symbol
    exposure_minor: int = Field(
        gt=_rules(Position, "exposure_minor").int64.gt,
        lt=_rules(Position, "exposure_minor").int64.lt,
        description="Its signed value in minor units of the currency (cents); negative when short.",
    )


class QuantityPosition(_Part):
    """A holding of one asset, by how much of it there is."""

    symbol: Symbol
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


@dataclass(frozen=True)
class Holdings:
    """A portfolio file that has been read; its quantities wait for prices."""

    file: PortfolioFile
    document: Document

    @property
    def symbols(self) -> list[str]:
        """What must have prices."""
        return [position.symbol for position in self.file.positions]

    def value(self, history: PriceHistory | None = None, as_of_date: str = "") -> Portfolio:
        """Returns the contract's message.

        Args:
            history: The prices of all symbols; needed where a position has a quantity.
            as_of_date: The day of it whose prices count.

        Raises:
            InputError: If a quantity has no price or too large a value, or every exposure is 0.
        """
        portfolio = Portfolio(
            id=self.file.id,
            name=self.file.name,
            currency=self.file.currency,
            positions=[
                Position(symbol=position.symbol, exposure_minor=self._exposure(index, history, as_of_date))
                for index, position in enumerate(self.file.positions)
            ],
        )
        if not any(position.exposure_minor for position in portfolio.positions):
            raise self.document.error("every exposure is 0, so there is no risk", ("positions",))
        try:
            runtime.check(portfolio)
        except runtime.InvalidArgumentError as error:
            raise InputError(str(error), self.document.path) from error
        return portfolio

    def _exposure(self, index: int, history: PriceHistory | None, as_of_date: str) -> int:
        position = self.file.positions[index]
        if isinstance(position, ExposurePosition):
            return position.exposure_minor
        location: Location = ("positions", index, "quantity")
        if history is None:
            raise self.document.error("needs prices, and there are none here", location)
        try:
            price = price_on(history, as_of_date, position.symbol)
        except PriceWindowError as error:
            raise self.document.error(str(error), location) from error
        exposure = value_minor(position.quantity, price, history.decimals)
        if abs(exposure) >= _EXPOSURE_LIMIT:
            problem = f"comes to {exposure} minor units, and exposures must be below 2^53"
            raise self.document.error(problem, location)
        return exposure


def value_minor(quantity: Decimal, price: int, decimals: int) -> int:
    """Returns the value of a quantity in minor units, rounded half to even.

    Args:
        quantity: How many units.
        price: The price of one, in units of 10^-decimals of the currency.
        decimals: How many decimals the price has.
    """
    numerator, denominator = quantity.as_integer_ratio()
    return divide_half_even(numerator * price * 100, denominator * 10**decimals)


def read_holdings(path: Path) -> Holdings:
    """Reads a portfolio file.

    Raises:
        InputError: If it is none.
    """
    document = located_json.parse(read_text(path, MAX_FILE_BYTES), path)
    try:
        file = PortfolioFile.model_validate(document.value)
    except ValidationError as error:
        raise _first_error(document, error.errors(include_url=False)) from error
    _check_currency(document, file)
    _check_symbols(document, file)
    return Holdings(file, document)


def read_portfolio(path: Path) -> Portfolio:
    """Reads a portfolio file that has exposures alone.

    Raises:
        InputError: If it is none.
    """
    return read_holdings(path).value()


def _check_currency(document: Document, file: PortfolioFile) -> None:
    if _WITHOUT_CENTS.fullmatch(file.currency):
        raise document.error(
            f"{file.currency} has no cents; only currencies with two decimals will do", ("currency",)
        )


def _check_symbols(document: Document, file: PortfolioFile) -> None:
    seen: dict[str, int] = {}
    for index, position in enumerate(file.positions):
        first = seen.setdefault(position.symbol, index)
        if first != index:
            problem = f"{quote(position.symbol)} is in positions[{first}] already; a symbol may occur once"
            raise document.error(problem, ("positions", index, "symbol"))


def _first_error(document: Document, errors: Sequence[ErrorDetails]) -> InputError:
    """Returns the error that a reader of the file meets first, in our words."""
    located = [(_without_tag(error["loc"]), error) for error in errors]
    location, error = min(located, key=lambda pair: document.offset(pair[0]))
    return document.error(_sentence(location, error), location)


def _without_tag(location: Location) -> Location:
    """Leaves out what Pydantic adds after a position's index: which kind it took the position for."""
    return location[:2] + location[3:] if location[0:1] == ("positions",) else location


def _sentence(location: Location, error: ErrorDetails) -> str:
    kind = error["type"]
    field = location[-1] if location else ""
    sentence = _SENTENCES.get(f"{kind} {field}") or _SENTENCES.get(kind) or error["msg"]
    value = error["input"]
    text = quote(value) if isinstance(value, str) else json.dumps(value, default=str)
    return sentence.format(input=text, **error.get("ctx", {}))
