"""Whether a difference is one that is known: each language that stands apart is explained, completely."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from google.protobuf.message import Message

from fuzz.comparing import form
from fuzz.exchange import Difference, Refusal, is_crash, is_fault


@dataclass(frozen=True)
class Known:
    """Something in which a language is known to stand apart.

    Attributes:
        language: The one that stands apart.
        does: It "refuses" what the others take, "takes" what they refuse, "alters" a message, does
            "anything", or "crashes", which nothing else explains.
        reason: What happens, in a sentence.
        link: Where its makers say so or were told, or what says that they may.
        matches: Whether this may be at work in a difference.
        blur: What "alters" it, done to any message: two messages that are the same after it differ in this
            alone.
    """

    name: str
    language: str
    does: Literal["refuses", "takes", "alters", "anything", "crashes"]
    reason: str
    link: str
    matches: Callable[[Difference], bool]
    blur: Callable[[Message], None] | None = None


def explain(difference: Difference, known: Sequence[Known]) -> list[Known] | None:
    """Names what explains a difference; None where something in it is not known.

    Where nobody knows what is right, as for damaged payloads, each language's answer is tried as the right
    one, and the explanation that needs least is taken.
    """
    if difference.expected is not None:
        rights: list[Message | Refusal | None] = [difference.expected]
    else:
        rights = list(difference.answers.values())
    explanations = [found for right in rights if (found := _against(difference, right, known)) is not None]
    return min(explanations, key=len, default=None)


def _against(
    difference: Difference, right: Message | Refusal | None, known: Sequence[Known]
) -> list[Known] | None:
    used: list[Known] = []
    if any(is_fault(answer) for answer in difference.answers.values()):
        return None
    for language, answer in difference.answers.items():
        of_language = [entry for entry in known if _applies(entry, difference, language)]
        found = _why(answer, right, of_language)
        crash = [] if not is_crash(answer) else _first(of_language, "crashes")
        if found is None or crash is None:
            return None
        found = [*found, *crash]
        used += [entry for entry in found if entry not in used]
    return used


def _applies(known: Known, difference: Difference, language: str) -> bool:
    # What a writer alters is altered wherever its payload is read.
    is_writer = known.language == difference.writer and known.does in ("alters", "anything")
    return (known.language == language or is_writer) and known.matches(difference)


def _why(
    answer: Message | Refusal | None, right: Message | Refusal | None, known: Sequence[Known]
) -> list[Known] | None:
    if isinstance(answer, Refusal) or isinstance(right, Refusal):
        same = isinstance(answer, Refusal) and isinstance(right, Refusal)
        return [] if same else _first(known, "refuses" if isinstance(answer, Refusal) else "takes")
    if answer is None or right is None or form(answer) == form(right):
        return []
    return _first(known, "anything") or _alterations(answer, right, [entry for entry in known if entry.blur])


def _first(known: Sequence[Known], does: str) -> list[Known] | None:
    fitting = (does,) if does == "crashes" else (does, "anything")
    found = [entry for entry in known if entry.does in fitting]
    return found[:1] or None


def _alterations(answer: Message, right: Message, known: Sequence[Known]) -> list[Known] | None:
    """The fewest alterations after which two messages are the same."""
    for alterations in _subsets(known):
        if form(_blurred(answer, alterations)) == form(_blurred(right, alterations)):
            return list(alterations)
    return None


def _subsets(known: Sequence[Known]) -> Iterator[tuple[Known, ...]]:
    for size in range(1, len(known) + 1):
        yield from combinations(known, size)


def _blurred(message: Message, alterations: Sequence[Known]) -> Message:
    copy = type(message)()
    copy.CopyFrom(message)
    for alteration in alterations:
        if alteration.blur:
            alteration.blur(copy)
    return copy
