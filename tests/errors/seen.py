"""All cases in all pairs of languages, run once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client

from errors.cases import ACTIVITIES, LANGUAGES, Case
from errors.outcomes import start
from errors.wire import Chain, Ended, activities

DEADLINE = 120
PAIRS_AT_ONCE = 3


@dataclass(frozen=True)
class Seen:
    """What was seen, by (raiser, reader) and case.

    Attributes:
        chains: What workflows have told: a chain, or an activity's result.
        histories: What stands in their histories.
    """

    chains: dict[tuple[str, str], dict[str, Any]]
    histories: dict[tuple[str, str], dict[str, Ended]]

    def chain(self, case: str, raiser: str, reader: str) -> Any:
        """Returns what a workflow has told."""
        return self.chains[raiser, reader][case]

    def sent(self, case: str, raiser: str, reader: str = "python") -> Chain | None:
        """Returns what its history has; None if the activity completed."""
        return self.histories[raiser, reader][case].chain

    def attempts(self, case: str, raiser: str) -> set[int]:
        """Returns how often the activity was started, in all histories."""
        return {self.histories[raiser, reader][case].attempts for reader in LANGUAGES}


async def run_all(client: Client) -> Seen:
    """Runs everything, a few pairs at a time, and then what fails by the clock at once."""
    seen = Seen({}, {})
    pairs = [(raiser, reader) for raiser in LANGUAGES for reader in LANGUAGES]
    for timed in (False, True):
        cases = [case for case in ACTIVITIES if case.timed == timed]
        # On a busy machine all activities at once would wait until their time is over.
        at_once = asyncio.Semaphore(len(pairs) if timed else PAIRS_AT_ONCE)
        async with asyncio.timeout(DEADLINE):
            await asyncio.gather(*(_run_pair(client, cases, pair, seen, at_once) for pair in pairs))
    return seen


async def _run_pair(
    client: Client, cases: list[Case], pair: tuple[str, str], seen: Seen, at_once: asyncio.Semaphore
) -> None:
    raiser, reader = pair
    async with at_once:
        chains, ended = await _run(client, cases, raiser, reader)
    seen.chains.setdefault(pair, {}).update(chains)
    seen.histories.setdefault(pair, {}).update(ended)


async def _run(
    client: Client, cases: list[Case], raiser: str, reader: str
) -> tuple[dict[str, Any], dict[str, Ended]]:
    workflow = await start(
        client, reader, "ReadActivities", [case.call(f"errors-{raiser}") for case in cases]
    )
    handle = client.get_workflow_handle(workflow)
    chains = await handle.result()
    return chains, activities((await handle.fetch_history()).events)
