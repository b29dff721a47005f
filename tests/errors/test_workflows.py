"""Workflows that fail in one language, read by clients and parents in each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.service import RPCError, RPCStatusCode

from errors.cases import LANGUAGES, WORKFLOWS, Case
from errors.known import KNOWN
from errors.outcomes import outcome, start
from errors.stand import Stand
from errors.wire import Chain, differences
from polling import poll

pytestmark = pytest.mark.asyncio(loop_scope="session")
DEADLINE = 30

every_raiser = pytest.mark.parametrize("raiser", LANGUAGES)
every_reader = pytest.mark.parametrize("reader", LANGUAGES)


def within(chain: Chain) -> Chain:
    """The chain without what only a client puts around it; in Go an update has nothing around it."""
    return chain[1:] if chain[0]["kind"] == "workflow" else chain


def assert_read(case: str, raiser: str, reader: str, sent: Chain, chain: Chain) -> None:
    """Asserts that a reader sees what was sent, but for what is known."""
    known = {known.field for known in KNOWN if known.concerns(case, raiser, reader)}
    assert differences(sent, chain) == known, f"sent {sent}\nread {chain}"


@every_raiser
@pytest.mark.parametrize("case", WORKFLOWS)
async def test_clients_read_why_a_workflow_has_failed(stand: Stand, case: str, raiser: str) -> None:
    workflow = await start(stand.client, raiser, "FailWith", case)
    failed = await outcome(stand.client, workflow)
    assert failed.event == "failed"
    for reader in LANGUAGES:
        chain = await stand.readers[reader].ask("result", workflow)
        assert chain[0]["kind"] == "workflow"
        assert_read(case, raiser, reader, failed.chain, within(chain))


@every_raiser
async def test_an_error_passes_through_a_workflow_in_between(stand: Stand, raiser: str) -> None:
    for between in LANGUAGES:
        call = Case("cause-chain").call(f"errors-{raiser}")
        workflow = await start(stand.client, between, "Relay", call)
        failed = await outcome(stand.client, workflow)
        kinds = [link["kind"] for link in failed.chain]
        assert kinds[:2] == ["activity", "application"]
        for reader in LANGUAGES:
            chain = within(await stand.readers[reader].ask("result", workflow))
            assert_read("cause-chain", raiser, reader, failed.chain, chain)


@every_raiser
@every_reader
async def test_details_are_read_as_the_message_they_are(stand: Stand, raiser: str, reader: str) -> None:
    call = Case("one-message").call(f"errors-{raiser}")
    workflow = await start(stand.client, reader, "ReadTyped", call)
    answer = await stand.client.get_workflow_handle(workflow).result()
    assert (answer.sha256, answer.size_bytes, answer.media_type) == ("ab12", (1 << 53) + 1, "text/html")


CHILDREN: dict[str, dict[str, Any]] = {
    "one-message": {"does": "one-message"},
    "timed-out": {"does": "wait", "run_timeout": 700},
    "cancelled": {"does": "wait", "cancel": True},
    "terminated": {"does": "wait"},
}


Children = dict[tuple[str, str], list[Chain]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def children(stand: Stand) -> Children:
    """What parents have told, in all pairs of languages at once."""
    pairs = [(raiser, reader) for raiser in LANGUAGES for reader in LANGUAGES]

    async def read_all(raiser: str, reader: str) -> list[Chain]:
        return await asyncio.gather(*(read_child(stand, raiser, reader, name) for name in CHILDREN))

    return dict(zip(pairs, await asyncio.gather(*(read_all(*pair) for pair in pairs)), strict=True))


@every_raiser
@every_reader
async def test_parents_read_why_a_child_has_failed(children: Children, raiser: str, reader: str) -> None:
    application, timed_out, cancelled, terminated = children[raiser, reader]
    assert [link["kind"] for link in application] == ["child", "application"]
    assert application[0]["retry_state"] == "RETRY_POLICY_NOT_SET"
    assert application[1]["type"] == "ObjectNotFound"
    assert application[1]["details"][0]["sizeBytes"] == "9007199254740993"
    assert [link["kind"] for link in timed_out] == ["child", "timeout"]
    assert timed_out[1]["timeout"] == "START_TO_CLOSE"
    assert [link["kind"] for link in cancelled] == ["child", "cancelled"]
    assert [link["kind"] for link in terminated] == ["child", "terminated"]


async def read_child(stand: Stand, raiser: str, reader: str, name: str) -> Chain:
    call = Case(name, options=CHILDREN[name]).call(f"errors-{raiser}")
    workflow = await start(stand.client, reader, "ReadChild", call)
    if name == "terminated":
        await when_it_is_there(lambda: stand.client.get_workflow_handle(f"{workflow}/child").terminate())
    chain: Chain = await stand.client.get_workflow_handle(workflow).result()
    return chain


async def when_it_is_there(act: Callable[[], Awaitable[None]]) -> None:
    """Does something to a workflow as soon as there is one."""

    async def attempt() -> bool | None:
        try:
            await act()
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            return None
        return True

    await poll(attempt, "the child is there", DEADLINE)


ENDS = {"terminated": "terminated", "cancelled": "cancelled", "timed out": "timeout"}


@every_raiser
@pytest.mark.parametrize("end", ENDS)
async def test_clients_read_that_a_workflow_was_ended(stand: Stand, raiser: str, end: str) -> None:
    limit = timedelta(milliseconds=500) if end == "timed out" else None
    workflow = await start(stand.client, raiser, "FailWith", "wait", run_timeout=limit)
    handle = stand.client.get_workflow_handle(workflow)
    match end:
        case "terminated":
            await handle.terminate("enough")
        case "cancelled":
            await handle.cancel()
    for reader in LANGUAGES:
        chain = await stand.readers[reader].ask("result", workflow)
        assert [link["kind"] for link in chain] == ["workflow", ENDS[end]], reader


async def test_continuing_as_new_is_no_error(stand: Stand) -> None:
    # All at once, since the server makes a run that goes on wait for a second.
    workflows = [await start(stand.client, raiser, "FailWith", "again") for raiser in LANGUAGES]
    for workflow in workflows:
        for reader in LANGUAGES:
            assert await stand.readers[reader].ask("result", workflow) is None
