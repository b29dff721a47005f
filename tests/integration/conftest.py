"""One embedded stack for all tests that only talk to it, and demos that do not outlive their test.

Tests that take an `environment` run in each of those that `--environment` names: all, unless told otherwise.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

import contained
import demos
import environments
from samples import WEBHOOK_ENVIRONMENT
from triglot.stack.processes import StackOptions
from triglot.stack.stack import Stack, running_stack

ENVIRONMENTS = {
    "embedded": environments.embedded,
    "containers": contained.containers,
    "compose": contained.compose,
    "cluster": contained.cluster,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs the tests that take an environment in each that was asked for."""
    if "environment" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("environment") or list(ENVIRONMENTS)
        metafunc.parametrize("environment", chosen, indirect=True, scope="session")


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def environment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[environments.Environment]:
    """A stack to run reports on, and to disturb."""
    if request.param != "embedded":
        request.getfixturevalue("engine")
    async with ENVIRONMENTS[request.param](tmp_path_factory.mktemp(request.param)) as environment:
        yield environment


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
