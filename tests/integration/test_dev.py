"""`triglot dev`: the stack in the foreground."""

import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

STOP_SECONDS = 10


def test_dev_prints_its_addresses_and_stops_at_an_interrupt(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "triglot"), "dev", "--folder", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    web_ui = None
    for line in process.stdout:
        if match := re.search(r"Web UI\W+(http://127\.0\.0\.1:\d+)", line):
            web_ui = match[1]
        if "logs" in line:
            break
    assert web_ui, "no address of the Web UI"
    with urllib.request.urlopen(web_ui, timeout=STOP_SECONDS) as page:
        assert "<!doctype html>" in page.read().decode()

    process.send_signal(signal.SIGINT)

    _, errors = process.communicate(timeout=STOP_SECONDS)
    assert (process.returncode, errors) == (0, "")
