from pathlib import Path

import pytest

from triglot.stack.logfiles import log_problems

FINE = '{"level": "info", "message": "worker started"}\n{"level": "warn", "message": "slow"}\n'


def test_a_quiet_log_has_no_problem(tmp_path: Path) -> None:
    log = tmp_path / "simulation.log"
    log.write_text(FINE)

    assert log_problems([log]) == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"level": "error", "message": "broken"}', "simulation.log:3: broken"),
        ('{"level": "ERROR", "msg": "broken"}', "simulation.log:3: broken"),
        ("panic: runtime error", "simulation.log:3: not JSON: panic: runtime error"),
        ("17", "simulation.log:3: not JSON: 17"),
    ],
)
def test_an_error_or_a_crash_is_a_problem(tmp_path: Path, line: str, problem: str) -> None:
    log = tmp_path / "simulation.log"
    log.write_text(FINE + line + "\n")

    assert log_problems([log]) == [problem]
