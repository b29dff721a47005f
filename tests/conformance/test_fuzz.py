"""Random messages of random schemas mean the same in all languages, or differ in a way that is known."""

import math
import random
import struct
from typing import Any, Final

import pytest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.message import Message

from fuzz import campaign, kept
from fuzz.comparing import form
from fuzz.exchange import Case, Difference, Refusal, differences
from fuzz.judging import explain
from fuzz.known import KNOWN
from fuzz.schemas import Schema, random_schema
from languages import LANGUAGES, Answer, Executor, Languages, decoded, encoded

# Seeds at which a language once differed in a way that was not known; they stay.
SEEDS: Final = (7, 11, 20261122)
_SCHEMAS: Final = 40


@pytest.mark.parametrize("seed", SEEDS)
def test_random_messages_mean_the_same_in_all_languages(payload_languages: Languages, seed: int) -> None:
    outcome = campaign.run(payload_languages, seed, lambda so_far: so_far.schemas < _SCHEMAS)

    print(f"seed {seed}: {outcome.summary()}")
    # One is shrunk, since each takes a while; make fuzz shows all.
    told = [campaign.shrunk(payload_languages, one) for one in list(outcome.unknown.values())[:1]]
    assert not told, f"{outcome.summary()}; make fuzz SEED={seed}\n{told[0]}"


def test_known_divergences_are_still_there(payload_languages: Languages) -> None:
    cases = kept.read()
    assert set(cases) == {known.name for known in KNOWN}, "python -m fuzz --keep writes a case of each"

    shown = campaign.explanations(payload_languages, list(cases.values()))

    healed = [name for name, names in zip(cases, shown, strict=True) if name not in names]
    assert not healed, f"these diverge no longer; take them from fuzz/known.py: {healed}"


def test_known_divergences_say_why() -> None:
    assert [known.name for known in KNOWN if not known.reason.endswith(".") or "://" not in known.link] == []


class Altering(Executor):
    """An executor that reads something else than was sent."""

    def __init__(self, executor: Executor, alter: Any) -> None:
        super().__init__(executor.language, executor.command)
        self.executor = executor
        self.alter = alter

    def ask_all(self, operations: Any) -> list[Answer]:
        answers = self.executor.ask_all(operations)
        return [
            self.alter(answer) if operation["op"] == "decode" else answer
            for operation, answer in zip(operations, answers, strict=True)
        ]


def _refused(answer: Answer) -> Answer:
    return {"error": {"type": "Error", "message": "no", "nonRetryable": True}}


def _emptied(answer: Answer) -> Answer:
    return {"data": ""}


def _longer(answer: Answer) -> Answer:
    # A field that no schema has.
    return {"data": encoded(decoded(answer["data"]) + b"\xf8\x06\x01")} if "data" in answer else answer


@pytest.mark.parametrize("alter", [_refused, _emptied, _longer])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_that_reads_something_else_is_found(
    payload_languages: Languages, language: str, alter: Any
) -> None:
    altered = dict(payload_languages.executors)
    altered[language] = Altering(altered[language], alter)

    outcome = campaign.run(
        Languages(altered, payload_languages.image), SEEDS[0], lambda so_far: so_far.schemas < 10
    )

    assert outcome.unknown
    assert all(language in (*one.refusers, *one.deviants) for one in outcome.unknown.values() if one.expected)


def test_the_same_seed_makes_the_same_messages() -> None:
    first, second = (list(campaign.messages(5, 3)) for _ in range(2))

    assert [case.data for case in first] == [case.data for case in second]
    assert [case.data for case in first] != [case.data for case in campaign.messages(6, 3)]


@pytest.fixture
def reals() -> Schema:
    file = FileDescriptorProto(name="fuzz/reals.proto", package="fuzz.reals", syntax="proto3")
    message = file.message_type.add(name="Reals")
    for number, name in enumerate(("double", "float"), 1):
        kind = FieldDescriptorProto.Type.Value(f"TYPE_{name.upper()}")
        message.field.add(name=name, number=number, type=kind, label=FieldDescriptorProto.LABEL_OPTIONAL)
    repeated = FieldDescriptorProto.LABEL_REPEATED
    message.field.add(name="many", number=4, type=FieldDescriptorProto.TYPE_DOUBLE, label=repeated)
    return Schema((file,))


def _reals(schema: Schema, **values: float) -> Message:
    message: Any = schema.message("fuzz.reals.Reals")
    for name, value in values.items():
        setattr(message, name, value)
    return message


def test_comparison_tells_zeros_apart_and_takes_nan_for_nan(reals: Schema) -> None:
    assert form(_reals(reals, double=-0.0)) != form(_reals(reals))
    zeros = [reals.message("fuzz.reals.Reals", b"\x22\x08" + struct.pack("<d", zero)) for zero in (0.0, -0.0)]
    assert form(zeros[0]) != form(zeros[1])
    assert form(_reals(reals, double=math.nan)) == form(_reals(reals, double=-math.nan))
    assert form(_reals(reals, double=5e-324)) != form(_reals(reals))
    assert form(_reals(reals, double=1.0)) != form(_reals(reals, float=1.0))


def test_comparison_counts_unknown_fields(reals: Schema) -> None:
    one = reals.message("fuzz.reals.Reals", b"\x18\x01")

    assert form(one) != form(_reals(reals))
    assert form(one) == form(reals.message("fuzz.reals.Reals", b"\x18\x81\x00"))
    assert form(one) != form(reals.message("fuzz.reals.Reals", b"\x18\x02"))


def test_nothing_explains_a_message_that_is_lost(reals: Schema) -> None:
    sent = _reals(reals, double=1.5)
    case = Case(reals, "fuzz.reals.Reals", sent.SerializeToString())
    answers: dict[str, Message | Refusal | None] = dict.fromkeys(LANGUAGES, sent)
    for language in LANGUAGES:
        for answer in (_reals(reals), Refusal("Error", "no")):
            difference = Difference(
                case, "json", "decode", "go", b"{}", {**answers, language: answer}, expected=sent
            )
            assert explain(difference, KNOWN) is None


def test_shrinking_keeps_what_is_needed(payload_languages: Languages) -> None:
    name = "any-prefix"
    outcome = campaign.run(
        payload_languages, SEEDS[0], lambda so_far: name not in so_far.smallest and so_far.schemas < 400
    )
    known = next(known for known in KNOWN if known.name == name)
    case = outcome.smallest[name]

    small = campaign.shrunk_known(payload_languages, known, case)

    assert name in campaign.explanations(payload_languages, [small])[0]
    assert sum(len(file.SerializeToString()) for file in small.schema.files) < sum(
        len(file.SerializeToString()) for file in case.schema.files
    )
    assert len(differences(payload_languages, [small])[0]) > 0


def test_schemas_are_of_every_kind() -> None:
    files = [
        str(file)
        for seed in range(200)
        for file in random_schema(random.Random(seed), f"fuzz.kinds{seed}").files  # noqa: S311
    ]
    wanted = (
        "proto3_optional: true", "map_entry: true", "oneof_decl", "enum_type: CLOSED", "allow_alias",
        "message_encoding: DELIMITED", "field_presence: IMPLICIT", "field_presence: EXPLICIT", "EDITION_2023",
        "repeated_field_encoding: EXPANDED", "packed: false", 'syntax: "proto3"',
        ".google.protobuf.Timestamp", ".google.protobuf.Any",
    )  # fmt: skip
    assert [kind for kind in wanted if not any(kind in file for file in files)] == []
