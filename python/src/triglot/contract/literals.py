"""Literals that mean the same in each language."""

from __future__ import annotations

import json
import unicodedata

# Control characters, formats such as a byte order mark, and separators of lines: nobody sees them in a file,
# and compilers and linters refuse or change them there.
_UNSEEN = {"Cc", "Cf", "Zl", "Zp"}


def double_quoted(text: str) -> str:
    """A literal in double quotes, for Python and Go alike; JSON's escapes are theirs too."""
    return "".join(map(_escaped, json.dumps(text, ensure_ascii=False)))


def ascii_quoted(text: str) -> str:
    """A literal in double quotes for TypeScript, wherein `${` begins nothing between any quotes."""
    # Written as its number, since a linter takes it for a template's that has the wrong quotes.
    return json.dumps(text).replace("${", "\\u0024{")


def number(value: float) -> str:
    """The shortest decimal that is read as the same double, in TypeScript as Biome formats it."""
    mantissa, _, exponent = repr(value).partition("e")
    mantissa = mantissa.removesuffix(".0")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def _escaped(letter: str) -> str:
    if unicodedata.category(letter) not in _UNSEEN:
        return letter
    code = ord(letter)
    return f"\\u{code:04x}" if code < 0x1_0000 else f"\\U{code:08x}"
