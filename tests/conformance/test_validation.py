"""The same rules find the same violations in three languages: field path, rule and message."""

import random
from collections import Counter
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import Message

from fuzz import requests, ruled, rules
from fuzz.schemas import descriptor_set
from languages import LANGUAGES, Answer, Languages, Operation, encoded

_DRAWS: Final = 120

Violation = tuple[str, str, str]


@dataclass(frozen=True)
class Checked:
    """A message, and what each language says against it."""

    message: Message
    found: dict[str, list[Violation]]

    @property
    def agreed(self) -> bool:
        return len({tuple(found) for found in self.found.values()}) == 1


@dataclass(frozen=True)
class KnownDivergence:
    """A language that finds other violations than the rest."""

    language: str
    kind: str
    rule: str
    value: object
    reason: str
    link: str


KNOWN: Final = (
    KnownDivergence(
        "go",
        "string",
        "string {well_known_regex: KNOWN_REGEX_HTTP_HEADER_VALUE strict: false}",
        "",
        "Go has the loose rule of a header value with + where the schema has *: it refuses an empty one.",
        "https://github.com/bufbuild/protovalidate-go/blob/main/native_string.go",
    ),
)


def _check(languages: Languages, descriptors: bytes, messages: list[Message]) -> list[Checked]:
    operations: list[Operation] = [{"op": "load", "descriptors": encoded(descriptors)}]
    for message in messages:
        data = encoded(message.SerializePartialToString())
        operations.append({"op": "validate", "type": message.DESCRIPTOR.full_name, "data": data})
    answers = languages.ask_all(dict.fromkeys(LANGUAGES, operations))
    assert [answers[name][0] for name in LANGUAGES] == [{}, {}, {}]
    return [
        Checked(message, {name: _violations(answers[name][index]) for name in LANGUAGES})
        for index, message in enumerate(messages, 1)
    ]


def _violations(answer: Answer) -> list[Violation]:
    assert "violations" in answer, answer
    found = answer["violations"]
    return sorted((violation["field"], violation["rule"], violation["message"]) for violation in found)


def _unlike(checked: Checked, is_inside: bool) -> list[Checked]:
    """The message, if languages differ over it or do not say what its value is for."""
    is_right = all(is_inside != bool(found) for found in checked.found.values())
    return [] if checked.agreed and is_right else [checked]


def _told(checked: list[Checked]) -> str:
    return "\n\n".join(
        f"{one.message.DESCRIPTOR.full_name}: {one.message!s}"
        + "".join(f"\n  {name}: {found}" for name, found in one.found.items())
        for one in checked[:20]
    )


def test_every_rule_divides_the_same_values_in_each_language(payload_languages: Languages) -> None:
    listed = rules.rules()
    schema = ruled.schema(listed)
    drawn = [
        (rule, value, is_inside, ruled.put(schema.message(f"{ruled.PACKAGE}.Rule{index}"), rule.kind, value))
        for index, rule in enumerate(listed)
        for is_inside, values in ((True, rule.inside), (False, rule.outside))
        for value in values
    ]

    checked = _check(payload_languages, descriptor_set([schema]), [message for *_, message in drawn])

    diverging = {(known.kind, known.rule, known.value): known for known in KNOWN}
    healed = set(diverging)
    wrong = []
    for (rule, value, is_inside, _), one in zip(drawn, checked, strict=True):
        known = diverging.get((rule.kind, rule.text, value)) if isinstance(value, str) else None
        if known and not one.agreed:
            healed.discard((known.kind, known.rule, known.value))
            others = {name: found for name, found in one.found.items() if name != known.language}
            wrong += _unlike(Checked(one.message, others), is_inside)
        else:
            wrong += _unlike(one, is_inside)
    assert not wrong, f"{len(wrong)} of {len(checked)} messages:\n{_told(wrong)}"
    assert not healed, f"these diverge no longer; take them from KNOWN: {healed}"
    print(f"{len(listed)} rules, {len(checked)} values")


def test_rules_over_several_fields_find_the_same(payload_languages: Languages) -> None:
    schema = ruled.schema([])
    messages = []
    for name in ruled.WHOLE:
        for low, high in ((0, 0), (1, 2), (2, 1), (1, 0), (0, 1), (6, 7), (6, 0)):
            message = schema.message(f"{ruled.PACKAGE}.{name}")
            for field, value in (("low", low), ("high", high)):
                if value:
                    setattr(message, field, value)
            messages.append(message)

    checked = _check(payload_languages, descriptor_set([schema]), messages)

    assert not (wrong := [one for one in checked if not one.agreed]), _told(wrong)
    for name in ruled.WHOLE:
        verdicts = {bool(one.found["go"]) for one in checked if one.message.DESCRIPTOR.name == name}
        assert verdicts == {True, False}, f"{name} does not divide its messages"


def test_our_requests_are_refused_for_the_same_reasons(payload_languages: Languages) -> None:
    files = requests.modules()
    kinds = requests.types(files)
    chance = random.Random(7)  # noqa: S311
    messages = [
        requests.request(kind, chance, outside)
        for kind in kinds
        for outside in (0.0, 0.02, 0.15)
        for _ in range(_DRAWS // 3)
    ]

    checked = _check(payload_languages, requests.descriptor_set(files).SerializeToString(), messages)

    assert not (wrong := [one for one in checked if not one.agreed]), _told(wrong)
    good = Counter(one.message.DESCRIPTOR.name for one in checked if not one.found["python"])
    bad = Counter(one.message.DESCRIPTOR.name for one in checked if one.found["python"])
    assert all(good[kind.DESCRIPTOR.name] for kind in kinds), f"none is good of some: {good}"
    assert all(bad[kind.DESCRIPTOR.name] for kind in kinds if kind.DESCRIPTOR.fields), f"none is bad: {bad}"
    found = {rule for one in checked for _, rule, _ in one.found["python"]}
    print(
        f"{len(kinds)} requests, {len(checked)} messages, {good.total()} good; {len(found)} rules were broken"
    )
