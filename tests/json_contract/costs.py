"""What a trade costs in each form: bytes, and the time to encode one, and to decode and check one."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from google.protobuf import json_format
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import PayloadConverter

from json_contract.built import Built
from json_contract.cases import CASES, as_json, as_message
from json_contract.settlement import LANGUAGES
from json_contract.trade import Trade
from triglot.contract import runtime

PLAIN, JSON, BINARY = FORMS = ("json/plain", "json/protobuf", "binary/protobuf")
BATCHES = 15
BATCH_SECONDS = 0.002


class Cost(NamedTuple):
    """Nanoseconds of one payload."""

    encode: float
    decode_and_check: float


def payloads(built: Built) -> dict[str, Any]:
    """Returns the payload of one trade by its form, as Python writes it."""
    return {form: converter.to_payload(value) for form, (converter, value) in _values(built).items()}


def times(built: Built) -> dict[tuple[str, str], Cost]:
    """Measures each form in each language, one after the other."""
    found = {("python", form): _cost(*each) for form, each in _values(built).items()}
    for language in LANGUAGES[1:]:
        measured = built.ask(language, "measure", as_json(CASES[0]), as_message(CASES[0]))
        found |= {(language, form): Cost(*measured[form]) for form in FORMS}
    return found


def _values(built: Built) -> dict[str, tuple[PayloadConverter, Any]]:
    trade = Trade.model_validate_json(as_json(CASES[0]))
    message = json_format.Parse(as_message(CASES[0]), built.messages.Trade())
    return {
        PLAIN: (pydantic_data_converter.payload_converter, trade),
        JSON: (runtime.data_converter("json").payload_converter, message),
        BINARY: (runtime.data_converter("binary").payload_converter, message),
    }


def _cost(converter: PayloadConverter, value: Any) -> Cost:
    payload, expected = converter.to_payload(value), type(value)

    def decode_and_check() -> None:
        received = converter.from_payload(payload, expected)
        if not isinstance(received, Trade):  # Pydantic has checked already
            runtime.validate(received)

    return Cost(_median(lambda: converter.to_payload(value)), _median(decode_and_check))


def _median(call: Callable[[], object]) -> float:
    batches = []
    for _ in range(BATCHES + 1):
        begin, calls = time.perf_counter_ns(), 0
        while time.perf_counter_ns() - begin < BATCH_SECONDS * 1e9:
            call()
            calls += 1
        batches.append((time.perf_counter_ns() - begin) / calls)
    return statistics.median(batches[1:])  # the first one only warms up


def sizes_table(sizes: dict[str, int]) -> str:
    """Returns the bytes as Markdown."""
    rows = (f"| `{form}` | {size:,} | {size / sizes[PLAIN]:.2f} |" for form, size in sizes.items())
    return "\n".join(("| form | bytes | to `json/plain` |", "|---|---|---|", *rows))


def times_table(costs: dict[tuple[str, str], Cost]) -> str:
    """Returns the times as Markdown, with their ratios to JSON of the same language."""
    rows = []
    for (language, form), cost in costs.items():
        plain = costs[language, PLAIN]
        rows.append(
            f"| {language} | `{form}` | {cost.encode / 1000:,.1f} | {cost.encode / plain.encode:.1f} "
            f"| {cost.decode_and_check / 1000:,.1f} | {cost.decode_and_check / plain.decode_and_check:.1f} |"
        )
    head = "| language | form | encode, µs | to JSON | decode and check, µs | to JSON |"
    return "\n".join((head, "|---|---|---|---|---|---|", *rows))
