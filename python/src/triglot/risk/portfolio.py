"""The portfolio file: what people and other systems write as JSON."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from triglot.contract import runtime
from triglot.risk.prices import InputError
from triglot.risk.v1.market_pb2 import Portfolio, Position


class PositionEntry(BaseModel):
    """A holding of one asset."""

    model_config = ConfigDict(extra="forbid", strict=True)

    symbol: str = Field(description="The asset's column in the prices.")
    # protobuf refuses more with an error that names no field.
    exposure_minor: int = Field(
        ge=-(2**63),
        lt=2**63,
        description="Its signed value in minor units of the currency (cents); negative when short.",
    )


class PortfolioFile(BaseModel):
    """A set of positions valued in one currency.

    It fixes the shape; the rules for values stand in the contract and are checked on the message.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str = Field(description="The portfolio's identifier: lower-case letters, digits and hyphens.")
    name: str = Field(description="The portfolio's name for people.")
    currency: str = Field(description="The ISO 4217 code of a currency with two decimals.")
    positions: list[PositionEntry] = Field(description="The positions, each symbol once.")

    def to_message(self) -> Portfolio:
        """Returns the contract's message, unchecked."""
        return Portfolio(
            id=self.id,
            name=self.name,
            currency=self.currency,
            positions=[
                Position(symbol=entry.symbol, exposure_minor=entry.exposure_minor) for entry in self.positions
            ],
        )


def read_portfolio(path: Path) -> Portfolio:
    """Reads a portfolio.

    Raises:
        InputError: If the file is not such JSON or breaks a rule of the contract.
        OSError: If it cannot be read.
    """
    try:
        message = PortfolioFile.model_validate_json(path.read_bytes()).to_message()
        runtime.check(message)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise InputError(problem["msg"], path, column=field or None) from error
    except runtime.InvalidArgumentError as error:
        raise InputError(str(error), path) from error
    return message
