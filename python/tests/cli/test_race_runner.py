"""How a worker is started again, with a supervisor that says what the test wants."""

import xmlrpc.client
from http.client import CannotSendRequest
from typing import cast

import pytest

from triglot.cli.race import runner as module
from triglot.cli.race.runner import Runner, State
from triglot.stack.processes import Process, StackError
from triglot.stack.supervision import ProcessState, Supervisor

RUNS = ProcessState("simulation", "RUNNING", 7, 1)
DEAD = ProcessState("simulation", "EXITED", None, None)


class FakeSupervisor:
    """Gives one answer after the other, the last one for ever."""

    def __init__(self, *answers: list[ProcessState], error: Exception | None = None) -> None:
        self.answers = list(answers)
        self.error = error
        self.started_after: list[list[ProcessState]] = []
        self._last: list[ProcessState] = []

    async def states(self) -> list[ProcessState]:
        self._last = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return self._last

    async def start_worker(self, _name: str) -> None:
        if self.error:
            raise self.error
        self.started_after.append(self._last)


def runner_of(supervisor: FakeSupervisor) -> Runner:
    process = Process("simulation", ["none"], {}, health_port=1)
    runner = Runner("go", process, cast("Supervisor", supervisor))
    runner.state = State.KILLED
    return runner


async def test_nobody_is_buried_while_supervisord_says_nothing() -> None:
    supervisor = FakeSupervisor([], [RUNS], [], [DEAD])
    runner = runner_of(supervisor)

    await runner.start()

    assert supervisor.started_after == [[DEAD]]
    assert runner.state is State.STARTING


async def test_a_supervisord_that_never_answers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BURIAL_SECONDS", 0.1)
    with pytest.raises(StackError, match="simulation was killed, and supervisord has not said within"):
        await runner_of(FakeSupervisor([])).start()


@pytest.mark.parametrize(
    "error",
    [
        xmlrpc.client.Fault(60, "ALREADY_STARTED: simulation"),
        TimeoutError("timed out"),
        ConnectionRefusedError("refused"),
        CannotSendRequest("broken"),
    ],
)
async def test_a_start_that_fails_is_a_sentence(error: Exception) -> None:
    with pytest.raises(StackError, match="simulation cannot be started again: "):
        await runner_of(FakeSupervisor([DEAD], error=error)).start()
