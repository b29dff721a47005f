"""`triglot stack`: the stack in the background."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from demos import MARKER, Demo
from triglot.risk import defaults

DEADLINE = 120
GONE_SECONDS = 15
STOPPED = {"stopped": True, "running_reports": 0}
NOTHING_TO_STOP = {"stopped": False, "running_reports": None}
TRIGLOT = str(Path(sys.executable).parent / "triglot")


@dataclass(frozen=True)
class Place:
    """A folder in which stacks are started, and a mark on all that is started in it."""

    root: Path
    marker: str

    def triglot(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [TRIGLOT, *arguments],
            cwd=self.root,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )

    def environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TEMPORAL_", "TRIGLOT_", "XDG_", "MPL"))
        }
        return kept | {MARKER: self.marker, "HOME": str(self.home)}

    @property
    def home(self) -> Path:
        return self.root.parent / "home"

    def document(self, *arguments: str) -> tuple[int, Any]:
        result = self.triglot(*arguments, "--json")
        assert result.stdout, result.stderr
        return result.returncode, json.loads(result.stdout)

    def living(self) -> list[psutil.Process]:
        return list(Demo(self.root, None, self.marker).living_processes())  # type: ignore[arg-type]

    def await_end(self) -> None:
        _, alive = psutil.wait_procs(self.living(), timeout=GONE_SECONDS)
        assert alive == []


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    root = tmp_path / "a folder with 100 % spaces"
    root.mkdir()
    place = Place(root, uuid.uuid4().hex)
    place.home.mkdir()
    yield place
    for process in place.living():
        with suppress(psutil.NoSuchProcess):
            process.kill()


def await_that(condition: Callable[[], bool], complaint: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, complaint


def test_a_stack_is_started_once_and_stopped_once(place: Place) -> None:
    code, stack = place.document("stack", "up")
    assert code == 0
    for url in (stack["web_ui"], stack["inbox"]):
        with urllib.request.urlopen(url, timeout=DEADLINE) as page:
            assert page.status == 200
    assert Path(stack["folder"]).is_relative_to(place.root / ".triglot")

    again = place.triglot("stack", "up", "--json")
    assert (again.returncode, json.loads(again.stdout)) == (0, stack)
    assert f"already running, process {stack['pid']}" in again.stderr
    dev = place.triglot("dev")
    assert dev.returncode == 1
    assert "a stack already runs in this folder" in dev.stderr

    code, status = place.document("stack", "status")
    assert (code, status["all_up"], status["stack"]) == (0, True, stack)
    assert {process["name"] for process in status["processes"]} >= {
        "server",
        "inbox",
        *(queue["task_queue"] for queue in status["task_queues"]),
    }
    assert all(psutil.pid_exists(process["pid"]) for process in status["processes"])
    assert all(queue["pollers"] for queue in status["task_queues"])

    assert place.document("stack", "down") == (0, STOPPED)
    assert place.living() == []
    assert place.document("stack", "down") == (0, NOTHING_TO_STOP)
    status = place.triglot("stack", "status")
    assert status.returncode == 3
    assert "no stack runs in this folder" in status.stderr


def test_a_report_outlives_its_stack(place: Place) -> None:
    assert place.triglot("stack", "up").returncode == 0
    _, status = place.document("stack", "status")
    pids = {process["name"]: process["pid"] for process in status["processes"]}
    assert {process["name"]: process["condition"] for process in status["processes"]}[
        "simulation"
    ] == "polling"
    # So that it has certainly not ended; what was given to this worker is lost.
    os.kill(pids["simulation"], signal.SIGSTOP)
    assert place.triglot("report", "run", "--scenarios", "1M", "--id", "survivor", "--detach").returncode == 0
    (place.root / "below").mkdir()

    below = Place(place.root / "below", place.marker)
    down = below.triglot("stack", "down")
    assert down.returncode == 0, down.stderr
    assert "1 report was running; it goes on at the next `triglot stack up` in " in down.stdout
    assert place.living() == []
    up = place.triglot("stack", "up")

    assert up.returncode == 0, up.stderr
    assert "in another terminal" not in up.stdout
    code, watched = below.document("report", "watch", "survivor")
    assert (code, watched["status"]) == (0, "completed")
    expected = json.loads(defaults.expected_path().read_text())["digests"]["1000000"]
    assert watched["result"]["digest"] == expected

    for process in place.living():
        process.kill()
    place.await_end()
    assert place.triglot("stack", "up").returncode == 0
    assert place.document("report", "show", "survivor")[1]["result"] == watched["result"]
    assert place.document("stack", "down") == (0, STOPPED)
    assert list(place.home.rglob("*")) == [], "the home of whoever runs it is not ours"


def test_a_killed_stack_leaves_nothing_and_the_next_starts(place: Place) -> None:
    _, stack = place.document("stack", "up")
    os.kill(stack["pid"], signal.SIGKILL)
    place.await_end()
    assert place.triglot("stack", "status").returncode == 3

    code, next_stack = place.document("stack", "up")

    assert code == 0
    assert next_stack["pid"] != stack["pid"]
    assert place.document("stack", "down") == (0, STOPPED)
    assert place.living() == []


def test_two_at_once_are_one(place: Place) -> None:
    with ThreadPoolExecutor(2) as pool:
        (code, one), (other_code, other) = pool.map(lambda _: place.document("stack", "up"), range(2))

    assert (code, other_code) == (0, 0)
    assert one == other
    assert place.document("stack", "down") == (0, STOPPED)
    assert place.living() == []


def test_a_start_that_fails_is_one_sentence_and_leaves_nothing(place: Place) -> None:
    run = place.root / "run"
    run.mkdir()
    # The store's folder is a file, so no worker gets past its start.
    (run / "store").write_text("")

    result = place.triglot("stack", "up", "--folder", "run", "--json")

    assert (result.returncode, result.stdout) == (1, "")
    assert "store" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.splitlines()[-1].startswith("triglot: ")
    assert place.living() == []
    assert place.document("stack", "down") == (0, NOTHING_TO_STOP)


def test_a_start_can_be_stopped(place: Place) -> None:
    with ThreadPoolExecutor(1) as pool:
        up = pool.submit(place.triglot, "stack", "up")
        lock = place.root / ".triglot" / "running.lock"
        await_that(lambda: lock.exists() and lock.read_text() != "", "the start claims nothing")
        assert place.document("stack", "down") == (0, STOPPED | {"running_reports": None})
        assert up.result().returncode != 0

    assert place.living() == []
