"""The processes that simulate for a worker, and what becomes of them without it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest

from polling import until

DEADLINE = 30

# In place of a worker: its process works on a shard without end, or is idle.
WORKER = """
import asyncio, sys
import numpy as np
from triglot.risk import codec
from triglot.risk.kernel import Spec
from triglot.risk.simulator_pool import SimulatorPool
from triglot.store.store import encode_message

async def work():
    async with SimulatorPool().borrow() as simulator:
        if sys.argv[1] == "busy":
            await simulator.send("simulate", spec="a", first=0, count=2**32, next_scenario=0)
            assert (await simulator.receive()).kind == "model"
            spec = Spec(np.full((3, 20), 1.01), np.ones(20), horizon=250, block=1, seed=1)
            await simulator.send("model", encode_message(codec.spec_to_message(spec)))
            assert (await simulator.receive()).kind == "checkpoint"
        print(simulator.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(work())
"""


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@asynccontextmanager
async def worker(state: str) -> AsyncIterator[tuple[subprocess.Popen[str], int]]:
    """Runs a worker, and yields it and the number of its simulator's process; neither outlives the block."""
    command = [sys.executable, "-c", WORKER, state]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        simulator = int(await asyncio.to_thread(process.stdout.readline))
        try:
            yield process, simulator
        finally:
            process.kill()
            if not is_gone(simulator):
                os.kill(simulator, signal.SIGKILL)


@pytest.mark.parametrize("state", ["busy", "idle"])
async def test_a_process_ends_with_its_worker_however_that_ends(state: str) -> None:
    async with worker(state) as (process, simulator):
        assert not is_gone(simulator)
        process.kill()
        await until(lambda: is_gone(simulator), "the process has ended", DEADLINE)


async def test_signals_to_all_processes_leave_it_to_its_worker() -> None:
    async with worker("busy") as (process, simulator):
        assert os.getpgid(simulator) != os.getpgid(process.pid)
        os.kill(simulator, signal.SIGTERM)
        os.kill(simulator, signal.SIGINT)
        times = psutil.Process(simulator).cpu_times
        busy = times().user
        await until(lambda: times().user > busy + 0.2, "it computes on", DEADLINE)
