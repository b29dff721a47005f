import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triglot.risk import located_json
from triglot.risk.inputs import InputError

PATH = Path("a.json")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**50), 10**50) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(value=VALUES, indent=st.sampled_from([None, 2]), ascii_only=st.booleans())
def test_json_reads_back(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert located_json.parse(text, PATH).value == value


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=9))
def test_decimals_are_exact(number: Decimal) -> None:
    assert located_json.parse(f" {number:f} ", PATH).value == number


@given(st.text(st.sampled_from('{}[]":,0123.eE+-tfn\\u \n'), max_size=12))
def test_what_the_standard_library_refuses_is_refused(text: str) -> None:
    try:
        ours = located_json.parse(text, PATH).value
    except InputError:
        return
    theirs = json.loads(text)
    assert ours == theirs or isinstance(ours, Decimal) or "." in text or "e" in text.lower()


def test_values_know_their_place() -> None:
    document = located_json.parse('{\n "a": [1,\n  {"b": 2}]\n}', PATH)
    assert str(document.error("no", ("a", 1, "b"))) == "a.json, line 3, a[1].b: no"
    # What is missing stands where that stands in which it is missing.
    assert str(document.error("no", ("a", 1, "c"))) == "a.json, line 3, a[1].c: no"
    assert str(document.error("no", ())) == "a.json, line 1: no"


def test_odd_keys_are_quoted() -> None:
    document = located_json.parse('{"a b": {"x\\ny": 1}}', PATH)
    assert str(document.error("no", ("a b", "x\ny"))) == r"a.json, line 1, 'a b'.'x\ny': no"


def test_nesting_ends_before_the_stack_does() -> None:
    with pytest.raises(InputError, match="nested too deeply"):
        located_json.parse("[" * 100_000, PATH)
