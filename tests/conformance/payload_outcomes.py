"""What the three languages make of the cases: asked in batches, compared as text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from google.protobuf import message_factory, text_format
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message

from languages import LANGUAGES, Answer, Languages, Operation, decoded, encoded
from payload_cases import BROKEN, HAND, WIRE, Case, Cell, Word

_PACKAGE = "conformance.v1"
_OTHER = {"json": "binary", "binary": "json"}

# Half of a pair, which no text format can hold.
_SURROGATE = re.compile("[\ud800-\udfff]")

Outcomes = dict[Cell, str]


class Types:
    """The messages of the cases, as the runner sees them."""

    def __init__(self, image: FileDescriptorSet) -> None:
        self._pool = DescriptorPool()
        for file in image.file:
            self._pool.Add(file)

    def parse(self, name: str, text: str) -> Message:
        """Reads the text format."""
        message = text_format.Parse(text, self._empty(name), descriptor_pool=self._pool)
        assert isinstance(message, Message)
        return message

    def describe(self, name: str, data: bytes) -> str:
        """One line that is equal for equal messages; a NaN equals another."""
        try:
            message = self._empty(name).FromString(data)
        except DecodeError:
            return f"{len(data)} bytes that this Python does not read"
        return text_format.MessageToString(
            message, as_one_line=True, print_unknown_fields=True, descriptor_pool=self._pool
        )

    def _empty(self, name: str) -> Message:
        return message_factory.GetMessageClass(self._pool.FindMessageTypeByName(name))()


def agrees(outcome: str, expected: str) -> bool:
    """Whether what happened is what was to happen."""
    if outcome.startswith(BROKEN):
        return False
    if expected == Word.READ:
        return outcome not in set(Word)
    return outcome == expected


def full_name(name: str) -> str:
    """A message's name, of which cases leave out our package."""
    return name if "." in name else f"{_PACKAGE}.{name}"


@dataclass
class Batch:
    """Operations for one language, and what to do with each answer."""

    operations: list[Operation] = field(default_factory=list)
    receivers: list[Callable[[Answer], None]] = field(default_factory=list)

    def add(self, operation: Operation, receiver: Callable[[Answer], None]) -> None:
        self.operations.append(operation)
        self.receivers.append(receiver)


class Observer:
    """Has cases written and read by all languages."""

    def __init__(self, languages: Languages) -> None:
        self.languages = languages
        self.types = Types(languages.image)
        self._outcomes: dict[str, Outcomes] = {}
        self._reads: dict[str, Batch] = {}
        self._expected: dict[tuple[str, str, bool], str] = {}

    def observe(self, cases: tuple[Case, ...]) -> dict[str, Outcomes]:
        """Returns what happened, by the case's id."""
        writes = {language: Batch() for language in LANGUAGES}
        self._reads = {language: Batch() for language in LANGUAGES}
        self._outcomes = {case.id: {} for case in cases}
        for case in cases:
            if case.kind in ("payload", "text"):
                self._read(case, next(case.cells()).encoding, HAND, _payload(case))
                continue
            for encoding in case.encodings():
                for writer in case.writers():
                    operation = self._writing(case, encoding)
                    writes[writer].add(operation, self._written(case, encoding, writer))
        self._run(writes)
        self._run(self._reads)
        return self._outcomes

    def _run(self, batches: dict[str, Batch]) -> None:
        asked = {language: batch.operations for language, batch in batches.items()}
        for language, answers in self.languages.ask_all(asked).items():
            for receiver, answer in zip(batches[language].receivers, answers, strict=True):
                receiver(answer)

    def _writing(self, case: Case, encoding: str) -> Operation:
        stock = case.content.get("stock", False)
        if case.kind == "plain":
            return {"op": "encode_plain", "value": case.content["value"], "stock": stock}
        data = encoded(self._message(case))
        name = full_name(case.content["type"])
        return {"op": "encode", "encoding": encoding, "type": name, "data": data, "stock": stock}

    def _message(self, case: Case) -> bytes:
        message = self.types.parse(full_name(case.content["type"]), _text(case.content, "value"))
        return message.SerializePartialToString() + bytes.fromhex(case.content.get("wire", ""))

    def _written(self, case: Case, encoding: str, writer: str) -> Callable[[Answer], None]:
        def receive(answer: Answer) -> None:
            if "error" in answer:
                word = _own_failure(answer["error"]) or Word.UNWRITABLE
                for cell in case.cells():
                    if (cell.encoding, cell.writer) == (encoding, writer):
                        self._outcomes[case.id][cell] = word
                return
            payload = answer["payload"]
            if case.writes(encoding) is not None:
                self._outcomes[case.id][Cell(encoding, writer, WIRE)] = _shown(payload, encoding)
            if "as" in case.content and case.kind == "message":
                payload["metadata"]["messageType"] = encoded(full_name(case.content["as"]).encode())
            self._read(case, encoding, writer, payload)

        return receive

    def _read(self, case: Case, encoding: str, writer: str, payload: dict[str, Any]) -> None:
        operation: Operation = {"payload": payload, "stock": case.content.get("stock", False)}
        if case.kind in ("plain", "text"):
            operation |= {"op": "decode_plain", "as": case.content["as"]}
        else:
            # A worker that writes the other form has to read this one too.
            setting = encoding if writer == HAND else _OTHER[encoding]
            operation |= {"op": "decode", "type": self.target(case), "encoding": setting}
        for reader in LANGUAGES:
            self._reads[reader].add(operation, self._received(case, Cell(encoding, writer, reader)))

    def _received(self, case: Case, cell: Cell) -> Callable[[Answer], None]:
        def receive(answer: Answer) -> None:
            self._outcomes[case.id][cell] = self._outcome(case, answer)

        return receive

    def _outcome(self, case: Case, answer: Answer) -> str:
        if "error" in answer:
            return _failure(case, answer["error"])
        if "value" in answer:
            return _canonical(answer["value"], _asked(case))
        if answer["data"] is None:
            return Word.NOTHING
        return self.types.describe(self.target(case), decoded(answer["data"]))

    @staticmethod
    def target(case: Case) -> str:
        """The message that is read."""
        return full_name(case.content.get("as", case.content["type"]))

    def expected(self, case: Case, cell: Cell) -> str:
        """What the case's rule says of a cell."""
        key = case.id, cell.encoding, cell.reader == WIRE
        if key not in self._expected:
            self._expected[key] = self._said(case, cell)
        return self._expected[key]

    def _said(self, case: Case, cell: Cell) -> str:
        if cell.reader == WIRE:
            return self.as_outcome(case, cell, case.writes(cell.encoding))
        gives = case.content.get(f"gives_{cell.encoding}", case.content.get("gives"))
        if gives is not None:
            return self.as_outcome(case, cell, gives)
        if case.kind == "plain":
            return _canonical(case.content["value"], case.content["as"])
        return self.types.describe(self.target(case), self._message(case))

    def as_outcome(self, case: Case, cell: Cell, gives: Any) -> str:
        """Brings what a case says into the form of outcomes."""
        if isinstance(gives, dict):
            return _canonical(gives, _asked(case))
        if gives in set(Word):
            return str(gives)
        if cell.reader == WIRE:
            return _canonical_json(gives) if cell.encoding == "json" else str(gives)
        name = self.target(case)
        if gives.startswith("hex "):
            return self.types.describe(name, bytes.fromhex(gives.removeprefix("hex ")))
        return self.types.describe(name, self.types.parse(name, gives).SerializePartialToString())


def _asked(case: Case) -> str:
    """As what a value is told, which the SDK's own converter may hand over for a message too."""
    return str(case.content["as"]) if case.kind in ("plain", "text") else "any"


def _failure(case: Case, error: dict[str, Any]) -> str:
    if own := _own_failure(error):
        return own
    # Values that are no messages are decoded by the SDK alone, which has its own errors.
    final = (error["type"], error["nonRetryable"]) == ("InvalidArgument", True)
    plain = case.kind in ("plain", "text") or case.content.get("stock", False)
    return Word.REFUSED if final or plain else Word.FAILED


def _own_failure(error: dict[str, Any]) -> str | None:
    """What an executor says that the code under test did not raise."""
    match error["type"]:
        case "Executor" | "Unmade":
            return BROKEN + str(error["message"])
        case "Crash":
            return Word.CRASH
        case "Unwritable":
            return Word.UNWRITABLE_AGAIN
    return None


def _text(content: Any, name: str) -> str:
    """A text that may be repeated: {before, open, times, inner, close, after}."""
    value = content[name]
    if isinstance(value, str):
        return value
    times = value["times"]
    nested = value["open"] * times + value.get("inner", "") + value.get("close", "") * times
    return str(value.get("before", "") + nested + value.get("after", ""))


def _payload(case: Case) -> dict[str, Any]:
    content = case.content
    if case.kind == "text":
        metadata = {"encoding": "json/plain"}
    else:
        metadata = {"encoding": "json/protobuf", "messageType": full_name(content["type"])}
        metadata |= {"encoding": content["encoding"]} if "encoding" in content else {}
    # An empty one is left out: there are payloads without.
    metadata |= content.get("metadata", {})
    data = bytes.fromhex(content["hex"]) if "hex" in content else _text(content, "data").encode()
    return {
        "metadata": {key: encoded(value.encode()) for key, value in metadata.items() if value != "absent"},
        "data": encoded(data),
    }


def _shown(payload: dict[str, Any], encoding: str) -> str:
    """A payload as cases describe it: JSON without order and spaces, or the very bytes of json/plain."""
    data = decoded(payload["data"])
    if encoding == "json":
        return _canonical_json(data.decode())
    name = decoded(payload["metadata"]["encoding"]).decode()
    return f"{name} {data.decode(errors='backslashreplace')}".strip()


def _canonical_json(text: str) -> str:
    document = json.loads(text, parse_float=_number, parse_int=_number)
    return json.dumps(document, sort_keys=True, ensure_ascii=False)


def _number(text: str) -> int | float:
    """The number, so that 1.0 and 1 are one, and -0 and 0 two."""
    number = float(text)
    if not number.is_integer() or (number == 0 and text.startswith("-")):
        return number
    return int(text) if text.lstrip("-").isdigit() else int(number)


def _canonical(tagged: dict[str, Any], wanted: str) -> str:
    return json.dumps(_normal(tagged, wanted), ensure_ascii=False)


def _normal(tagged: dict[str, Any], wanted: str = "any") -> dict[str, Any]:
    """A tagged value without what only its language's types say."""
    ((kind, value),) = tagged.items()
    if kind == "number":
        whole = float(value).is_integer() and value != "-0" and wanted != "float"
        kind, value = ("int", str(int(float(value)))) if whole else ("float", value)
    if kind == "string" and _SURROGATE.search(value):
        return {"utf16": value.encode("utf-16-be", "surrogatepass").hex()}
    if kind not in _NORMAL:
        return {kind: value}
    name, convert = _NORMAL[kind]
    return {name: convert(value)}


def _entries(entries: list[Any]) -> list[Any]:
    return sorted([key, _normal(child)] for key, child in entries)


# What a kind is called after it was compared with others, and how its value is written.
_NORMAL: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "nothing": ("nothing", lambda _: None),
    "null": ("nothing", lambda _: None),
    "bigint": ("int", str),
    "float": ("float", lambda value: repr(float(value))),
    "datetime": ("datetime", lambda value: datetime.fromisoformat(value).astimezone(UTC).isoformat()),
    "list": ("list", lambda values: [_normal(child) for child in values]),
    "map": ("map", _entries),
    "record": ("map", _entries),
}
