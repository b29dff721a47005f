"""Running `triglot demo` as a user does: as a process, through the front door."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

MARKER = "DEMO_TEST_MARKER"
DEADLINE = 120


@dataclass
class Demo:
    """A started demo, with a mark on all of its processes."""

    folder: Path
    process: subprocess.Popen[str]
    marker: str

    def finish(self) -> tuple[int, dict[str, Any]]:
        """Waits for the end; returns the exit code and what was printed as JSON."""
        output, errors = self.process.communicate(timeout=DEADLINE)
        assert output, f"exit code {self.process.returncode}: {errors}"
        return self.process.returncode, json.loads(output)

    def kill(self) -> None:
        """Kills every process of the run that is left."""
        for process in self.living_processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def living_processes(self) -> Iterator[psutil.Process]:
        """Yields every process of the run that is alive, whoever its parent is."""
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARKER) == self.marker and process.status() != psutil.STATUS_ZOMBIE:
                    yield process
            except psutil.Error:
                continue  # gone, or somebody else's


def start_demo(folder: Path, *options: str) -> Demo:
    """Starts a small demo in a folder of its own."""
    marker = uuid.uuid4().hex
    command = [str(Path(sys.executable).parent / "triglot"), "demo", "--json", "--folder", str(folder)]
    process = subprocess.Popen(
        [*command, "--scenarios", "1M", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, MARKER: marker},
    )
    return Demo(folder, process, marker)


def failed_checks(verdict: dict[str, Any]) -> list[str]:
    """Returns the names of the checks that did not pass."""
    return [check["name"] for check in verdict["checks"] if check["passed"] is not True]
