"""The Python worker as a process: what it says and how it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from triglot.stack.ports import PortReservation

DEADLINE = 60


def run_worker(**environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("TRIGLOT_", "TEMPORAL_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "triglot.risk.worker"],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def only_line(worker: subprocess.CompletedProcess[str]) -> dict[str, str]:
    (line,) = worker.stderr.splitlines()
    entry: dict[str, str] = json.loads(line)
    assert entry["level"] == "error"
    return entry


def test_without_a_server_it_says_so_and_ends(tmp_path: Path) -> None:
    reservation = PortReservation()
    address = f"127.0.0.1:{reservation.take()}"

    worker = run_worker(
        TEMPORAL_ADDRESS=address, TRIGLOT_STORE_URL=tmp_path.as_uri(), TRIGLOT_CONNECT_TIMEOUT="0.5"
    )

    reservation.release()
    assert worker.returncode == 1
    assert only_line(worker)["message"].startswith(
        f"cannot reach the Temporal server at {address} within 0.5 s: "
    )


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "TRIGLOT_STORE_URL: field required"),
        (
            {"TRIGLOT_STORE_URL": "file:///tmp", "TRIGLOT_CONNECT_TIMEOUT": "soon"},
            "TRIGLOT_CONNECT_TIMEOUT: ",
        ),
        ({"TRIGLOT_STORE_URL": "file:///tmp", "TRIGLOT_CONNECT_TIMEOUT": "0"}, "TRIGLOT_CONNECT_TIMEOUT: "),
        (
            {"TRIGLOT_STORE_URL": "file:///tmp", "TRIGLOT_PAYLOAD_ENCODING": "xml"},
            "TRIGLOT_PAYLOAD_ENCODING: ",
        ),
        ({"TRIGLOT_STORE_URL": "file:///tmp", "TRIGLOT_LOG_LEVEL": "loud"}, "TRIGLOT_LOG_LEVEL: "),
        ({"TRIGLOT_STORE_URL": "store"}, "TRIGLOT_STORE_URL"),
        ({"TRIGLOT_STORE_URL": "gopher://store"}, "TRIGLOT_STORE_URL"),
    ],
)
def test_a_bad_setting_is_named(settings: dict[str, str], sentence: str) -> None:
    worker = run_worker(TEMPORAL_ADDRESS="127.0.0.1:1", **settings)

    assert worker.returncode == 2
    assert sentence in only_line(worker)["message"]


def test_a_bad_profile_is_named(tmp_path: Path) -> None:
    worker = run_worker(
        TEMPORAL_ADDRESS="127.0.0.1:1",
        TRIGLOT_STORE_URL=tmp_path.as_uri(),
        TEMPORAL_PROFILE="nobody-has-this",
        TEMPORAL_CONFIG_FILE=str(tmp_path / "missing.toml"),
    )

    assert worker.returncode == 2
    assert "nobody-has-this" in only_line(worker)["message"]


def test_a_stop_while_it_connects_is_no_error(tmp_path: Path) -> None:
    # A server that accepts and says nothing keeps the worker waiting.
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "triglot.risk.worker"],
            env={
                **os.environ,
                "TEMPORAL_ADDRESS": f"127.0.0.1:{server.getsockname()[1]}",
                "TRIGLOT_STORE_URL": tmp_path.as_uri(),
            },
            stderr=subprocess.PIPE,
            text=True,
        )
        server.settimeout(DEADLINE)
        connection, _ = server.accept()
        with connection:
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=DEADLINE)

    assert (process.returncode, errors) == (0, "")
