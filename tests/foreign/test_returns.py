"""One service, served and driven by generated code in each language: nine pairs that must look the same."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from toolchain import environment

LANGUAGES = ("python", "go", "typescript")
CLIENT_SECONDS = 60


async def drive(language: str, server: Client, acme: Any, programs: dict[str, list[Path]], order: str) -> Any:
    """Lets a client in one language write down what it sees."""
    if language == "python":
        return await acme.customer.drive(server, order)
    address = server.service_client.config.target_host
    # Not waited for by blocking: a worker in Python serves it on this very loop.
    client = await asyncio.create_subprocess_exec(
        *programs[language],
        "client",
        order,
        env=environment(TEMPORAL_ADDRESS=address),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(client.communicate(), CLIENT_SECONDS)
    assert client.returncode == 0, errors.decode()
    return json.loads(output)


@pytest.mark.parametrize("worker", LANGUAGES)
async def test_every_client_sees_the_same_of_every_worker(
    worker: str,
    server: Client,
    acme: Any,
    returns_programs: dict[str, list[Path]],
    serving: Callable[[str], AbstractAsyncContextManager[None]],
) -> None:
    async with serving(worker):
        seen = {
            client: await drive(client, server, acme, returns_programs, f"{worker}-{client}")
            for client in LANGUAGES
        }
    assert seen == {
        client: {
            "refused": "InvalidArgument",
            "id": f"return/{worker}-{client}",
            "pieces": "9007199254740993",
            "reason_present": True,
            "rejected": "InvalidArgument",
            "number": "refund/desk/1250",
            "refund_cents": "1250",
            "finding": "9007199254740993 pieces from Basel",
            "too_early": "TooEarly",
            "failed_activity": "acme.returns.v1.ReturnService.InspectParcel",
            "failed_type": "NoParcel",
            "failed_message": "no parcel from nowhere",
            "alias_stage": "STAGE_AWAITED",
        }
        for client in LANGUAGES
    }
