"""What an activity may be called, and what that makes of it in each language."""

from __future__ import annotations

import re
from dataclasses import dataclass

from triglot.contract import names

_NAME = re.compile(r"([A-Z][a-z]+){2,}")
# With it and its like in every line, ruff still finds where to break: tests/cli/test_scaffold.py.
_MOST = 40
# Go compiles `x_windows.pb.go` on Windows alone: of the systems and processors it knows, those of letters.
_GO_SYSTEMS = frozenset({
    "aix", "android", "arm", "armbe", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js",
    "linux", "mips", "mipsle", "nacl", "netbsd", "openbsd", "ppc", "riscv", "solaris", "sparc", "wasm",
    "windows", "zos",
})  # fmt: skip
_GO_KEYWORDS = frozenset({"default", "fallthrough", "goto", "interface", "package"})


class RefusedError(Exception):
    """What was asked for cannot be added; nothing was written."""


@dataclass(frozen=True)
class Name:
    """An activity's name.

    Attributes:
        pascal: `ScoreCounterparty`, the RPC.
        snake: `score_counterparty`: its file in the contract, and what Python calls it.
        kebab: `score-counterparty`, its file in TypeScript.
        camel: `scoreCounterparty`.
        package: `scorecounterparty`, its package in Go.
    """

    pascal: str

    @property
    def snake(self) -> str:  # noqa: D102
        return names.snake(self.pascal)

    @property
    def kebab(self) -> str:  # noqa: D102
        return self.snake.replace("_", "-")

    @property
    def camel(self) -> str:  # noqa: D102
        return names.camel(self.pascal)

    @property
    def package(self) -> str:  # noqa: D102
        return self.pascal.lower()


def parse_name(text: str) -> Name:
    """Reads the name that somebody typed.

    Raises:
        RefusedError: It is none that all languages take.
    """
    if not _NAME.fullmatch(text):
        raise RefusedError(
            f"{text}: must be two or more words of letters in CamelCase, such as ScoreCounterparty"
        )
    name = Name(text)
    if len(name.snake) > _MOST:
        raise RefusedError(
            f"{text}: makes {name.snake}, of {len(name.snake)} characters; must make {_MOST} at most"
        )
    words = name.snake.split("_")
    if words[0] == "test":
        raise RefusedError(f"{text}: must not begin with Test, since pytest would take it for a test")
    last = words[-2] if words[-1] == "test" else words[-1]
    if last in _GO_SYSTEMS:
        raise RefusedError(
            f"{text}: must not end in {last}, since Go compiles such files on some systems alone"
        )
    if name.package in _GO_KEYWORDS:
        raise RefusedError(f"{text}: must not make {name.package}, which is a word of Go's own")
    return name
