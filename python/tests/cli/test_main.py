"""`triglot` as a process: what it says of bad input, and with which exit code."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

DEADLINE = 60


def run_triglot(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "triglot.cli.main", *arguments],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


@pytest.mark.parametrize("content", ["no JSON", "[]", "{}", '{"digests": []}'])
def test_expected_digests_of_another_form_are_refused(tmp_path: Path, content: str) -> None:
    expected = tmp_path / "expected.json"
    expected.write_text(content)

    run = run_triglot("demo", "--expected", str(expected), "--folder", str(tmp_path / "run"))

    assert run.returncode == 2
    assert run.stderr == f'triglot: {expected}: is no JSON of the form {{"digests": {{"1000000": "..."}}}}\n'
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("demo", "--expected", "/no/such/file"),
        ("demo", "--folder", __file__),
        ("dev", "--folder", __file__),
        ("demo", "--scenarios", "many"),
        ("demo", "--payloads", "xml"),
        ("dev", "--build-id", "a b"),
        ("stack", "up", "--build-id", "-"),
        ("simulate", "--fast"),
        ("report", "run", "--block", "4000"),
        ("report", "run", "--shard-size", "many"),
        ("demo", "--scenarios", "100"),
        ("report", "run", "--confidence", "99.99", "--scenarios", "99999"),
        ("schedule", "create", "nightly", "--scenarios", "many"),
        ("schedule", "create", "Nightly"),
        ("schedule", "create", "nightly", "--cron", "@daily"),
        ("schedule", "backfill", "nightly", "2022-12-01", "yesterday"),
    ],
    ids=" ".join,
)
def test_a_bad_argument_is_named_in_one_sentence(arguments: tuple[str, ...]) -> None:
    run = run_triglot(*arguments)

    assert run.returncode == 2
    assert arguments[-1] in run.stderr.replace(",", "")
    assert len(run.stderr.splitlines()) == 1


def test_a_block_is_held_against_the_history() -> None:
    run = run_triglot(
        "report", "run", "--prices", "synthetic:2x50", "--portfolio", "synthetic", "--block", "50"
    )

    sentence = "--block 50: must be at most 49, the days that there are to draw from"
    assert (run.returncode, run.stderr) == (2, f"triglot: {sentence}\n")


def test_a_schedule_wants_exposures_that_are_of_no_day(tmp_path: Path) -> None:
    portfolio = tmp_path / "portfolio.json"
    portfolio.write_text(
        '{"id": "p", "name": "P", "currency": "USD", "positions": [{"symbol": "SYN1", "quantity": 3}]}'
    )

    run = run_triglot(
        "schedule", "create", "nightly", "--prices", "synthetic:2x50", "--portfolio", str(portfolio)
    )

    sentence = "has another value each day, and a schedule keeps one for all: say exposure_minor instead"
    assert run.returncode == 2
    assert run.stderr == f"triglot: {portfolio}, line 1, positions[0].quantity: {sentence}\n"


def interrupt_while_importing(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import os, signal, sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        f"sys.argv = ['triglot', *{arguments!r}]\n"
        "from triglot.cli.entry import main\n"
        "main()\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=DEADLINE, check=False
    )


@pytest.mark.parametrize(
    ("module", "arguments", "sentence"),
    [
        ("typer", ("report", "list"), "interrupted"),
        ("triglot.cli.report", ("report", "run"), "interrupted; nothing was started"),
        ("triglot.cli.starting", ("report", "run"), "interrupted; nothing was started"),
        ("triglot.cli.storing", ("store", "ls"), "interrupted"),
    ],
)
def test_an_early_interrupt_is_no_traceback(module: str, arguments: tuple[str, ...], sentence: str) -> None:
    run = interrupt_while_importing(module, *arguments)

    assert (run.returncode, run.stdout, run.stderr) == (130, "", f"triglot: {sentence}\n")


def test_an_interrupt_before_the_start_says_that_nothing_was_started(tmp_path: Path) -> None:
    # A server that takes connections and says nothing.
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(DEADLINE)
        process = subprocess.Popen(
            [sys.executable, "-m", "triglot.cli.main", "report", "run"],
            env=os.environ
            | {
                "TEMPORAL_ADDRESS": f"127.0.0.1:{server.getsockname()[1]}",
                "TRIGLOT_STORE_URL": tmp_path.as_uri(),
                "TRIGLOT_CONNECT_TIMEOUT": str(DEADLINE),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            connection, _ = server.accept()
            with connection:
                process.send_signal(signal.SIGINT)
                output, errors = process.communicate(timeout=DEADLINE)
        finally:
            process.kill()

    assert (process.returncode, output, errors) == (130, "", "triglot: interrupted; nothing was started\n")


def many_objects(folder: Path) -> str:
    """Makes a store whose list does not fit into a pipe, and returns its URL."""
    for number in range(2_000):
        digest = f"{number:064x}"
        path = folder / "sha256" / digest[:2] / digest
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder.as_uri()


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_output_that_nobody_reads_on_is_no_failure(tmp_path: Path, options: tuple[str, ...]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "triglot.cli.main", "store", "ls", *options],
        env=os.environ | {"TRIGLOT_STORE_URL": many_objects(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    try:
        assert process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
        code = process.wait(timeout=DEADLINE)
    finally:
        process.kill()
        process.stderr.close()

    assert (code, errors) == (141, b"")


def test_objects_are_listed_newest_first(tmp_path: Path) -> None:
    for number, age in enumerate((5, 1, 9)):
        path = tmp_path / "sha256" / "00" / f"{number:064x}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
    run = subprocess.run(
        [sys.executable, "-m", "triglot.cli.main", "store", "ls", "--json"],
        env=os.environ | {"TRIGLOT_STORE_URL": tmp_path.as_uri()},
        capture_output=True,
        timeout=DEADLINE,
        check=True,
    )

    objects = json.loads(run.stdout)["objects"]
    assert [one["sha256"][-1] for one in objects] == ["1", "0", "2"]
    assert objects[0]["modified"] == "1970-01-12T13:46:39Z"


def test_a_file_that_cannot_be_written_is_named_before_anything_is_read(tmp_path: Path) -> None:
    run = run_triglot("store", "get", "f" * 64, "--output", str(tmp_path / "no" / "such" / "file"))

    assert run.returncode == 2
    assert run.stderr == (
        f"triglot: --output {tmp_path}/no/such/file: there is no folder {tmp_path}/no/such\n"
    )
