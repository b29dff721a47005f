"""`triglot dev`: the stack in the foreground."""

import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from triglot.cli.running import read_running

STOP_SECONDS = 10


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A started `triglot dev`, which does not outlive the test."""
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "triglot"), "dev"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.terminate()
    process.communicate(timeout=STOP_SECONDS)


def test_dev_prints_its_addresses_and_stops_at_an_interrupt(
    dev: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert dev.stdout
    pages = {}
    for line in dev.stdout:
        if match := re.search(r"(Web UI|inbox) +(http://127\.0\.0\.1:\d+)", line):
            pages[match[1]] = match[2]
        if "triglot report run" in line:
            break
    assert pages.keys() == {"Web UI", "inbox"}
    for url in pages.values():
        with urllib.request.urlopen(url, timeout=STOP_SECONDS) as page:
            assert "<!doctype html>" in page.read().decode()
    running = read_running(tmp_path / ".triglot")
    assert running
    assert (running.pid, running.web_ui, running.inbox) == (dev.pid, pages["Web UI"], pages["inbox"])

    dev.send_signal(signal.SIGINT)

    dev.wait(STOP_SECONDS)
    assert dev.stderr
    assert (dev.returncode, dev.stderr.read()) == (0, "")
    assert not (tmp_path / ".triglot" / "running.json").exists()
