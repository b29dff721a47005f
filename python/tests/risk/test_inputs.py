import gzip
import tracemalloc
from pathlib import Path

import input_table
import pytest
from input_cases import PORTFOLIO, PRICES, TABLE, Case, lay_out

from triglot.risk.inputs import MIB, InputError, list_names, quote, read_text
from triglot.risk.loading import load_inputs
from triglot.risk.v1.market_pb2 import Portfolio, Position

CASES = [case for cases in TABLE.values() for case in cases]


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Seen from here, the files have the names that the messages of the table have.
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.message[:80])
def test_bad_input_gives_one_message(case: Case, tmp_path: Path) -> None:
    arguments = lay_out(case, tmp_path)
    with pytest.raises(InputError) as caught:
        load_inputs(**arguments)
    assert str(caught.value) == case.message
    assert "\n" not in case.message


def test_the_table_in_the_docs_is_fresh() -> None:
    page = input_table.PAGE.read_text()
    assert page == input_table.updated(page)


def test_every_kind_is_listed_once() -> None:
    for cases in TABLE.values():
        kinds = [case.kind for case in cases]
        assert len(set(kinds)) == len(kinds)


def write_good() -> None:
    Path("prices.csv").write_text(PRICES)
    Path("portfolio.json").write_text(PORTFOLIO)


def test_good_files_become_messages() -> None:
    write_good()
    inputs = load_inputs("portfolio.json", "prices.csv")
    # 12.5 times 0.0015 are 1.875 cents, short.
    assert inputs.portfolio == Portfolio(
        id="pair",
        name="A pair",
        currency="USD",
        positions=[
            Position(symbol="AAA", exposure_minor=100_000),
            Position(symbol="BBB", exposure_minor=-2),
        ],
    )
    assert (inputs.from_date, inputs.as_of_date) == ("", "2026-01-06")


def test_quantities_have_the_price_of_the_as_of_date() -> None:
    write_good()
    inputs = load_inputs("portfolio.json", "prices.csv", as_of_date="2026-01-05")
    # 2.5 cents, half to even. Exposures stay what they are.
    assert [position.exposure_minor for position in inputs.portfolio.positions] == [100_000, -2]
    Path("portfolio.json").write_text(PORTFOLIO.replace("-12.5", "-17.5"))
    inputs = load_inputs("portfolio.json", "prices.csv", as_of_date="2026-01-05")
    assert inputs.portfolio.positions[1].exposure_minor == -4


def test_as_many_days_as_the_kernel_takes() -> None:
    inputs = load_inputs("synthetic", "synthetic:1x65537")
    assert len(inputs.history.dates) == 65_537


def test_errors_carry_their_place() -> None:
    error = InputError("no", Path("a.csv"), 3, "BBB")
    assert (error.path, error.line, error.column, error.field) == (Path("a.csv"), 3, "BBB", None)
    assert str(InputError("no", Path("a.json"), 2, field="id")) == "a.json, line 2, id: no"
    assert str(InputError("no")) == "no"


def test_line_ends_are_alike() -> None:
    Path("a").write_bytes(b"\xef\xbb\xbfa\r\nb\rc\n")
    assert read_text(Path("a"), 100) == "a\nb\nc\n"


def test_a_file_may_be_as_large_as_its_limit() -> None:
    Path("a").write_bytes(bytes(range(1, 11)))
    assert len(read_text(Path("a"), 10)) == 10
    with pytest.raises(InputError, match="larger"):
        read_text(Path("a"), 9)


@pytest.mark.parametrize("name", ["a", "a.gz"])
def test_no_more_is_read_than_may_be(name: str) -> None:
    huge = bytes(64 * MIB)
    Path(name).write_bytes(gzip.compress(huge, 1) if name.endswith(".gz") else huge)
    tracemalloc.start()
    with pytest.raises(InputError, match="larger than 1 MiB"):
        read_text(Path(name), MIB)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * MIB


def test_what_is_quoted_is_short_and_prints() -> None:
    assert quote("a\nb") == r"'a\nb'"
    assert quote("x" * 1_000) == f"'{'x' * 39}…'"
    assert list_names({"b", "a"}) == "a, b"
    assert list_names([f"{number:04}" for number in range(1_005)]).endswith("0004 and 1,000 more")
