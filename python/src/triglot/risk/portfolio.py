"""The portfolio file: what people and other systems write as JSON."""

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from google.protobuf.duration_pb2 import Duration
from pydantic import ValidationError

from triglot.contract import runtime
from triglot.notification.v1.notification_pb2 import EmailRecipient, Recipient
from triglot.risk import located_json
from triglot.risk.inputs import MIB, InputError, quote, read_text
from triglot.risk.located_json import Document, Location
from triglot.risk.portfolio_file import (
    EXPOSURE_LIMIT,
    ExposurePosition,
    Limit,
    PortfolioFile,
    describe,
    locate,
)
from triglot.risk.prices import PriceWindowError, price_on
from triglot.risk.statistics import divide_half_even
from triglot.risk.v1.market_pb2 import Portfolio, Position, PriceHistory, RiskLimit

MAX_FILE_BYTES = 8 * MIB

_NANOSECONDS_PER_HOUR = 3_600 * 10**9
# ISO 4217 gives these no decimals, then three, then four.
_WITHOUT_CENTS = re.compile(
    "BIF|CLP|DJF|GNF|ISK|JPY|KMF|KRW|PYG|RWF|UGX|UYI|VND|VUV|XAF|XOF|XPF|BHD|IQD|JOD|KWD|LYD|OMR|TND|CLF|UYW"
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
                Position(
                    symbol=position.symbol,
                    exposure_minor=self._exposure(index, history, as_of_date),
                    labels=position.labels,
                )
                for index, position in enumerate(self.file.positions)
            ],
            limit=_limit(self.file.limit) if self.file.limit else None,
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
        if abs(exposure) >= EXPOSURE_LIMIT:
            problem = f"comes to {exposure} minor units, and exposures must be below 2^53"
            raise self.document.error(problem, location)
        return exposure


def _limit(limit: Limit) -> RiskLimit:
    decide_within = Duration()
    decide_within.FromNanoseconds(round(limit.decide_within_hours * _NANOSECONDS_PER_HOUR))
    return RiskLimit(
        confidence_bp=limit.confidence,
        value_at_risk_minor=limit.value_at_risk_minor,
        approvers=limit.approvers,
        decide_within=decide_within,
        escalation=[Recipient(email=EmailRecipient(address=address)) for address in limit.escalate_to],
    )


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
        errors = error.errors(include_url=False)
        # The one that a reader of the file meets first.
        first = min(errors, key=lambda each: document.offset(locate(each)))
        raise document.error(describe(first), locate(first)) from error
    _check_currency(document, file)
    _check_symbols(document, file)
    if file.limit:
        _check_limit(document, file.limit)
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


def _check_limit(document: Document, limit: Limit) -> None:
    for name, words in (("approvers", limit.approvers), ("escalate_to", limit.escalate_to)):
        for index, word in enumerate(words):
            if word in words[:index]:
                raise document.error(f"{quote(word)} occurs twice", ("limit", name, index))
    for index, address in enumerate(limit.escalate_to):
        try:
            runtime.check(EmailRecipient(address=address))
        except runtime.InvalidArgumentError as error:
            location = ("limit", "escalate_to", index)
            raise document.error(f"{quote(address)} is no mail address", location) from error
