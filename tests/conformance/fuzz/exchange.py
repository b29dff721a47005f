"""What the languages make of a message, or of a damaged payload: where they differ."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError, Message

from fuzz.comparing import forget_unknown, form
from fuzz.schemas import Schema, descriptor_set
from languages import LANGUAGES, Answer, Executor, Languages, Operation, decoded, encoded

ENCODINGS = ("json", "binary")
PAIRS = len(LANGUAGES) ** 2


@dataclass(frozen=True)
class Case:
    """A message that each language sends to each, or a payload that each receives.

    Attributes:
        type: The message's full name.
        data: Its binary form; where `encoding` is set, a payload's data in that encoding.
    """

    schema: Schema
    type: str
    data: bytes
    encoding: str = ""


@dataclass(frozen=True)
class Refusal:
    """That a language does not take something, and what it says."""

    error: str
    message: str


@dataclass(frozen=True)
class Difference:
    """Languages that answer in different ways, or other than the message says.

    Attributes:
        stage: "encode" or "decode".
        writer: Whose payload is decoded; empty for a damaged one.
        answers: Of each language the message, or its refusal; None for a payload that was made.
        expected: What each must read, where that is known.
    """

    case: Case
    encoding: str
    stage: str
    writer: str
    payload: bytes
    answers: dict[str, Message | Refusal | None] = field(repr=False)
    expected: Message | None = field(repr=False)

    @property
    def refusers(self) -> tuple[str, ...]:
        """The languages that do not take it."""
        return tuple(name for name, answer in self.answers.items() if isinstance(answer, Refusal))

    @property
    def deviants(self) -> tuple[str, ...]:
        """The languages that read another message than is expected, or else than the first that reads one."""
        read = {name: form(answer) for name, answer in self.answers.items() if isinstance(answer, Message)}
        right = form(self.expected) if self.expected else next(iter(read.values()), None)
        return tuple(name for name, answer in read.items() if answer != right)

    @property
    def signature(self) -> tuple[object, ...]:
        """What a smaller case must share to be the same difference."""
        return (self.encoding, self.stage, self.refusers, self.deviants)

    def says(self, language: str) -> str:
        """A language's refusal in its words; empty where it refuses nothing."""
        answer = self.answers[language]
        return answer.message if isinstance(answer, Refusal) else ""


@dataclass
class _Payload:
    case: Case
    encoding: str
    writer: str
    payload: dict[str, object]
    expected: Message | None


def differences(languages: Languages, cases: Sequence[Case]) -> list[list[Difference]]:
    """Finds for each case where the languages differ."""
    found: dict[int, list[Difference]] = {}
    for group in _loadable(cases):
        found |= _differences(languages, group)
    return [found[id(case)] for case in cases]


def _loadable(cases: Sequence[Case]) -> list[list[Case]]:
    """Groups cases by loads, each of which may have a file's name once."""
    loads: list[tuple[dict[str, Schema], list[Case]]] = []
    for case in cases:
        files = case.schema.files
        fitting = (
            load
            for load in loads
            if all(load[0].get(file.name, case.schema) is case.schema for file in files)
        )
        schemas, members = next(fitting, ({}, []))
        if not members:
            loads.append((schemas, members))
        schemas.update({file.name: case.schema for file in files})
        members.append(case)
    return [members for _, members in loads]


def _differences(languages: Languages, cases: Sequence[Case]) -> dict[int, list[Difference]]:
    unique = list({id(case.schema): case.schema for case in cases}.values())
    load: Operation = {"op": "load", "descriptors": encoded(descriptor_set(unique))}
    found: dict[int, list[Difference]] = {id(case): [] for case in cases}
    payloads: list[_Payload] = []
    messages = [case for case in cases if not case.encoding]
    for case, encoding, answers in _encode(languages, load, messages):
        refusals = {name: _refusal(answer) for name, answer in answers.items()}
        faulty = any(is_fault(refusal) for refusal in refusals.values())
        if faulty or len({refusal is None for refusal in refusals.values()}) > 1:
            found[id(case)].append(Difference(case, encoding, "encode", "", case.data, dict(refusals), None))
        expected = case.schema.message(case.type, case.data)
        if encoding == "json":
            forget_unknown(expected)
        for writer, answer in answers.items():
            if "payload" in answer:
                payloads.append(_Payload(case, encoding, writer, answer["payload"], expected))
    for case in cases:
        if case.encoding:
            payloads.append(_Payload(case, case.encoding, "", _payload(case), None))
    for payload, read in _decode(languages, load, payloads):
        if not _agree(read, payload.expected):
            data = decoded(str(payload.payload["data"]))
            found[id(payload.case)].append(
                Difference(
                    payload.case,
                    payload.encoding,
                    "decode",
                    payload.writer,
                    data,
                    dict(read),
                    payload.expected,
                )
            )
    return found


def _agree(read: Mapping[str, Message | Refusal], expected: Message | None) -> bool:
    forms = {None if isinstance(answer, Refusal) else form(answer) for answer in read.values()}
    if any(is_crash(answer) or is_fault(answer) for answer in read.values()):
        return False
    return len(forms) == 1 and (expected is None or form(expected) in forms)


def _payload(case: Case) -> dict[str, object]:
    metadata = {"encoding": f"{case.encoding}/protobuf", "messageType": case.type}
    return {
        "metadata": {key: encoded(value.encode()) for key, value in metadata.items()},
        "data": encoded(case.data),
    }


def _encode(
    languages: Languages, load: Operation, cases: Sequence[Case]
) -> Iterator[tuple[Case, str, dict[str, Answer]]]:
    asked = [(case, encoding) for case in cases for encoding in ENCODINGS]
    operations: list[Operation] = [
        {"op": "encode", "encoding": encoding, "type": case.type, "data": encoded(case.data)}
        for case, encoding in asked
    ]
    for (case, encoding), answers in zip(asked, _ask(languages, load, operations), strict=True):
        yield case, encoding, answers


def _decode(
    languages: Languages, load: Operation, payloads: Sequence[_Payload]
) -> Iterator[tuple[_Payload, dict[str, Message | Refusal]]]:
    operations: list[Operation] = [
        {"op": "decode", "type": payload.case.type, "payload": payload.payload} for payload in payloads
    ]
    for payload, answers in zip(payloads, _ask(languages, load, operations), strict=True):
        yield payload, {name: _message(payload, answer) for name, answer in answers.items()}


def _message(payload: _Payload, answer: Answer) -> Message | Refusal:
    if refusal := _refusal(answer):
        return refusal
    try:
        return payload.case.schema.message(payload.case.type, decoded(answer["data"]))
    except DecodeError as error:
        return Refusal("DecodeError", f"it writes what Python cannot read: {error}")


def _refusal(answer: Answer) -> Refusal | None:
    error = answer.get("error")
    return Refusal(error["type"], error["message"]) if error else None


def _ask(languages: Languages, load: Operation, operations: list[Operation]) -> list[dict[str, Answer]]:
    with ThreadPoolExecutor(len(LANGUAGES)) as threads:
        futures = [threads.submit(_ask_one, languages[name], load, operations) for name in LANGUAGES]
        answers = [future.result() for future in futures]
    return [dict(zip(LANGUAGES, row, strict=True)) for row in zip(*answers, strict=True)]


def _ask_one(executor: Executor, load: Operation, operations: list[Operation]) -> list[Answer]:
    """Asks all, with the schemas loaded anew after an operation at which the process has died."""
    answers: list[Answer] = []
    while len(answers) < len(operations):
        loaded, *rest = executor.ask_all([load, *operations[len(answers) :]])
        if refusal := _refusal(loaded):
            raise ValueError(f"{executor.language} does not load the schemas: {refusal.message}")
        crash = next((i for i, answer in enumerate(rest) if is_crash(_refusal(answer))), len(rest))
        answers += rest[: crash + 1]
    return answers


def is_crash(answer: Message | Refusal | None) -> bool:
    """Whether the language's process has died of it."""
    return isinstance(answer, Refusal) and answer.error == "Crash"


def is_fault(answer: Message | Refusal | None) -> bool:
    """Whether the executor itself failed, which says nothing about its language."""
    return isinstance(answer, Refusal) and answer.error == "Executor"
