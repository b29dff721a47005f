"""A run of the fuzzer: messages and damaged payloads from a seed, and what the languages make of them."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from fuzz.damage import damaged
from fuzz.exchange import ENCODINGS, PAIRS, Case, Difference, differences
from fuzz.judging import Known, explain
from fuzz.known import KNOWN
from fuzz.schemas import random_schema
from fuzz.shrinking import shrink
from fuzz.text import described
from fuzz.values import Values
from languages import Languages, decoded, encoded

_MESSAGES = 3
_DAMAGES = 2
_SCHEMAS = 10


@dataclass
class Outcome:
    """What a campaign has seen.

    Attributes:
        unknown: A difference that nothing explains, for each way in which languages differ.
        smallest: For each known divergence that was met the smallest case that shows it.
    """

    schemas: int = 0
    messages: int = 0
    damaged: int = 0
    seconds: float = 0.0
    met: Counter[str] = field(default_factory=Counter)
    unknown: dict[tuple[object, ...], Difference] = field(default_factory=dict)
    smallest: dict[str, Case] = field(default_factory=dict)

    def summary(self) -> str:
        """The figures in one line."""
        pairs = self.messages * PAIRS * len(ENCODINGS)
        return (
            f"{self.schemas} schemas, {self.messages} messages over {PAIRS} pairs in {len(ENCODINGS)}"
            f" encodings and {self.damaged} damaged payloads in {self.seconds:.1f} s:"
            f" {pairs / self.seconds:.0f} messages x pairs a second;"
            f" {len(self.unknown)} unknown differences, {sum(self.met.values())} known ones"
        )


def run(languages: Languages, seed: int, goes_on: Callable[[Outcome], bool]) -> Outcome:
    """Compares the languages until `goes_on` says no; the same seed makes the same messages."""
    outcome = Outcome()
    began = time.monotonic()
    while goes_on(outcome) and len(outcome.unknown) < 5:
        sent = [case for i in range(_SCHEMAS) for case in messages(seed, outcome.schemas + i)]
        _note(outcome, differences(languages, sent))
        payloads = list(_damaged(languages, sent, _chance(f"{seed} damage {outcome.schemas}")))
        _note(outcome, differences(languages, payloads))
        outcome.schemas += _SCHEMAS
        outcome.messages += len(sent)
        outcome.damaged += len(payloads)
        outcome.seconds = time.monotonic() - began
    return outcome


def _chance(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311


def messages(seed: int, index: int) -> Iterator[Case]:
    """A random schema's messages: the same for the same seed and index."""
    chance = _chance(f"{seed} {index}")
    schema = random_schema(chance, f"fuzz.s{index}")
    for name in schema.names():
        for _ in range(_MESSAGES):
            message = Values(chance).fill(schema.message(name))
            yield Case(schema, name, message.SerializePartialToString(deterministic=True))


def _damaged(languages: Languages, cases: Sequence[Case], chance: random.Random) -> Iterator[Case]:
    """Damages what Python makes of messages; Python, because its JSON has no random spaces."""
    operations = [
        {"op": "encode", "encoding": encoding, "type": case.type, "data": encoded(case.data)}
        for case in cases
        for encoding in ENCODINGS
    ]
    asked = [(case, encoding) for case in cases for encoding in ENCODINGS]
    for (case, encoding), answer in zip(asked, languages["python"].ask_all(operations), strict=True):
        if "payload" not in answer:
            continue
        data = decoded(answer["payload"]["data"])
        for _ in range(_DAMAGES):
            yield Case(
                case.schema, case.type, damaged(chance, encoding, data, case.schema, case.type), encoding
            )


def _note(outcome: Outcome, found: list[list[Difference]]) -> None:
    for difference in (difference for of_case in found for difference in of_case):
        known = explain(difference, KNOWN)
        if known is None:
            outcome.unknown.setdefault(difference.signature, difference)
            continue
        for entry in known:
            outcome.met[entry.name] += 1
            before = outcome.smallest.get(entry.name)
            if before is None or len(difference.case.data) < len(before.data):
                outcome.smallest[entry.name] = difference.case


def shrunk(languages: Languages, difference: Difference) -> str:
    """An unknown difference, made small and described."""

    def of_its_kind(case: list[Difference]) -> list[Difference]:
        return [one for one in case if one.signature == difference.signature and explain(one, KNOWN) is None]

    def shows(cases: Sequence[Case]) -> list[bool]:
        return [bool(of_its_kind(found)) for found in differences(languages, cases)]

    case = shrink(difference.case, shows)
    remaining = of_its_kind(differences(languages, [case])[0])
    return described(remaining[0] if remaining else difference)


def shrunk_known(languages: Languages, known: Known, case: Case) -> Case:
    """A small case that shows a known divergence."""
    return shrink(case, lambda cases: [known.name in names for names in explanations(languages, cases)])


def explanations(languages: Languages, cases: Sequence[Case]) -> list[set[str]]:
    """The names of the known divergences that each case shows."""
    return [
        {entry.name for one in found for entry in explain(one, KNOWN) or []}
        for found in differences(languages, cases)
    ]
