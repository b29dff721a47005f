"""A trade and its settlement as a JSON contract: these models are the truth, and publish the schema.

`python tests/json_contract/trade.py` writes trade.schema.json, by which Go and TypeScript check requests.
"""

import json
import re
import sys
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

SCHEMA = Path(__file__).with_name("trade.schema.json")
ACTIVITY = "SettleTrade"
SETTLEMENT_DAYS = timedelta(days=2)


DECIMAL = r"^[0-9]{1,14}(\.[0-9]{1,6})?$"


def _decimal(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(DECIMAL, value):
        return Decimal(value)
    if isinstance(value, Decimal):
        return value
    raise ValueError("a decimal is text of digits, since a number in JSON would become a double on its way")


# Pydantic's own schema of a decimal says that a number is welcome too, and its parser knows exponents.
DecimalText = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(max_digits=20, decimal_places=6),
    WithJsonSchema({"type": "string", "pattern": DECIMAL}),
]


class Contract(BaseModel):
    """Strict: nothing is converted. Unknown fields are ignored, for old readers of new writers."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)


class Side(StrEnum):
    """Who gets the shares."""

    BUY = "BUY"
    SELL = "SELL"


class Counterparty(Contract):
    """With whom we trade."""

    name: Annotated[str, Field(min_length=1)]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1, two letters")]


class Trade(Contract):
    """Shares that change hands."""

    trade_id: Annotated[str, Field(pattern=r"^T-[0-9]+$")]
    units: Annotated[int, Field(gt=0, le=(1 << 63) - 1)]
    price: DecimalText
    side: Side
    traded_at: AwareDatetime
    counterparty: Counterparty
    rebate: Annotated[float, Field(ge=-1, le=1, description="as a part of the price")]
    note: str | None = None


class Settlement(Contract):
    """What becomes of a trade."""

    trade: Trade
    settles_at: AwareDatetime


def schema_text() -> str:
    """Returns the schema as the text of its file."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Trade.model_json_schema()}
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(schema_text())
    sys.stdout.write(f"{SCHEMA.name}: written\n")
