"""docs/errors.md says what the tests have seen, and quotes code that they have run."""

from __future__ import annotations

import pytest

from documents import check_table
from errors import tables
from errors.facts import FACTS
from errors.seen import Seen

pytestmark = pytest.mark.asyncio(loop_scope="session")
PAGE = "errors.md"


async def test_the_page_has_what_activities_tell(seen: Seen, pytestconfig: pytest.Config) -> None:
    check_table(pytestconfig, PAGE, "activities", tables.activities_table(seen))


async def test_the_page_has_what_is_known(pytestconfig: pytest.Config) -> None:
    check_table(pytestconfig, PAGE, "known differences", tables.known_table())


async def test_the_page_has_how_the_languages_differ(pytestconfig: pytest.Config) -> None:
    check_table(pytestconfig, PAGE, "facts", tables.facts_table(FACTS))


@pytest.mark.parametrize("name", ["raise", "refuse", "delay", "cause", "read"])
async def test_the_page_quotes_what_runs(pytestconfig: pytest.Config, name: str) -> None:
    check_table(pytestconfig, PAGE, f"code to {name}", tables.code(name))
