"""How RPC names become identifiers, and what happens when two become the same."""

from __future__ import annotations

import re
from collections.abc import Iterable

from triglot.contract.model import Location, Problem

# The plural of an acronym is one word: SKUs, IDs.
_WORD_ENDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z](?!s(?:[A-Z]|$))[a-z])")


class ContractError(Exception):
    """A contract that cannot be compiled.

    Attributes:
        problems: why, in order of place.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))


class Names:
    """The identifiers of one scope of generated code."""

    def __init__(self, language: str, taken: Iterable[str] = (), *, by: str = "generated code") -> None:
        self.language = language
        self.owners = dict.fromkeys(taken, by)

    def take(self, identifier: str, location: Location, owner: str) -> str:
        """Claims an identifier.

        Raises:
            ContractError: somebody else has it.
        """
        other = self.owners.setdefault(identifier, owner)
        if other != owner:
            sentence = f"{owner} needs the {self.language} name {identifier}, which {other} has"
            raise ContractError([Problem(location, sentence)])
        return identifier


def snake(name: str) -> str:
    """`GetHTTPStatus` to `get_http_status`, `CountSKUs` to `count_skus`."""
    return _WORD_ENDS.sub("_", name).lower()


def pascal(name: str) -> str:
    """`get_status` and `getStatus` to `GetStatus`; `GetHTTPStatus` stays."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def one(name: str) -> str:
    """A name with its article: `an Audit`."""
    return f"an {name}" if name[0] in "AEIOU" else f"a {name}"


def camel(name: str) -> str:
    """`GetStatus` to `getStatus`, `HTTPGet` to `hTTPGet`, as protobuf-es does."""
    result = pascal(name)
    return result[:1].lower() + result[1:]
