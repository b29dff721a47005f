"""Workers in several languages on the queue for simulations."""

from dataclasses import fields
from pathlib import Path

import pytest

from triglot.stack import processes
from triglot.stack.processes import SIMULATORS, Ports, Process, RunFolder, StackError, StackOptions
from triglot.stack.stack import running_stack

PORTS = Ports(**{field.name: 15_000 + index for index, field in enumerate(fields(Ports))})


async def test_what_is_not_built_is_found_before_a_folder_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(path: str) -> str:
        if path.startswith("typescript/dist/simulation/"):
            raise StackError(f"{path} is not built")
        return path

    monkeypatch.setattr(processes, "built", missing)
    with pytest.raises(StackError, match=r"typescript/dist/simulation/main\.js is not built"):
        async with running_stack(tmp_path / "run", StackOptions(simulators=SIMULATORS)):
            pytest.fail("it has started")
    assert not (tmp_path / "run").exists()


@pytest.fixture(autouse=True)
def built(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is built or not."""
    monkeypatch.setattr(processes, "built", lambda path: path)


def simulators(folder: Path, options: StackOptions) -> list[Process]:
    members = processes.processes(RunFolder(folder), PORTS, options)
    return [process for process in members if process.task_queues == ("simulation",)]


def test_go_alone_simulates_unless_more_is_said(tmp_path: Path) -> None:
    [worker] = simulators(tmp_path, StackOptions())

    assert (worker.name, worker.command) == ("simulation", ["go/bin/simulation-worker"])
    assert not worker.stays_down
    assert "TRIGLOT_SLOTS" not in worker.environment


def test_each_language_has_a_process_on_the_one_queue(tmp_path: Path) -> None:
    workers = simulators(tmp_path, StackOptions(simulators=SIMULATORS, build_id="b1"))

    assert [worker.name for worker in workers] == [
        "simulation",
        "simulation-python",
        "simulation-typescript",
    ]
    assert [worker.command[-1] for worker in workers] == [
        "go/bin/simulation-worker",
        "triglot.risk.simulation_worker",
        "typescript/dist/simulation/main.js",
    ]
    health = [worker.environment["TRIGLOT_HEALTH_ADDRESS"] for worker in workers]
    assert health == [f"127.0.0.1:{worker.health_port}" for worker in workers]
    assert len(set(health)) == 3
    # Of two deployments on a queue, only one would get tasks.
    assert {worker.environment["TEMPORAL_DEPLOYMENT_NAME"] for worker in workers} == {"triglot-simulation"}


def test_slots_are_each_ones_own(tmp_path: Path) -> None:
    options = StackOptions(
        simulators=("go", "python"),
        simulator_slots={"python": 3},
        simulators_stay_down=True,
        environment={"TRIGLOT_SLOTS": "7"},
    )

    go, python = simulators(tmp_path, options)

    assert (go.environment["TRIGLOT_SLOTS"], python.environment["TRIGLOT_SLOTS"]) == ("7", "3")
    assert go.stays_down
    assert python.stays_down


def test_a_language_without_a_worker_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="no worker simulates in rust; there are go, python, typescript"):
        simulators(tmp_path, StackOptions(simulators=("rust",)))
