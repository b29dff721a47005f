"""Executors that are not: what they do, and how long, is known."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from triglot.bench import kernel
from triglot.bench.executors import ExecutorCommand, Timing, running, usable_core_numbers
from triglot.bench.model_input import committed_digests
from triglot.bench.sections import BenchError, Context

# Computes for so many seconds of CPU a scenario, and sleeps for so many; finds the digest that it is given.
FAKE = """
import json, sys, time
compute, rest, factor, path, digests = json.loads(sys.argv[1])
sys.stdin.readline()
print(json.dumps({"ready": True, "path": path}), flush=True)
for line in sys.stdin:
    count = int(json.loads(line)["count"])
    begun, wall = time.process_time(), time.perf_counter()
    while time.process_time() - begun < compute * count:
        pass
    time.sleep(rest * count)
    cpu = (time.process_time() - begun) * factor
    times = {"cpuSeconds": cpu, "wallSeconds": time.perf_counter() - wall}
    print(json.dumps({**times, "digest": digests.get(str(count), "?")}), flush=True)
"""


def fake(
    key: str,
    *,
    compute: float = 0.0,
    rest: float = 0.0,
    factor: float = 1.0,
    path: str | None = None,
    digests: dict[int, str] | None = None,
) -> ExecutorCommand:
    found = committed_digests() if digests is None else digests
    settings = json.dumps([compute, rest, factor, path or key, found])
    return ExecutorCommand(key, {"language": key}, [sys.executable, "-c", FAKE, settings], key)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(
        quick=True,
        address=None,
        namespace="default",
        console=Console(quiet=True),
        rng=np.random.default_rng(1),
        folder=tmp_path,
    )


async def test_a_known_delay_is_measured_right(tmp_path: Path) -> None:
    # 1,000 scenarios: 0.1 s of CPU, then 0.2 s of rest.
    command = fake("fake", compute=1e-4, rest=2e-4)
    async with running(command, "{}", tmp_path, core=None) as executor:
        timings = [await executor.simulate(0, 1_000) for _ in range(3)]
    best = min(timings, key=lambda timing: timing.wall)
    assert best.cpu == pytest.approx(0.1, rel=0.1)
    # The rest is at least as long as it should be; a busy machine makes it longer.
    assert best.wall >= 0.3
    assert best.said_wall <= best.wall
    assert sum(timing.counted for timing in timings) == pytest.approx(0.3, abs=0.08)


async def test_kernels_are_ranked_by_the_cpu_they_need_and_not_by_their_sleep(context: Context) -> None:
    commands = [
        fake("c", compute=1e-6),
        fake("slow", compute=2e-6),
        # Waits three times as long as it computes.
        fake("sleepy", compute=1e-6, rest=3e-6),
    ]
    findings = await kernel.measure_commands(context, commands)
    assert not findings.problems
    (table,) = findings.tables
    per_cpu = {row.key: row.measures[kernel.PER_CPU].interval.value for row in table.rows}
    assert per_cpu["c"] == pytest.approx(1e6, rel=0.1)
    assert per_cpu["slow"] == pytest.approx(0.5e6, rel=0.1)
    assert per_cpu["sleepy"] == pytest.approx(1e6, rel=0.1)
    assert table.row("slow").measures[kernel.TO_C].interval.value == pytest.approx(0.5, rel=0.1)
    # By the wall it is no faster than computing and sleeping allow.
    assert table.row("sleepy").measures[kernel.PER_WALL].interval.value <= 0.25e6


async def test_another_digest_fails_the_section(context: Context) -> None:
    wrong = dict.fromkeys(committed_digests(), "0" * 64)
    commands = [fake("c", compute=1e-6), fake("wrong", compute=1e-6, digests=wrong)]
    findings = await kernel.measure_commands(context, commands)
    (problem,) = findings.problems
    assert problem.startswith("wrong found the digest 0000000000000000..., not ")


def timing(cpu: float, counted: float) -> Timing:
    return Timing(cpu=cpu, counted=counted, wall=1.0, said_wall=1.0, digest="")


def test_clocks_that_contradict_each_other_are_a_problem() -> None:
    assert kernel.check_clocks("honest", [timing(0.5, 0.51), timing(0.5, 0.49)]) == []
    for cpu, counted in ((0.5, 1.0), (0.5, 0.3)):
        (problem,) = kernel.check_clocks("odd", [timing(cpu, counted)] * 5)
        assert "its clock is wrong, or it works on more than one thread" in problem


async def test_a_clock_that_lies_fails_the_section(context: Context) -> None:
    findings = await kernel.measure_commands(
        context, [fake("c", compute=1e-6), fake("liar", compute=1e-6, factor=3)]
    )
    (problem,) = findings.problems
    assert problem.startswith("liar counts ")


async def test_a_fallback_is_not_measured_in_the_place_of_what_was_asked_for(context: Context) -> None:
    findings = await kernel.measure_commands(context, [fake("c", compute=1e-6), fake("avx2", path="generic")])
    (problem,) = findings.problems
    assert problem.startswith("avx2 was asked for the path avx2 and answers")
    assert findings.tables[0].row("avx2").absent == "failed"


async def test_what_is_not_there_has_a_row(context: Context) -> None:
    missing = ExecutorCommand("numba", {"language": "Numba"}, ["false"], "numba", "Numba is not installed")
    findings = await kernel.measure_commands(context, [fake("c", compute=1e-6), missing])
    assert not findings.problems
    assert findings.tables[0].row("numba").absent == "Numba is not installed"


async def test_one_that_ends_says_why(tmp_path: Path) -> None:
    script = "import sys; sys.exit('no such model')"
    broken = ExecutorCommand("broken", {}, [sys.executable, "-c", script], "broken")
    with pytest.raises(BenchError, match="broken fails: no such model"):
        async with running(broken, "{}", tmp_path, core=None):
            pytest.fail("it cannot be ready")


async def test_one_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    missing = ExecutorCommand("missing", {}, [str(tmp_path / "nothing")], "missing")
    with pytest.raises(BenchError, match="missing cannot be started"):
        async with running(missing, "{}", tmp_path, core=None):
            pytest.fail("it cannot be ready")


async def test_a_kernel_is_kept_on_its_core(tmp_path: Path) -> None:
    cores = usable_core_numbers()
    if not cores:
        pytest.skip("this system keeps no process on a core")
    script = (
        "import json, os; input(); "
        "path = str(sorted(os.sched_getaffinity(0))); "
        "print(json.dumps({'ready': True, 'path': path}), flush=True); input()"
    )
    command = ExecutorCommand("pinned", {}, [sys.executable, "-c", script], str([cores[-1]]))
    async with running(command, "{}", tmp_path, core=cores[-1]):
        assert usable_core_numbers() == cores
