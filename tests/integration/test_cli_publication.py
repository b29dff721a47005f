"""`triglot publication`: what becomes of a report in the store."""

import pytest

from commands import SMALL, environment, triglot
from triglot.stack.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_report_without_a_limit_is_published_as_final(stack: Stack) -> None:
    env = environment(stack)
    run = (await triglot("report", "run", *SMALL, "--json", env=env)).document()

    listed = (await triglot("publication", "list", "--final", "--json", env=env)).document()

    (publication,) = [one for one in listed["publications"] if one["report_id"] == run["id"]]
    assert publication["portfolio_id"] == "synthetic-2"
    assert publication["as_of_date"] == run["result"]["as_of_date"]
    files = {stored["sha256"] for stored in run["result"]["files"].values()}
    assert set(publication["files"].values()) == files
    assert publication["state"] == run["result"]["publication_state"] == "final"
