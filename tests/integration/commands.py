"""Running `triglot` as a process against the embedded stack."""

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from triglot.stack.processes import inherited_environment
from triglot.stack.stack import Stack

SCRIPT = str(Path(sys.executable).parent / "triglot")
DEADLINE = 60
SMALL = ("--portfolio", "synthetic", "--prices", "synthetic:2x50", "--scenarios", "10k", "--horizon", "5")
"""A report that takes about half a second."""
LONG = (
    "--portfolio",
    "synthetic",
    "--prices",
    "synthetic:50x100",
    "--scenarios",
    "4B",
    "--shard-size",
    "16M",
)
"""A report that takes longer than any test."""


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    arguments: tuple[str, ...]
    code: int
    output: str
    errors: str

    def document(self) -> Any:
        """Returns what was printed as JSON, by a command that did what it should."""
        assert (self.code, self.errors) == (0, ""), self
        return json.loads(self.output)

    def refusal(self, code: int) -> str:
        """Returns the one sentence on standard error of a command that did not."""
        assert self.code == code, self
        assert self.errors.startswith("triglot: "), self
        assert len(self.errors.splitlines()) == 1, self
        return self.errors.removeprefix("triglot: ").rstrip("\n")


def environment(stack: Stack, **changes: str) -> dict[str, str]:
    """Returns the variables that name the stack's server and store, and no others of their kind."""
    return inherited_environment() | {
        "TEMPORAL_ADDRESS": stack.ports.address,
        "TEMPORAL_CONFIG_FILE": str(stack.folder.temporal_config),
        "TRIGLOT_STORE_URL": stack.folder.store_url,
        "TRIGLOT_CONNECT_TIMEOUT": "20",
        **changes,
    }


async def triglot(
    *arguments: str,
    env: Mapping[str, str],
    cwd: Path | None = None,
    interrupt_after: Callable[[str], bool] | None = None,
) -> Ended:
    """Runs one command to its end.

    Args:
        arguments: Its arguments.
        env: Its variables.
        cwd: Its folder.
        interrupt_after: Given a line of its output, whether it is time for Ctrl-C.
    """
    process = await asyncio.create_subprocess_exec(
        SCRIPT, *arguments, env=env, cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    read = b""
    try:
        async with asyncio.timeout(DEADLINE):
            while interrupt_after:
                assert process.stdout
                line = await process.stdout.readline()
                read += line
                assert line, f"{arguments} ended before it was interrupted: {read!r}"
                if interrupt_after(line.decode()):
                    process.send_signal(signal.SIGINT)
                    break
            output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Ended(arguments, process.returncode, (read + output).decode(errors="replace"), errors.decode())
