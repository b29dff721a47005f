import json
import re
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from hypothesis import given, settings
from hypothesis import strategies as st
from input_cases import LIMIT, PORTFOLIO

from triglot.contract import runtime
from triglot.notification.v1.notification_pb2 import EmailRecipient, Recipient
from triglot.risk.inputs import InputError
from triglot.risk.portfolio import read_holdings, read_portfolio, value_minor
from triglot.risk.v1.market_pb2 import Portfolio, Position, PriceHistory, RiskLimit

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


def with_limit(**fields: Any) -> str:
    limit = {"confidence": 99, "value_at_risk_minor": 5_000_000, "approvers": ["risk-officer"], **fields}
    text = with_positions({"symbol": "AAA", "exposure_minor": 1})
    return json.dumps({**json.loads(text), "limit": limit})


def test_a_limit_becomes_the_contracts(tmp_path: Path) -> None:
    text = PORTFOLIO.replace("  ]\n}", f"  ],\n{LIMIT}}}")
    assert read_holdings(write(tmp_path, text)).value(HISTORY, "2026-01-05").limit == RiskLimit(
        confidence_bp=9_900,
        value_at_risk_minor=5_000_000,
        approvers=["risk-officer"],
        decide_within=Duration(seconds=30_600),
        escalation=[Recipient(email=EmailRecipient(address="head@example.com"))],
    )


def test_a_limit_may_leave_out_what_most_would_say(tmp_path: Path) -> None:
    limit = read_portfolio(write(tmp_path, with_limit())).limit
    assert limit.decide_within == Duration(seconds=24 * 3_600)
    assert list(limit.escalation) == []


def test_without_a_limit_there_is_none(tmp_path: Path) -> None:
    text = with_positions({"symbol": "AAA", "exposure_minor": 1})
    assert not read_portfolio(write(tmp_path, text)).HasField("limit")
    text = text.replace("{", '{"limit": null, ', 1)
    assert not read_portfolio(write(tmp_path, text)).HasField("limit")


@pytest.mark.parametrize(
    ("confidence", "basis_points"),
    [
        ("95", 9_500),
        ('"97.5"', 9_750),
        ("99.9", 9_990),
        ("99.99", 9_999),
        ("9.9e1", 9_900),
        ('"99.50"', 9_950),
    ],
)
def test_confidences_are_percentages(tmp_path: Path, confidence: str, basis_points: int) -> None:
    text = with_limit().replace('"confidence": 99', f'"confidence": {confidence}')
    assert read_portfolio(write(tmp_path, text)).limit.confidence_bp == basis_points


@pytest.mark.parametrize(
    ("hours", "time"),
    [
        ("720", Duration(seconds=2_592_000)),
        ("0.1", Duration(seconds=360)),
        ("0.00027777777778", Duration(seconds=1)),  # just above 1/3600
        ("1.0000000001", Duration(seconds=3_600, nanos=360)),
    ],
)
def test_hours_are_exact_to_the_nanosecond(tmp_path: Path, hours: str, time: Duration) -> None:
    text = with_limit(decide_within_hours=5).replace(": 5}", f": {hours}}}")
    assert read_portfolio(write(tmp_path, text)).limit.decide_within == time


def test_less_than_a_second_is_no_time(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="between one second and 720 hours"):
        read_portfolio(write(tmp_path, with_limit(decide_within_hours=0.000277)))


def test_labels_are_carried_on(tmp_path: Path) -> None:
    text = with_positions(
        {"symbol": "AAA", "exposure_minor": 1, "labels": {"isin": "XX0000000000", "desk.id": ""}},
        {"symbol": "BBB", "quantity": 1, "labels": {"name": "Bébé"}},
    )
    positions = read_holdings(write(tmp_path, text)).value(HISTORY, "2026-01-05").positions
    assert [dict(position.labels) for position in positions] == [
        {"isin": "XX0000000000", "desk.id": ""},
        {"name": "Bébé"},
    ]


def test_the_most_that_may_be_written_is_read(tmp_path: Path) -> None:
    labels = {f"l{number}": "x" * 256 for number in range(20)}
    positions = [
        {"symbol": f"{number:032}", "exposure_minor": 1, "labels": labels} for number in range(1_000)
    ]
    path = write(tmp_path, with_positions(*positions))
    assert path.stat().st_size > 5 * 10**6
    runtime.check(read_portfolio(path))


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
    content = bytearray(PORTFOLIO.replace("  ]\n}", f"  ],\n{LIMIT}}}").encode())
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
