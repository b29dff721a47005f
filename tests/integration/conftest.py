"""One embedded stack for all tests that only talk to it, and demos that do not outlive their test."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

import demos
from samples import WEBHOOK_ENVIRONMENT
from triglot.stack.processes import StackOptions
from triglot.stack.stack import Stack, running_stack


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("stack")
    async with running_stack(folder, StackOptions(environment=WEBHOOK_ENVIRONMENT)) as stack:
        yield stack


@pytest.fixture
def start_demo() -> Iterator[Callable[..., demos.Demo]]:
    """Starts demos as `demos.start_demo` does."""
    started: list[demos.Demo] = []

    def start(folder: Path, *options: str) -> demos.Demo:
        started.append(demos.start_demo(folder, *options))
        return started[-1]

    yield start
    for demo in started:
        demo.kill()
