"""The doctor looks at a stack that runs."""

from pathlib import Path

import pytest

from triglot.cli import running
from triglot.cli.dev import _describe
from triglot.cli.doctor.reach import reached
from triglot.pollers import needed_queues
from triglot.stack.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_running_stack_fits(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TRIGLOT_STORE_URL"):
        monkeypatch.delenv(variable, raising=False)
    with running.claimed():
        running.write_running(_describe(stack, "json"))
        found = {finding.what: finding for finding in await reached()}

    assert [finding for finding in found.values() if not finding.fits and "Web UI" not in finding.what] == []
    assert {f"task queue {queue}" for queue in needed_queues()} <= found.keys()
    assert found["object store"].found == stack.folder.store_url
    # The tests' stack is without it, so here is a port that nobody answers at.
    assert not found["the stack's Web UI"].fits
