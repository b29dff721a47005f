import json
from pathlib import Path
from typing import Any

import pytest

from triglot.risk.portfolio import read_portfolio
from triglot.risk.prices import InputError
from triglot.risk.v1.market_pb2 import Portfolio, Position

GOOD: dict[str, Any] = {
    "id": "pair",
    "name": "A pair",
    "currency": "USD",
    "positions": [
        {"symbol": "AAA", "exposure_minor": 100},
        {"symbol": "BBB", "exposure_minor": -(2**53) + 1},
    ],
}


def write(folder: Path, text: str) -> Path:
    path = folder / "portfolio.json"
    path.write_text(text)
    return path


def test_a_file_becomes_the_contracts_message(tmp_path: Path) -> None:
    assert read_portfolio(write(tmp_path, json.dumps(GOOD))) == Portfolio(
        id="pair",
        name="A pair",
        currency="USD",
        positions=[
            Position(symbol="AAA", exposure_minor=100),
            Position(symbol="BBB", exposure_minor=-9_007_199_254_740_991),
        ],
    )


def positions(*values: Any) -> dict[str, Any]:
    return {"positions": list(values)}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"colour": "red"}, "colour: Extra inputs"),
        (positions({"symbol": "AAA"}), r"positions.0.exposure_minor: Field required"),
        (positions({"symbol": "AAA", "exposure_minor": 1.5}), r"positions.0.exposure_minor: .*integer"),
        (positions({"symbol": "AAA", "exposure_minor": "1"}), r"positions.0.exposure_minor: .*integer"),
        (positions({"symbol": "AAA", "exposure_minor": True}), r"positions.0.exposure_minor: .*integer"),
        (positions({"symbol": "AAA", "exposure_minor": 2**63}), r"positions.0.exposure_minor: .*less than"),
        (positions({"symbol": "AAA", "exposure_minor": 2**53}), r"positions\[0\].exposure_minor"),
        (positions({"symbol": "", "exposure_minor": 1}), r"positions\[0\].symbol"),
        (positions(), "positions"),
        (positions(*[{"symbol": "AAA", "exposure_minor": 1}] * 2), "each symbol may occur once"),
        ({"id": "Not An Id"}, "id"),
        ({"currency": "dollars"}, "currency"),
    ],
)
def test_bad_portfolios_are_named(tmp_path: Path, change: dict[str, Any], problem: str) -> None:
    path = write(tmp_path, json.dumps({**GOOD, **change}))
    with pytest.raises(InputError, match=f"portfolio.json.*{problem}"):
        read_portfolio(path)


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"'])
def test_no_portfolio_at_all(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"portfolio\.json"):
        read_portfolio(write(tmp_path, text))
