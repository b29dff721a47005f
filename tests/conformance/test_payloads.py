"""Payloads of every kind, written by each language and read by each: all alike, or known not to be."""

from __future__ import annotations

from itertools import chain

import pytest

import payload_matrix
from documents import check_table
from languages import LANGUAGES, Answer, Languages, Operation, decoded, encoded
from payload_cases import BROKEN, Case, Cell, Word, cases, divergences
from payload_outcomes import Observer, Outcomes, agrees, full_name

DISTINCT_RULES = 400
SAMPLE = """
double: -0.5 float: 0.1 int32: -1 int64: 9007199254740993 uint32: 7 uint64: 18446744073709551615 sint32: -3
sint64: 4 fixed32: 5 fixed64: 6 sfixed32: -7 sfixed64: -8 bool: true string: "zürich 🙂" bytes: "\\000\\377"
"""


@pytest.fixture(scope="module")
def observer(payload_languages: Languages) -> Observer:
    return Observer(payload_languages)


@pytest.fixture(scope="module")
def outcomes(observer: Observer) -> dict[str, Outcomes]:
    return observer.observe(cases())


def complaint(observer: Observer, case: Case, cell: Cell, outcome: str) -> str | None:
    """Says what is wrong with what happened in a cell."""
    place = f"{cell.writer} to {cell.reader}, {cell.encoding}"
    rule = observer.expected(case, cell)
    known = case.known_at(cell)
    if known is None:
        return None if agrees(outcome, rule) else f"{place}: expected {rule!r}, got {outcome!r}"
    if agrees(outcome, rule):
        return f"{place}: {known.divergence.name} has healed; take it out of the case and renew the docs"
    expected = observer.as_outcome(case, cell, known.gives)
    if agrees(outcome, expected):
        return None
    return f"{place}: {known.divergence.name} has changed: known is {expected!r}, got {outcome!r}"


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_rule(observer: Observer, outcomes: dict[str, Outcomes], case: Case) -> None:
    found = outcomes[case.id]
    assert found.keys() == set(case.cells())
    complaints = [complaint(observer, case, cell, found[cell]) for cell in case.cells()]
    assert not any(complaints), "\n".join([case.rule, *filter(None, complaints)])


def test_rules_are_many_and_each_is_told_once() -> None:
    rules = [case.rule for case in cases()]
    assert len(set(rules)) >= DISTINCT_RULES
    assert sorted(rules) == sorted(set(rules))
    identities = [case.id for case in cases()]
    assert sorted(identities) == sorted(set(identities))


def test_every_pair_has_been_observed_in_every_encoding(outcomes: dict[str, Outcomes]) -> None:
    found = {(cell.encoding, cell.writer, cell.reader) for cell in chain.from_iterable(outcomes.values())}
    for encoding in ("json", "binary", "plain"):
        for writer in LANGUAGES:
            assert found >= {(encoding, writer, reader) for reader in LANGUAGES}


def test_every_known_divergence_is_seen(outcomes: dict[str, Outcomes]) -> None:
    used = {known.divergence.name for case in cases() for known in case.known}
    assert used == divergences().keys(), "a divergence that no case knows says nothing"
    idle = [
        f"{case.id}: {known.divergence.name}"
        for case in cases()
        for known in case.known
        if not any(case.known_at(cell) is known for cell in outcomes[case.id])
    ]
    assert not idle, "these are hidden by others, or name cells that do not exist"


# None of this reaches a converter; as a refusal it would prove rules by the executor's own faults.
FAULTS = {
    "an unknown operation": {"op": "knit"},
    "an unknown message": {"op": "encode", "type": "acme.Unknown", "data": ""},
    "data that are no message": {"op": "encode", "type": full_name("Scalars"), "data": encoded(b"\xff")},
    "an unknown target": {"op": "decode", "type": "acme.Unknown", "payload": {"data": ""}},
    "a value of no kind": {"op": "encode_plain", "value": {"pointer": "0"}},
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("asked", FAULTS.values(), ids=FAULTS)
def test_a_fault_of_an_executor_is_no_refusal(
    payload_languages: Languages, asked: Operation, language: str
) -> None:
    assert payload_languages[language].ask(asked)["error"]["type"] in ("Executor", "Unmade")


@pytest.mark.parametrize(("language", "kind"), [("go", "set"), ("typescript", "duration")])
def test_what_a_language_does_not_have_is_no_refusal(
    payload_languages: Languages, language: str, kind: str
) -> None:
    values = [
        case.content["value"] for case in cases() if case.kind == "plain" and kind in case.content["value"]
    ]
    answers = payload_languages[language].ask_all(
        [{"op": "encode_plain", "value": value} for value in values]
    )
    assert [answer["error"]["type"] for answer in answers] == ["Executor"]


@pytest.mark.parametrize("kind", ["message", "payload", "plain", "text"])
def test_a_fault_of_an_executor_agrees_with_no_rule(observer: Observer, kind: str) -> None:
    class Faulty(Languages):
        def ask_all(self, operations: dict[str, list[Operation]]) -> dict[str, list[Answer]]:
            fault = {"error": {"type": "Executor", "message": "a fault", "nonRetryable": True}}
            return {language: [fault] * len(asked) for language, asked in operations.items()}

    of_kind = tuple(case for case in cases() if case.kind == kind)
    found = Observer(Faulty({}, observer.languages.image)).observe(of_kind)

    outcomes = {outcome for of_case in found.values() for outcome in of_case.values()}
    assert outcomes == {f"{BROKEN}a fault"}
    assert not [word for word in (*Word, f"{BROKEN}a fault") if agrees(f"{BROKEN}a fault", word)]


@pytest.mark.parametrize("encoding", ["json", "binary"])
def test_a_message_that_is_cut_anywhere_is_read_alike(
    payload_languages: Languages, observer: Observer, encoding: str
) -> None:
    """Cut within a field it is refused; between two fields of the binary form it is a shorter message."""
    name = full_name("Scalars")
    data = encoded(observer.types.parse(name, SAMPLE).SerializeToString())
    writing = {"op": "encode", "encoding": encoding, "type": name, "data": data}
    payload = payload_languages["python"].ask(writing)["payload"]
    content = decoded(payload["data"])
    asked = [
        {"op": "decode", "type": name, "payload": {**payload, "data": encoded(content[:length])}}
        for length in range(len(content))
    ]
    answers = payload_languages.ask_all(dict.fromkeys(LANGUAGES, asked))

    def read(language: str) -> list[str]:
        return [
            answer["error"]["type"]
            if "error" in answer
            else observer.types.describe(name, decoded(answer["data"]))
            for answer in answers[language]
        ]

    assert read("go") == read("python")
    assert read("typescript") == read("python")
    refused = read("python").count("InvalidArgument")
    # One whole message for each field that is left, save the last.
    assert refused == len(content) - (0 if encoding == "json" else 15)


def test_documents(pytestconfig: pytest.Config, observer: Observer, outcomes: dict[str, Outcomes]) -> None:
    def is_as_told(case: Case, cell: Cell) -> bool:
        return agrees(outcomes[case.id][cell], observer.expected(case, cell))

    summary = payload_matrix.summary(outcomes, cases(), is_as_told)
    check_table(pytestconfig, "contracts.md", "conformance matrix", summary)
    rules = payload_matrix.rules(outcomes, cases(), is_as_told)
    check_table(pytestconfig, "conformance.md", "conformance rules", rules)
