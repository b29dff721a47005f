"""The benchmark on a server that is given by its address."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from toolchain import BIN, RUN_SECONDS
from triglot.bench.decisions import QUESTIONS, answer
from triglot.bench.files import read_result
from triglot.connection import quiet_runtime


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """A server that nobody polls."""
    server = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(BIN / "temporal"),
        dev_server_log_level="error",
        runtime=quiet_runtime(),
    )
    async with server:
        yield server.client.service_client.config.target_host


async def bench(folder: Path, address: str, *sections: str) -> tuple[int | None, str, str]:
    """Returns the exit code and what a quick run says; the environment names neither server nor store."""
    prefixes = ("TEMPORAL_", "TRIGLOT_")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "triglot.cli.main", "bench", "run", "--quick", "--address", address,
        *(f"--section={section}" for section in sections), "--output", str(folder / "run"),
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith(prefixes)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await asyncio.wait_for(process.communicate(), RUN_SECONDS)
    return process.returncode, output.decode(), errors.decode()


async def test_a_server_that_is_not_there_is_found_before_anything_is_measured(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        nowhere = f"127.0.0.1:{taken.getsockname()[1]}"
        code, output, errors = await bench(tmp_path, nowhere, "payloads")

    assert (code, output) == (3, "")
    assert errors.startswith(f"triglot: cannot reach the Temporal server at {nowhere} within ")
    assert errors.count("\n") == 1
    assert not (tmp_path / "run").exists()


async def test_a_server_without_the_workers_of_reports_measures_all_but_the_job(
    tmp_path: Path, address: str
) -> None:
    code, output, errors = await bench(tmp_path, address)

    assert (code, output) == (3, "")
    assert errors.startswith("triglot: nobody polls the task queues ")
    assert "or leave out what runs reports on them: --section kernel --section calls" in errors
    assert not (tmp_path / "run").exists()

    code, output, errors = await bench(tmp_path, address, "calls", "payloads")

    assert code == 0, f"{output}\n{errors}"
    run = read_result(tmp_path / "run")
    assert (run.server, run.problems) == (address, [])
    unknown = "the server was given, and whether it set the pace is not known"
    assert {table.unranked for table in run.section("calls").tables} == {unknown}
    decided = {question.section: answer(run, question) for question in QUESTIONS}
    assert decided["calls"] == f"not ranked in this run: {unknown}"
    # Messages are encoded without any server.
    assert "not ranked" not in decided["payloads"]
