"""Measures the data converter in this process; programs of the other languages speak the same protocol."""

import importlib
import json
import time
from collections.abc import Callable
from typing import Any, TextIO

from google.protobuf import json_format, symbol_database
from google.protobuf.message import Message

from triglot.contract.runtime import data_converter, validate

_MESSAGE_MODULES = ("triglot.risk.v1.report_pb2", "triglot.risk.v1.simulation_pb2")


def measure_payloads(questions: TextIO, answers: TextIO) -> None:
    """Answers measurements until the questions end.

    The first line has the messages by name, each `{"type": ..., "json": ...}`, and is answered by
    `{"ready":true}`. Each further line asks for one measurement, `{"message": name, "encoding": "json" or
    "binary", "operation": "encode", "decode" or "read", "seconds": for how long}`, and is answered by
    `{"cpuSeconds": of the whole process, "count": of messages, "bytes": of a payload without metadata}`.
    Read is decode, validate, and sum: the numbers of `"field"`, by its name in the contract, if it is given.
    """
    messages: dict[str, Message] | None = None
    for line in questions:
        asked: dict[str, Any] = json.loads(line)
        if messages is None:
            messages = {name: _parse(described) for name, described in asked.items()}
            answer: dict[str, Any] = {"ready": True}
        else:
            message = messages[asked["message"]]
            answer = _measure(message, asked)
        print(json.dumps(answer), file=answers, flush=True)


def _parse(described: dict[str, Any]) -> Message:
    for module in _MESSAGE_MODULES:
        importlib.import_module(module)
    message: Message = symbol_database.Default().GetSymbol(described["type"])()
    return json_format.ParseDict(described["json"], message)


def _measure(message: Message, asked: dict[str, Any]) -> dict[str, Any]:
    converter = data_converter(asked["encoding"]).payload_converter
    payload, kind, field = converter.to_payload(message), type(message), asked.get("field")

    def read() -> None:
        found = converter.from_payload(payload, kind)
        validate(found)
        if field:
            sum(getattr(found, field))

    operations: dict[str, Callable[[], object]] = {
        "encode": lambda: converter.to_payload(message),
        "decode": lambda: converter.from_payload(payload, kind),
        "read": read,
    }
    return {**_repeat(operations[asked["operation"]], asked["seconds"]), "bytes": len(payload.data)}


def _repeat(work: Callable[[], object], seconds: float) -> dict[str, Any]:
    """Works until the time is over, at least once."""
    begun, deadline, count = time.process_time(), time.perf_counter() + seconds, 0
    while not count or time.perf_counter() < deadline:
        work()
        count += 1
    return {"cpuSeconds": time.process_time() - begun, "count": count}
