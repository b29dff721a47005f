"""Which version of the workers did a report, and whether that is the one that was meant to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from triglot.cli.verdict import Check
from triglot.deployments import Routing


@dataclass(frozen=True)
class Route:
    """Where a report went."""

    id: str
    status: str
    """The server's word: running, completed, failed ..."""
    pinned_to: str | None
    """The build id that the server keeps it on; None if it is not pinned."""
    done_by: tuple[str, ...]
    """The build ids of the workers that did its workflow tasks so far, by its history."""

    @property
    def place(self) -> str:
        """The build id, or what is wrong with it in a few words."""
        pinned = self.pinned_to or "no fixed version"
        if self.done_by in ((), (pinned,)):
            return pinned
        return f"{pinned} (tasks done by {' and '.join(self.done_by)})"


@dataclass(frozen=True)
class Step:
    """A step of the rollout, and what it was to bring about."""

    name: str
    checks: Sequence[Check]


def all_on(name: str, routes: Sequence[Route], build_id: str) -> Check:
    """Checks that all reports were completed on one version."""
    expected = f"{len(routes)} on {build_id}"
    seen = _tally(routes)
    return Check(name, expected, seen, seen == expected and _completed(routes))


def on_each(name: str, routes: Sequence[Route], build_ids: Sequence[str]) -> Check:
    """Checks that each of some versions completed reports, and no other did."""
    expected = f"{len(routes)}, some on {' and some on '.join(build_ids)}"
    places = {route.place for route in routes}
    return Check(name, expected, _tally(routes), places == set(build_ids) and _completed(routes))


def still(name: str, route: Route, status: str, build_id: str) -> Check:
    """Checks how one report is, and on which version."""
    expected, seen = f"{status} on {build_id}", f"{route.status} on {route.place}"
    return Check(name, expected, seen, seen == expected)


def tasks_to(expected: Routing, seen: Routing | None) -> Check:
    """Checks which versions get new tasks."""
    words = "nobody" if seen is None else _shares(seen)
    return Check("new reports are to go to", _shares(expected), words, seen == expected)


def is_in_state(build_id: str, expected: str, seen: str) -> Check:
    """Checks what the server says of a version."""
    return Check(f"{build_id} is", expected, seen, seen == expected)


def _completed(routes: Sequence[Route]) -> bool:
    return all(route.status == "completed" for route in routes)


def _tally(routes: Sequence[Route]) -> str:
    places = Counter(
        route.place if route.status == "completed" else f"{route.place} ({route.status})" for route in routes
    )
    return ", ".join(f"{count} on {place}" for place, count in sorted(places.items()))


def _shares(routing: Routing) -> str:
    current, ramping = routing.current or "no version", routing.ramping or "no version"
    if routing.percentage == 0 and routing.ramping is None:
        return f"{current}, 100 %"
    return f"{current}, {100 - routing.percentage:g} %; {ramping}, {routing.percentage:g} %"
