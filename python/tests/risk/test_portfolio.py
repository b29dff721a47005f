import json
import re
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from input_cases import PORTFOLIO

from triglot.contract import runtime
from triglot.risk.inputs import InputError
from triglot.risk.portfolio import read_holdings, read_portfolio, value_minor
from triglot.risk.v1.market_pb2 import Portfolio, Position, PriceHistory

HISTORY = PriceHistory(
    symbols=["AAA", "BBB"],
    dates=["2026-01-02", "2026-01-05"],
    decimals=3,
    prices=[1_000, 2_000, 1_005, 2_500],
)


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "portfolio.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def with_positions(*positions: dict[str, Any]) -> str:
    return json.dumps({"id": "pair", "name": "Ä pair", "currency": "EUR", "positions": positions})


def test_a_file_becomes_the_contracts_message(tmp_path: Path) -> None:
    text = with_positions(
        {"symbol": "AAA", "exposure_minor": 100}, {"symbol": "BBB", "exposure_minor": -(2**53) + 1}
    )
    assert read_portfolio(write(tmp_path, text)) == Portfolio(
        id="pair",
        name="Ä pair",
        currency="EUR",
        positions=[
            Position(symbol="AAA", exposure_minor=100),
            Position(symbol="BBB", exposure_minor=-9_007_199_254_740_991),
        ],
    )


@pytest.mark.parametrize(
    ("quantity", "exposure"),
    [
        ("1", 100),  # 100.5 cents, half to even
        ("3", 302),  # 301.5
        ("-1", -100),
        ("-3", -302),
        ('"3"', 302),
        ("0.1", 10),  # 10.05, where a binary float would be a little more or less
        ('"0.1234567890123456"', None),
        ('"1000000.000000000000001"', 100_500_000),
        ("2e2", 20_100),
        ("1.5E1", 1_508),  # 1,507.5
        ("1e-3", 0),
    ],
)
def test_quantities_are_valued_exactly(tmp_path: Path, quantity: str, exposure: int | None) -> None:
    text = with_positions({"symbol": "BBB", "exposure_minor": 1}).replace(
        "[{", f'[{{"symbol": "AAA", "quantity": {quantity}}}, {{'
    )
    path = write(tmp_path, text)
    if exposure is None:
        with pytest.raises(InputError, match="15 digits before and 15 after"):
            read_holdings(path)
        return
    holdings = read_holdings(path)
    assert holdings.symbols == ["AAA", "BBB"]
    assert holdings.value(HISTORY, "2026-01-05").positions[0].exposure_minor == exposure


@given(
    quantity=st.decimals(-(10**14), 10**14, places=15),
    price=st.integers(1, 2**53),
    decimals=st.integers(0, 15),
)
def test_values_are_those_of_decimal_arithmetic(quantity: Decimal, price: int, decimals: int) -> None:
    with localcontext(prec=100):
        expected = (quantity * price * 100).scaleb(-decimals).to_integral_value(ROUND_HALF_EVEN)
    assert value_minor(quantity, price, decimals) == expected


def test_quantities_need_prices(tmp_path: Path) -> None:
    path = write(tmp_path, PORTFOLIO)
    with pytest.raises(InputError) as caught:
        read_portfolio(path)
    assert (
        str(caught.value) == f"{path}, line 7, positions[1].quantity: needs prices, and there are none here"
    )


def test_what_is_read_keeps_the_contracts_rules(tmp_path: Path) -> None:
    positions = [{"symbol": f"{number:032}", "exposure_minor": number} for number in range(1_000)]
    runtime.check(read_portfolio(write(tmp_path, with_positions(*positions))))


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_damage_gives_a_portfolio_or_an_error_that_names_the_file(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(PORTFOLIO.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        damage = st.binary(max_size=3) | st.sampled_from([b'"', b"{", b"}", b"1e9", b"null", b"\\u", b","])
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(damage)
    path = write(tmp_path_factory.mktemp("damage"), bytes(content))
    message = ""
    try:
        runtime.check(read_holdings(path).value(HISTORY, "2026-01-05"))
    except InputError as error:
        message = str(error)
    assert not message or re.fullmatch(f"{re.escape(str(path))}(, .*)?: .*", message)
