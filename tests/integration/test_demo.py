"""The demo's verdict is worth what it costs to fool it."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from demos import DEADLINE, Demo, failed_checks

GONE_SECONDS = 10

StartDemo = Callable[..., Demo]


def wait_until(condition: Callable[[], object], demo: Demo, what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert demo.process.poll() is None, f"the demo ended before {what}"
        assert time.monotonic() < deadline, f"no {what} after {DEADLINE} s"


@pytest.mark.parametrize("encoding", ["json", "binary"])
def test_a_demo_passes(start_demo: StartDemo, tmp_path: Path, encoding: str) -> None:
    code, verdict = start_demo(tmp_path, "--payloads", encoding).finish()

    assert failed_checks(verdict) == []
    assert (code, verdict["passed"]) == (0, True)
    assert verdict["scenario_count"] == 1_000_000
    assert 0 < verdict["fanout_overhead"] < 1
    report = json.loads(Path(verdict["files"]["report.json"]).read_text())
    assert report["simulation"]["digest"] == verdict["digest"]


def test_a_changed_digest_fails(start_demo: StartDemo, tmp_path: Path) -> None:
    expected = tmp_path / "expected.json"
    expected.write_text(json.dumps({"digests": {"1000000": "0" * 64}}))

    code, verdict = start_demo(tmp_path / "run", "--expected", str(expected)).finish()

    assert failed_checks(verdict) == ["digest"]
    assert (code, verdict["passed"]) == (1, False)


def test_a_lost_mail_fails(start_demo: StartDemo, tmp_path: Path) -> None:
    code, verdict = start_demo(tmp_path, "--lose-mails").finish()

    assert failed_checks(verdict) == ["each mail arrived exactly once", "mail's figures equal report.json"]
    assert (code, verdict["passed"]) == (1, False)


def test_an_error_line_in_each_log_fails(start_demo: StartDemo, tmp_path: Path) -> None:
    demo = start_demo(tmp_path)
    for process in ("server", "inbox", "risk-reports", "analytics", "simulation", "notification"):
        log = tmp_path / "logs" / f"{process}.log"
        wait_until(log.exists, demo, f"log of {process}")
        with log.open("a") as file:
            file.write('{"level": "error", "message": "seeded by a test"}\n')

    code, verdict = demo.finish()

    assert failed_checks(verdict) == ["lines at level error in any log"]
    assert verdict["checks"][-1]["seen"].startswith("6: ")
    assert (code, verdict["passed"]) == (1, False)


def test_three_demos_at_once_pass(start_demo: StartDemo, tmp_path: Path) -> None:
    demos = [start_demo(tmp_path / str(number)) for number in range(3)]

    for code, verdict in [demo.finish() for demo in demos]:
        assert failed_checks(verdict) == []
        assert code == 0


MOMENTS = {
    "the start": lambda folder: folder.exists(),
    "the supervisor": lambda folder: (folder / "supervisord.conf").exists(),
    "the server": lambda folder: (folder / "logs" / "server.log").exists(),
    "a worker": lambda folder: "worker started" in _text(folder / "logs" / "simulation.log"),
    "a shard": lambda folder: len(list((folder / "store").rglob("*"))) > 3,
    "the report": lambda folder: (folder / "report" / "report.json").exists(),
}


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interrupt_leaves_no_process(start_demo: StartDemo, tmp_path: Path, moment: str) -> None:
    folder = tmp_path / "run"
    demo = start_demo(folder, "--scenarios", "20M")
    wait_until(lambda: MOMENTS[moment](folder), demo, moment)

    demo.process.send_signal(signal.SIGINT)

    _, errors = demo.process.communicate(timeout=GONE_SECONDS)
    _, alive = psutil.wait_procs(list(demo.living_processes()), timeout=0)
    assert alive == []
    assert demo.process.returncode == 130
    assert "interrupted" in errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_end_a_demo_like_an_interrupt_with_their_own_exit_code(
    start_demo: StartDemo, tmp_path: Path, number: signal.Signals
) -> None:
    demo = start_demo(tmp_path, "--scenarios", "20M")
    wait_until(lambda: MOMENTS["a worker"](tmp_path), demo, "a worker")

    demo.process.send_signal(number)

    demo.process.communicate(timeout=GONE_SECONDS)
    assert list(demo.living_processes()) == []
    assert demo.process.returncode == 128 + number


def test_a_killed_demo_takes_its_stack_with_it(start_demo: StartDemo, tmp_path: Path) -> None:
    demo = start_demo(tmp_path, "--scenarios", "20M")
    wait_until(lambda: MOMENTS["a worker"](tmp_path), demo, "a worker")

    demo.process.kill()

    demo.process.wait(GONE_SECONDS)
    _, alive = psutil.wait_procs(list(demo.living_processes()), timeout=GONE_SECONDS)
    assert alive == []


def test_impatient_interrupts_leave_no_process(start_demo: StartDemo, tmp_path: Path) -> None:
    demo = start_demo(tmp_path, "--scenarios", "20M")
    wait_until(lambda: MOMENTS["a worker"](tmp_path), demo, "a worker")

    deadline = time.monotonic() + GONE_SECONDS
    while demo.process.poll() is None:
        assert time.monotonic() < deadline, "the demo does not end"
        demo.process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            demo.process.wait(0.1)  # as fast as fingers are

    assert list(demo.living_processes()) == []


def test_a_worker_that_cannot_start_is_named(start_demo: StartDemo, tmp_path: Path) -> None:
    # The store's folder is a file, so no worker gets past its start.
    (tmp_path / "store").write_text("")

    demo = start_demo(tmp_path)

    _, errors = demo.process.communicate(timeout=GONE_SECONDS)
    assert demo.process.returncode in (1, 2)
    assert str(tmp_path) in errors
    assert list(demo.living_processes()) == []
