"""The tables of docs/errors.md, from what the tests have seen, and the code that it quotes."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from errors.cases import ACTIVITIES, LANGUAGES
from errors.known import KNOWN, Known
from errors.seen import Seen
from errors.wire import Chain

NAMES = {"python": "Python", "go": "Go", "typescript": "TypeScript"}
_SOURCES = {
    "python": ("raising.py", "reading.py"),
    "go": ("go/raise.go", "go/workflows.go"),
    "typescript": ("typescript/raise.ts", "typescript/workflows.ts"),
}
_HERE = Path(__file__).parent
# So much of a message tells which it is.
_LONGEST_MESSAGE = 60


def activities_table(seen: Seen) -> str:
    """A row for each case, or for each language where they differ."""
    rows = []
    for case in ACTIVITIES:
        told = {language: _tell(seen.sent(case.name, language)) for language in LANGUAGES}
        for text in dict.fromkeys(told.values()):
            raisers = [language for language in LANGUAGES if told[language] == text]
            attempts = " or ".join(sorted({str(case.attempts_in(language)) for language in raisers}))
            known = [
                number
                for number, each in enumerate(KNOWN, 1)
                if any(each.concerns(case.name, raiser, each.reader) for raiser in raisers)
            ]
            who = "all" if raisers == list(LANGUAGES) else ", ".join(NAMES[raiser] for raiser in raisers)
            rows.append((case.what, who, attempts, text, _reading(known)))
    return _table(("what fails", "raised in", "attempts", "what is sent, outermost first", "read in"), rows)


def _reading(known: list[int]) -> str:
    if not known:
        return "all alike"
    return ", ".join(f"{NAMES[KNOWN[number - 1].reader]} differs ({number})" for number in known)


def known_table() -> str:
    """The differences that are known, numbered as in the table of activities."""
    rows = [
        (str(number), NAMES[each.reader], _where(each), each.reason, each.source)
        for number, each in enumerate(KNOWN, 1)
    ]
    return _table(("", "read in", "raised in", "what is seen there, and why", "upstream"), rows)


def _where(known: Known) -> str:
    raisers = [language for language in LANGUAGES if language in known.raisers]
    return "all" if len(raisers) == len(LANGUAGES) else ", ".join(NAMES[raiser] for raiser in raisers)


def facts_table(facts: Iterable[tuple[str, dict[str, str]]]) -> str:
    """A row for each fact, a column for each language."""
    rows = [(what, *(seen[language] for language in LANGUAGES)) for what, seen in facts]
    return _table(("", *(NAMES[language] for language in LANGUAGES)), rows)


def code(name: str) -> str:
    """Returns what is quoted under a name, in three languages."""
    blocks = []
    for language, files in _SOURCES.items():
        (text,) = [quote for file in files for quote in _quotes(_HERE / file, name)]
        blocks.append(f"```{language}\n{text}\n```")
    return "\n\n".join(blocks)


def _quotes(path: Path, name: str) -> list[str]:
    found = []
    lines: list[str] | None = None
    for line in path.read_text().splitlines():
        match line.strip().lstrip("#/ "):
            case "end of quote" if lines is not None:
                found.append(textwrap.dedent("\n".join(lines)).expandtabs(4))
                lines = None
            case marker if marker == f"quote: {name}":
                lines = []
            case _ if lines is not None:
                lines.append(line)
    return found


def _tell(chain: Chain | None) -> str:
    if chain is None:
        return "it completes"
    return " ← ".join(_tell_one(link) for link in chain)


def _tell_one(link: dict[str, Any]) -> str:
    match link["kind"]:
        case "activity":
            return f"activity, {link['retry_state'].lower().replace('_', ' ')}"
        case "application":
            marks = [
                "non-retryable" if link["non_retryable"] else "",
                "benign" if link["benign"] else "",
                f"retry after {link['next_retry_delay']} s" if link["next_retry_delay"] else "",
                _details(link["details"]),
            ]
            what = f"`{link['type']}`" if link["type"] else "no type"
            return ", ".join(filter(None, [f"{what} “{_short(link['message'])}”", *marks]))
        case "timeout":
            words = f"timed out: {link['timeout'].lower().replace('_', '-')}"
            last = _details(link["last_heartbeat"])
            return f"{words}, last heartbeat: {last}" if last else words
        case "cancelled":
            return ", ".join(filter(None, ["cancelled", _details(link["details"])]))
        case "other":
            return f"nothing but “{_short(link['message'])}”"
    raise AssertionError(link)


def _details(details: list[Any]) -> str:
    return ", ".join(
        f"`{detail['@type']}`"
        if isinstance(detail, dict) and "@type" in detail
        else f"`{json.dumps(detail, sort_keys=True)}`"
        for detail in details
    )


def _short(message: str) -> str:
    message = message.replace("|", "\\|").replace("`", "'")
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]}…"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
