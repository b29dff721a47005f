"""Activities that fail in one language, read by workflows in each."""

from __future__ import annotations

from typing import Any

import pytest

from errors.cases import ACTIVITIES, LANGUAGES, UNIFORM, Case
from errors.known import KNOWN
from errors.seen import Seen
from errors.wire import differences

pytestmark = pytest.mark.asyncio(loop_scope="session")

every_case = pytest.mark.parametrize("case", ACTIVITIES, ids=lambda case: case.name)
every_raiser = pytest.mark.parametrize("raiser", LANGUAGES)


@every_case
@every_raiser
async def test_readers_see_what_was_sent(seen: Seen, case: Case, raiser: str) -> None:
    for reader in LANGUAGES:
        sent, chain = seen.sent(case.name, raiser, reader), seen.chain(case.name, raiser, reader)
        if sent is None:
            assert chain == "done all the same"
            continue
        known = {known.field for known in KNOWN if known.concerns(case.name, raiser, reader)}
        found = differences(sent, chain)
        assert found >= known, f"healed: {reader} reads {known - found} as sent; take it out of known.py"
        assert found == known, f"sent {sent}\nread {chain}"


@every_case
@every_raiser
async def test_an_activity_is_tried_as_often_as_its_error_allows(seen: Seen, case: Case, raiser: str) -> None:
    assert seen.attempts(case.name, raiser) == {case.attempts_in(raiser)}


@every_raiser
async def test_the_server_waits_as_long_as_the_error_says(seen: Seen, raiser: str) -> None:
    # The policy would have it wait for half a minute.
    for reader in LANGUAGES:
        assert 0.25 <= seen.histories[raiser, reader]["next-retry-delay"].waited < 15


@pytest.mark.parametrize("case", UNIFORM)
@every_raiser
async def test_an_error_of_the_contract_is_the_same_from_every_language(
    seen: Seen, case: str, raiser: str
) -> None:
    def without_traces(language: str) -> list[dict[str, Any]]:
        chain = seen.sent(case, language)
        assert chain
        return [{**link, "source": "", "stack": False} for link in chain]

    assert without_traces(raiser) == without_traces("python") == UNIFORM[case]


@every_raiser
async def test_a_broken_rule_is_an_invalid_argument_with_its_violations(seen: Seen, raiser: str) -> None:
    for case, fields in (
        ("breaks-a-rule", ["idempotency_key", "recipient", "notification"]),
        ("no-message", []),
    ):
        sent = seen.sent(case, raiser)
        assert sent
        activity, refusal = sent[:2]
        assert activity["retry_state"] == "NON_RETRYABLE_FAILURE"
        assert (refusal["type"], refusal["non_retryable"]) == ("InvalidArgument", True)
        (violations,) = refusal["details"]
        assert violations["@type"] == "buf.validate.Violations"
        found = [
            each["field"]["elements"][0]["fieldName"] for each in violations["violations"] if "field" in each
        ]
        assert found == fields
