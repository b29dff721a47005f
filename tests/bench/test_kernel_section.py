"""The section `kernel` with the executors of all languages, as `make bench QUICK=1` runs it."""

import json
import subprocess
import sys
from pathlib import Path

from toolchain import RUN_SECONDS
from triglot.bench.files import read_result
from triglot.bench.kernel import PER_CPU, TO_C, kernel_commands
from triglot.stack.processes import REPOSITORY


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "triglot.cli.main", "bench", *arguments]
    return subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=RUN_SECONDS
    )


def test_all_kernels_are_measured_side_by_side(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    result = bench("run", "--quick", "--section", "kernel", "--output", str(folder))
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"

    run = read_result(folder)
    assert run.quick
    assert run.problems == []
    table = run.section("kernel").table("speed")
    expected = {command.key: command.absent for command in kernel_commands()}
    assert {row.key: row.absent for row in table.rows} == expected
    measured = [row for row in table.rows if not row.absent]
    assert {row.labels["language"] for row in measured} >= {"Go", "TypeScript", "Python"}
    for row in measured:
        assert row.measures[PER_CPU].interval.value > 100_000
        assert row.measures[PER_CPU].interval.count >= 5
        assert (TO_C in row.measures) == (expected["c"] is None)
    for name in ("report.md", "kernel-speed.png", "kernel-speed.svg"):
        assert (folder / name).stat().st_size > 1_000

    # Of one run with itself no difference may be claimed.
    same = bench("compare", str(folder), str(folder))
    assert same.returncode == 0, same.stderr
    assert not {"faster", "slower", "more", "less"} & set(same.stdout.split())

    again = bench("run", "--quick", "--section", "kernel", "--output", str(folder))
    assert (again.returncode, again.stderr) == (
        2,
        f"triglot: {folder} holds another run; name another folder\n",
    )


def test_other_machines_are_not_compared_in_silence(tmp_path: Path) -> None:
    committed = json.loads((REPOSITORY / "docs" / "bench" / "result.json").read_text())
    for name, cores in (("one", 2), ("other", 64)):
        committed["machine"]["cores"] = cores
        (tmp_path / f"{name}.json").write_text(json.dumps(committed))
    runs = (str(tmp_path / "one.json"), str(tmp_path / "other.json"))
    refused = bench("compare", *runs)
    assert refused.returncode == 2
    assert "cores: 2, then 64" in refused.stderr
    meant = bench("compare", *runs, "--other-machine")
    assert meant.returncode == 0
    assert "cores: 2, then 64" in meant.stdout


def test_bad_input_is_one_sentence(tmp_path: Path) -> None:
    for arguments, sentence in (
        (("run", "--section", "speed"), "there is no section speed; there are kernel, calls,"),
        (("compare", str(tmp_path), str(tmp_path)), f"there is no run in {tmp_path}"),
        (("run", "--address", "foo"), "--address 'foo': say HOST:PORT, like 127.0.0.1:7233"),
    ):
        result = bench(*arguments)
        assert result.returncode == 2
        assert result.stderr.startswith(f"triglot: {sentence}")
        assert result.stderr.count("\n") == 1
