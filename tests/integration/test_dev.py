"""`triglot dev`: the stack in the foreground."""

import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

STOP_SECONDS = 10


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A started `triglot dev`, which does not outlive the test."""
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "triglot"), "dev", "--folder", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.terminate()
    process.communicate(timeout=STOP_SECONDS)


def test_dev_prints_its_addresses_and_stops_at_an_interrupt(dev: subprocess.Popen[str]) -> None:
    assert dev.stdout
    web_ui = None
    for line in dev.stdout:
        if match := re.search(r"Web UI\W+(http://127\.0\.0\.1:\d+)", line):
            web_ui = match[1]
        if "logs" in line:
            break
    assert web_ui, "no address of the Web UI"
    with urllib.request.urlopen(web_ui, timeout=STOP_SECONDS) as page:
        assert "<!doctype html>" in page.read().decode()

    dev.send_signal(signal.SIGINT)

    dev.wait(STOP_SECONDS)
    assert dev.stderr
    assert (dev.returncode, dev.stderr.read()) == (0, "")
