"""How the languages differ in what fails, and in what is only tried again: to know before one raises."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetActivityRequest
from temporalio.client import WorkflowHandle

from errors.cases import LANGUAGES, PLAIN, Case
from errors.facts import (
    CANCELLED_DETAILS,
    FAULT,
    QUERIES,
    RAISING,
    RESET,
    RESULTS,
    SENDERS,
    STOPPED,
    TYPES,
    UNASKED,
    UNKNOWN_DETAILS,
    UNKNOWN_IN_CLIENT,
)
from errors.outcomes import outcome, start
from errors.seen import Seen
from errors.stand import Stand
from errors.wire import activities
from polling import poll

pytestmark = pytest.mark.asyncio(loop_scope="session")
DEADLINE = 30

every_language = pytest.mark.parametrize("language", LANGUAGES)
every_reader = pytest.mark.parametrize("reader", LANGUAGES)


@every_language
@pytest.mark.parametrize("case", TYPES)
async def test_the_type_of_an_error_without_one_is_the_language_s_own(
    seen: Seen, case: str, language: str
) -> None:
    sent = seen.sent(case, language)
    assert sent
    assert sent[1]["type"] == TYPES[case][language]


@pytest.mark.parametrize(
    ("case", "attempts"),
    [("plain-listed", 1), ("own-class-listed", 1), ("empty-listed", 2), ("cause-listed", 2), ("listed", 1)],
)
@every_language
async def test_retry_policies_match_the_outermost_type_as_a_text(
    seen: Seen, case: str, attempts: int, language: str
) -> None:
    assert seen.attempts(case, language) == {attempts}


@every_language
async def test_go_sends_no_stack_trace_and_python_no_source(seen: Seen, language: str) -> None:
    sent = seen.sent("application", language)
    assert sent
    assert (sent[1]["source"], sent[1]["stack"]) == SENDERS[language]


async def test_python_says_nothing_of_what_a_cancelled_activity_has_to_say(seen: Seen) -> None:
    said = {language: seen.sent("cancelled-details", language) for language in LANGUAGES}
    counts = {language: len(chain[1]["details"]) for language, chain in said.items() if chain}
    assert counts == CANCELLED_DETAILS


@every_language
async def test_only_who_is_asked_may_say_that_it_is_cancelled(seen: Seen, language: str) -> None:
    sent = seen.sent("cancelled-unasked", language)
    assert sent
    assert [link["kind"] for link in sent] == UNASKED[language]


@every_language
@pytest.mark.parametrize("case", PLAIN)
async def test_a_plain_error_fails_a_workflow_in_go_alone(stand: Stand, case: str, language: str) -> None:
    seen = await outcome(stand.client, await start(stand.client, language, "FailWith", case))
    panics = case in {"programming-error", "not-an-error"}
    assert seen.event == (FAULT if panics else RAISING)[language]


@every_reader
async def test_a_result_that_is_no_message_is_noticed_in_three_ways(stand: Stand, reader: str) -> None:
    call = Case("text-result").call("errors-go")
    workflow = await start(stand.client, reader, "ReadMessage", call)
    seen = await outcome(stand.client, workflow)
    answer = seen.event
    if answer == "completed":
        answer = await stand.client.get_workflow_handle(workflow).result()
    assert answer == RESULTS[reader]


@every_reader
async def test_details_of_an_unknown_message_stop_workflows_but_in_go(stand: Stand, reader: str) -> None:
    call = Case("unknown-message").call("errors-go")
    seen = await outcome(stand.client, await start(stand.client, reader, "ReadActivities", [call]))
    assert seen.event == UNKNOWN_DETAILS[reader]


@every_reader
async def test_details_of_an_unknown_message_hide_the_error_from_clients_but_in_go(
    stand: Stand, reader: str
) -> None:
    workflow = await start(stand.client, "go", "FailWith", "unknown-message")
    chain = await stand.readers[reader].ask("result", workflow)
    seen = next(link for link in chain if link["kind"] != "workflow")
    kind, message = UNKNOWN_IN_CLIENT[reader]
    assert seen["class"] == kind
    assert message in seen["message"]


@every_language
async def test_updates_tell_their_errors_and_queries_only_a_message(stand: Stand, language: str) -> None:
    workflow = await start(stand.client, language, "Answer")
    for reader in LANGUAGES:
        client = stand.readers[reader]
        for update in ("Accept", "Refuse"):
            chain = await client.ask("update", workflow, update, "one-message")
            # A client in Go gets the error itself; the others put one of their own around it.
            assert [link["kind"] for link in chain] == ["workflow", "application"][reader == "go" :]
            assert (chain[-1]["type"], len(chain[-1]["details"])) == ("ObjectNotFound", 1)
        (failed,) = await client.ask("query", workflow, "Ask", "one-message")
        assert failed["message"].startswith("no such object")
        assert failed["class"] == QUERIES[reader]
    await stand.client.get_workflow_handle(workflow).terminate()


async def is_ready(handle: WorkflowHandle[Any, Any]) -> bool | None:
    """Says whether the activity `ready:...` of a workflow has answered."""
    events = [event.event_type async for event in handle.fetch_history_events()]
    return EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED in events or None


@every_language
async def test_a_worker_that_stops_fails_its_activities(stand: Stand, language: str) -> None:
    queue = f"errors-{language}-stopping"
    calls = [Case(name).call(queue) for name in ("stopped", "ready:stopped")]
    workflow = await start(stand.client, "python", "ReadActivities", calls)
    handle = stand.client.get_workflow_handle(workflow)
    await poll(lambda: is_ready(handle), "the activity runs", DEADLINE)
    await stand.readers[language].ask("stop")
    await handle.result()
    sent = activities((await handle.fetch_history()).events)["stopped"].chain
    assert sent
    assert [link["kind"] for link in sent] == ["activity", "application"]
    assert (sent[1]["type"], sent[1]["non_retryable"]) == (STOPPED[language], False)


async def test_a_reset_is_another_attempt_and_no_error(stand: Stand) -> None:
    seen = await asyncio.gather(*(reset(stand, language, max_attempts=2) for language in LANGUAGES))
    assert seen == ["done all the same"] * len(LANGUAGES)


@every_language
async def test_a_reset_of_the_last_attempt_is_an_error(stand: Stand, language: str) -> None:
    _, error = await reset(stand, language, max_attempts=1)
    assert error["type"] == RESET[language], error


async def reset(stand: Stand, language: str, max_attempts: int) -> Any:
    """Resets an activity that runs, and returns what a workflow sees of it."""
    calls = [
        Case(name, options={"heartbeat": 5_000, "max_attempts": max_attempts}).call(f"errors-{language}")
        for name in ("cancelled", "ready:cancelled")
    ]
    workflow = await start(stand.client, "python", "ReadActivities", calls)
    handle = stand.client.get_workflow_handle(workflow)
    await poll(lambda: is_ready(handle), "the activity runs", DEADLINE)
    await stand.client.workflow_service.reset_activity(
        ResetActivityRequest(
            namespace=stand.client.namespace,
            execution=WorkflowExecution(workflow_id=workflow),
            id="cancelled",
        )
    )
    return (await handle.result())["cancelled"]
