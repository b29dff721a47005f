"""One activity by two contracts, Protobuf and JSON, in three languages: what each catches."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest
from temporalio.client import Client

from documents import check_table
from json_contract import costs
from json_contract.built import Built, build, serving
from json_contract.cases import CASES, TRADE, Case, as_json, as_message
from json_contract.settlement import LANGUAGES, Answer, Calls, Relay, SettleEverywhere
from json_contract.trade import ACTIVITY, SCHEMA, SETTLEMENT_DAYS, Settlement, Trade, schema_text

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = "json-contract.md"
CONTRACTS = ("protobuf", "json")
MESSAGE = {"encoding": "json/protobuf", "messageType": "settlement.v1.Trade"}
ABSENT = "absent"


@pytest.fixture(scope="module")
def built() -> Built:
    return build()


@dataclass(frozen=True)
class Seen:
    """What the workers answered: by task queue, in the order of the cases; and to a typed call."""

    answers: dict[str, list[Answer]]
    typed: list[Settlement]


@pytest.fixture(scope="module")
def seen(built: Built) -> Seen:
    return asyncio.run(look(built))


async def look(built: Built) -> Seen:
    async with serving(built) as client:
        queues = [f"{contract}-{language}" for contract in CONTRACTS for language in LANGUAGES]
        answers = await asyncio.gather(*(relay(client, built, queue) for queue in queues))
        typed = await client.execute_workflow(
            SettleEverywhere.run, Trade.model_validate_json(json.dumps(TRADE)),
            id=str(uuid.uuid4()), task_queue="calls",
        )  # fmt: skip
        return Seen(dict(zip(queues, answers, strict=True)), typed)


async def relay(client: Client, built: Built, queue: str) -> list[Answer]:
    if queue.startswith("json"):
        activity_type, metadata, write = ACTIVITY, {"encoding": "json/plain"}, as_json
    else:
        activity_type, metadata = built.temporal.SettlementService.SETTLE_TRADE, MESSAGE
        write = as_message
    data = [base64.b64encode(write(case).encode()).decode() for case in CASES]
    calls = Calls(activity_type, queue, metadata, data)
    return await client.execute_workflow(Relay.run, calls, id=str(uuid.uuid4()), task_queue="calls")


class Number(str):
    """A number as it stands in JSON."""


def value_at(text: str, path: str, *, of_message: bool) -> str:
    """Returns the JSON of a field, or ABSENT."""
    place = json.loads(text, parse_float=Number, parse_int=Number, parse_constant=Number)
    for name in path.split("."):
        camel = re.sub("_(.)", lambda found: found[1].upper(), name)
        key = camel if of_message and camel in place else name
        if key not in place:
            return ABSENT
        place = place[key]
    return str(place) if isinstance(place, Number) else json.dumps(place, ensure_ascii=False)


def same(sent: str, received: str) -> bool:
    """Whether two texts in JSON mean the same."""
    if sent == received or {sent, received} <= {ABSENT, "null"}:
        return True
    try:
        a, b = (Decimal(each.strip('"')) for each in (sent, received))
        return a == b and a.is_signed() == b.is_signed()
    except InvalidOperation:
        return moment(sent) is not None and moment(sent) == moment(received)


def moment(text: str) -> tuple[datetime, str] | None:
    """Returns a time to the second, and its fraction of whatever length."""
    found = re.fullmatch(r'"(\d{4}-\d\d-\d\dT[\d:]+)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)"', text)
    try:
        return found and (datetime.fromisoformat(found[1] + found[3]), (found[2] or "").rstrip("0"))
    except ValueError:
        return None  # such a day there is not


def outcome(case: Case, contract: str, answer: Answer) -> str:
    """What a cell of the table says."""
    if answer.data is None:
        return "refused, retried" if answer.retried else "refused"
    path = case.renamed or case.path
    of_message = contract == "protobuf"
    if not path:
        return "taken"
    sent = value_at((as_message if of_message else as_json)(case), path, of_message=of_message)
    received = value_at(answer.data, f"trade.{path}", of_message=of_message)
    if same(sent, received):
        return "✓"
    return "dropped" if received == ABSENT else f"`{received}`"


def test_what_each_catches(seen: Seen, pytestconfig: pytest.Config) -> None:
    head = "".join(f" {contract}, {language} |" for contract in CONTRACTS for language in LANGUAGES)
    lines = [f"| case |{head}", "|---|" + "---|" * len(CONTRACTS) * len(LANGUAGES)]
    for number, case in enumerate(CASES):
        cells = [
            outcome(case, contract, seen.answers[f"{contract}-{language}"][number])
            for contract in CONTRACTS
            for language in LANGUAGES
        ]
        lines.append(f"| {case.name} | " + " | ".join(cells) + " |")
    check_table(pytestconfig, PAGE, "cases", "\n".join(lines))


def test_a_typed_call_settles_in_each_language(seen: Seen) -> None:
    trade = Trade.model_validate_json(json.dumps(TRADE))
    assert seen.typed == [Settlement(trade=trade, settles_at=trade.traded_at + SETTLEMENT_DAYS)] * 3


def test_the_schema_is_the_models() -> None:
    assert SCHEMA.read_text() == schema_text(), "run python tests/json_contract/trade.py"


@pytest.mark.parametrize("language", ["go", "typescript"])
def test_types_know_the_fields_of_the_schema(built: Built, language: str) -> None:
    schema = json.loads(SCHEMA.read_text())
    models = {"Trade": schema, **schema["$defs"]}
    fields: dict[str, list[str]] = built.ask(language, "fields")
    assert fields == {name: list(models[name]["properties"]) for name in fields}


def test_what_a_payload_weighs(built: Built, pytestconfig: pytest.Config) -> None:
    sizes = {form: len(payload.data) for form, payload in costs.payloads(built).items()}
    check_table(pytestconfig, PAGE, "sizes", costs.sizes_table(sizes))


def test_binary_takes_less_time_than_json_of_the_same_message(
    built: Built, pytestconfig: pytest.Config
) -> None:
    times = costs.times(built)
    for language in LANGUAGES:
        binary, json_ = (sum(times[language, form]) for form in (costs.BINARY, costs.JSON))
        assert binary < json_, language
    # Another machine takes another time, so the page is renewed with them and not compared.
    if pytestconfig.getoption("--renew-docs"):
        check_table(pytestconfig, PAGE, "times", costs.times_table(times))


def test_the_pages_code_is_that_of_the_tests() -> None:
    page = (ROOT / "docs" / PAGE).read_text()
    blocks = re.findall(r"^```\w+\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    files = [path.read_text() for path in HERE.rglob("*") if path.suffix in (".go", ".proto", ".py", ".ts")]
    assert len(blocks) > 5
    for block in blocks:
        assert any(block in text for text in files), block
