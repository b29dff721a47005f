"""One embedded stack for all sizes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from triglot.stack.processes import StackOptions
from triglot.stack.stack import Stack, running_stack


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("stack")
    async with running_stack(folder, StackOptions()) as stack:
        yield stack
