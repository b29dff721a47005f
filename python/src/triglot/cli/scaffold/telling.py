"""What to do with an activity that was added, for people and for programs."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator

from triglot.cli.scaffold.activity import Added

BUILD, CHECK = "make build", "make check"
_WIDTH = 100


def describe(added: Added) -> str:
    """Says what was written and what comes next."""
    return "\n".join(_lines(added))


def as_json(added: Added) -> str:
    """The same as one document."""
    name, language = added.name, added.language
    return json.dumps(
        {
            "type": f"{language.package}.{name.pascal}Service.{name.pascal}",
            "task_queue": language.task_queue,
            "language": language.key,
            "contract": language.proto(name),
            "implementation": language.code(name),
            "test": language.test(name),
            "changed": list(added.changed),
            "generated": list(added.generated),
            "warning": language.warning,
            "call": _call(added),
            "commands": _commands(added),
        },
        indent=2,
    )


def _lines(added: Added) -> Iterator[str]:
    name, language = added.name, added.language
    yield f"{name.pascal} is an activity in {language.title} on the task queue {language.task_queue}"
    yield ""
    yield "Make it yours:"
    edited = {
        language.proto(name): "what is asked and answered; then make generate",
        language.code(name): "what it does",
        language.test(name): "its test",
    }
    width = max(map(len, edited))
    yield from (f"  {path:{width}}  {what}" for path, what in edited.items())
    yield "Written beside them:"
    yield from (f"  {path}: registers it" for path in added.changed)
    yield f"  {len(added.generated)} generated files"
    if language.warning:
        yield ""
        yield textwrap.fill(f"Beware: {language.warning}", _WIDTH, break_on_hyphens=False)
    yield ""
    yield "Call it from python/src/triglot/risk/workflow.py, in new runs alone (docs/replay.md):"
    yield from (f"  {line}" for line in _call(added))
    yield ""
    yield "Next:"
    yield from (f"  {command}" for command in _commands(added))


def _call(added: Added) -> list[str]:
    name, module = added.name, f"{added.language.package}.{added.name.snake}"
    return [
        f"from {module}_pb2 import {name.pascal}Request",
        f"from {module}_temporal import {name.snake}",
        f'answer = await {name.snake}({name.pascal}Request(subject="..."))',
    ]


def _commands(added: Added) -> list[str]:
    return [BUILD, added.language.test_command(added.name), CHECK]
