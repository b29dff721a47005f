"""The matrix of payload conformance as Markdown.

A summary is in docs/contracts.md, each rule in docs/conformance.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from languages import LANGUAGES
from payload_cases import HAND, WIRE, Case, Cell, Divergence, divergences, groups
from payload_outcomes import Outcomes

_NAMES: Final = {
    "python": "Python",
    "go": "Go",
    "typescript": "TypeScript",
}
_ENCODINGS: Final = {"json": "json/protobuf", "binary": "binary/protobuf", "plain": "json/plain"}

Judge = Callable[[Case, Cell], bool]
"""Whether a cell is as its case's rule says."""


@dataclass
class Count:
    """How many cells agree with their rules, and how many are known not to."""

    agreeing: int = 0
    known: int = 0

    def add(self, agrees: bool) -> None:
        self.agreeing += agrees
        self.known += not agrees

    def __str__(self) -> str:
        if not self.agreeing + self.known:
            return ""
        return f"{self.agreeing:,}" + (f", {self.known:,} known" if self.known else "")


def summary(observed: Mapping[str, Outcomes], cases: Iterable[Case], judge: Judge) -> str:
    """Counts by pair of languages and by group of rules."""
    pairs: dict[tuple[str, str], dict[str, Count]] = defaultdict(lambda: defaultdict(Count))
    by_group: dict[str, dict[str, Count]] = defaultdict(lambda: defaultdict(Count))
    rules: dict[str, set[str]] = defaultdict(set)
    total = Count()
    for case in cases:
        rules[case.group].add(case.rule)
        for cell in observed[case.id]:
            agrees = judge(case, cell)
            total.add(agrees)
            by_group[case.group][cell.encoding].add(agrees)
            if not case.content.get("stock"):
                pairs[cell.writer, cell.reader][cell.encoding].add(agrees)
    return "\n".join(
        [
            f"{sum(map(len, rules.values()))} rules were observed in {total.agreeing + total.known:,} cells: "
            "what a language makes of a payload that another one or nobody wrote, and what that payload is. "
            f"{total.agreeing:,} are as the rule says, {total.known:,} are known divergences; anything else "
            "fails the tests. [conformance.md](conformance.md) has each rule, and why each divergence is.",
            "",
            *_table("written, and read", _pairs(pairs)),
            "",
            *_table("rules", _groups(by_group, rules)),
        ]
    )


def _pairs(counts: Mapping[tuple[str, str], dict[str, Count]]) -> Iterator[tuple[str, dict[str, Count]]]:
    for writer in (*LANGUAGES, HAND):
        for reader in (*LANGUAGES, WIRE):
            if (writer, reader) in counts:
                yield _pair(writer, reader), counts[writer, reader]


def _pair(writer: str, reader: str) -> str:
    if reader == WIRE:
        return f"what {_NAMES[writer]} writes"
    return f"{_NAMES.get(writer, HAND)} to {_NAMES[reader]}"


def _groups(
    counts: Mapping[str, dict[str, Count]], rules: Mapping[str, set[str]]
) -> Iterator[tuple[str, dict[str, Count]]]:
    for group, title in groups().items():
        yield f"[{title}](conformance.md#{group}) ({len(rules[group])})", counts[group]


def _table(head: str, rows: Iterable[tuple[str, dict[str, Count]]]) -> Iterator[str]:
    yield from _head(head, *_ENCODINGS.values())
    for name, counts in rows:
        yield f"| {name} | {' | '.join(str(counts.get(encoding, '')) for encoding in _ENCODINGS)} |"


def _head(*names: str) -> list[str]:
    return [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]


def rules(observed: Mapping[str, Outcomes], cases: Iterable[Case], judge: Judge) -> str:
    """Each rule with what was observed of it, and each known divergence with its reason."""
    lines: list[str] = []
    group = None
    for case in cases:
        if case.group != group:
            group = case.group
            lines += [
                "",
                f'<a id="{group}"></a>',
                "",
                f"## {groups()[group]}",
                "",
                *_head("case", "rule", *_ENCODINGS.values()),
            ]
        source = f"../tests/conformance/cases/{case.group}.toml#L{case.line}"
        name = f'<a id="{case.id}"></a>[{case.id}]({source})'
        cells = [_cells(case, encoding, observed[case.id], judge) for encoding in _ENCODINGS]
        lines.append(f"| {name} | {_text(case.rule)} | {' | '.join(cells)} |")
    lines += ["", '<a id="divergences"></a>', "", "## Known divergences", ""]
    lines += _head("what", "why", "where it is said", "rules")
    lines += _divergences(cases)
    return "\n".join(lines)


def _cells(case: Case, encoding: str, outcomes: Outcomes, judge: Judge) -> str:
    """The number of cells that agree, and who does not for which reason."""
    known: dict[str, list[Cell]] = defaultdict(list)
    cells = [cell for cell in outcomes if cell.encoding == encoding]
    if not cells:
        return ""
    for cell in cells:
        if not judge(case, cell):
            found = case.known_at(cell)
            known[found.divergence.name if found else "unknown"].append(cell)
    agreeing = len(cells) - sum(map(len, known.values()))
    exceptions = [f"[{name}](#{name}): {_places(where)}" for name, where in sorted(known.items())]
    return "; ".join([f"{agreeing} of {len(cells)}", *exceptions])


def _places(cells: list[Cell]) -> str:
    writers = sorted({_NAMES[cell.writer] for cell in cells if cell.writer != HAND})
    readers = sorted({_NAMES[cell.reader] for cell in cells if cell.reader != WIRE})
    words = [f"written by {', '.join(writers)}"] if writers else []
    words += [f"read by {', '.join(readers)}"] if readers else []
    return f"{len(cells)} {' and '.join(words)}"


def _divergences(cases: Iterable[Case]) -> Iterator[str]:
    users: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        for name in {known.divergence.name for known in case.known}:
            users[name].append(f"[{case.id}](#{case.id})")
    for divergence in divergences().values():
        yield _divergence(divergence, users[divergence.name])


def _divergence(divergence: Divergence, users: list[str]) -> str:
    name = f'<a id="{divergence.name}"></a>{divergence.name}'
    return f"| {name} | {_text(divergence.reason)} | {divergence.upstream} | {', '.join(users)} |"


def _text(sentence: str) -> str:
    """A sentence as Markdown shows it."""
    for character in "\\|*_<@":
        sentence = sentence.replace(character, f"\\{character}")
    return sentence
