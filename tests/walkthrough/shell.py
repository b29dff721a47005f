"""One shell for all commands of a page, as a reader has it: what one block sets, the next one finds."""

import os
import secrets
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_READ = 65_536


class ShellError(Exception):
    """The commands took too long."""


class Shell:
    """A bash that runs blocks of commands."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(self, commands: str, seconds: float, *, may_fail: bool = False) -> tuple[int, str]:
        """Runs commands; returns the exit code and all that they wrote.

        Args:
            commands: One or several lines.
            seconds: How long they may take together.
            may_fail: Whether the shell lives on if they fail, and the last one decides on the exit code.
                Otherwise the first one that fails ends them, and the shell.

        Raises:
            ShellError: They have not ended in time.
        """
        assert self._process.stdin is not None
        end = f"end of commands {secrets.token_hex(8)}"
        with tempfile.NamedTemporaryFile("w", suffix=".sh") as file:
            file.write(commands)
            file.flush()
            # From a file, so that no command reads what the shell is told next.
            strict = "set +e" if may_fail else "set -e"
            script = f"{strict}\nsource {file.name} < /dev/null\nprintf '\\n%s %s\\n' '{end}' \"$?\"\n"
            self._process.stdin.write(script.encode())
            self._process.stdin.flush()
            return self._read(f"\n{end} ", seconds)

    def _read(self, end: str, seconds: float) -> tuple[int, str]:
        assert self._process.stdout is not None
        deadline, written = time.monotonic() + seconds, b""
        while True:
            text = written.decode(errors="replace")
            before, found, code = text.partition(end)
            if found and code.endswith("\n"):
                return int(code), before
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                raise ShellError(f"not within {seconds:.0f} s; so far:\n{text}")
            read = os.read(self._process.stdout.fileno(), _READ)
            if not read:
                return self._process.wait(), text
            written += read

    def close(self) -> None:
        """Ends the shell and what it has started in the foreground."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
