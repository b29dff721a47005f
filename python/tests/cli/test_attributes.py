"""A report is not begun where its workflow could not set what it is found by."""

import shlex
import subprocess
from collections.abc import AsyncIterator
from typing import cast
from unittest.mock import AsyncMock, Mock

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from triglot.cli.attributes import require_attributes
from triglot.cli.ends import UNREACHABLE, CommandError
from triglot.registration import register, registering_command, unregistered
from triglot.risk import attributes

NAMES = [key.name for key in attributes.ALL]


@pytest_asyncio.fixture
async def client(temporal_path: str) -> AsyncIterator[Client]:
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=temporal_path, dev_server_log_level="error"
    ) as server:
        yield server.client


def refusing(status: RPCStatusCode) -> Client:
    client = Mock(namespace="default")
    client.operator_service.list_search_attributes = AsyncMock(side_effect=RPCError("no", status, b""))
    return cast("Client", client)


async def test_the_command_that_is_named_registers_what_is_missing(
    client: Client, temporal_path: str
) -> None:
    with pytest.raises(CommandError) as refused:
        await require_attributes(client)
    command = str(refused.value).partition("register them: ")[2]
    words = [temporal_path, *shlex.split(command)[1:]]
    address = client.service_client.config.target_host
    subprocess.run([*words, "--address", address], check=True, capture_output=True, timeout=30)

    await require_attributes(client)

    assert refused.value.code == UNREACHABLE
    assert str(refused.value).startswith("the namespace default lacks search attributes")
    assert "--name TriglotValueAtRisk --type Int" in command


async def test_the_stack_registers_them_and_may_do_so_again(client: Client) -> None:
    before = await unregistered(client)
    await register(client)
    await register(client)

    assert (before, await unregistered(client)) == (NAMES, [])


async def test_one_of_another_type_is_none(client: Client, temporal_path: str) -> None:
    address = client.service_client.config.target_host
    command = "operator search-attribute create --name TriglotAsOf --type Keyword --address"
    subprocess.run([temporal_path, *command.split(), address], check=True, capture_output=True, timeout=30)

    assert "TriglotAsOf" in (await unregistered(client) or [])


@pytest.mark.parametrize("status", [RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED])
async def test_whoever_may_not_ask_may_go_on(status: RPCStatusCode) -> None:
    client = refusing(status)

    await require_attributes(client)

    assert await unregistered(client) is None


async def test_a_server_that_does_not_answer_is_no_server_that_has_them() -> None:
    with pytest.raises(RPCError):
        await require_attributes(refusing(RPCStatusCode.UNAVAILABLE))


def test_only_what_is_missing_is_registered() -> None:
    assert registering_command("a b", ["TriglotAsOf"]) == (
        "temporal operator search-attribute create --namespace 'a b' --name TriglotAsOf --type Datetime"
    )
