import subprocess
import sys
from pathlib import Path

import pytest

from triglot.contract.spelling import contract_names, find_names

NAMES = frozenset({"risk-reports", "shop.v1.Shop.Buy"})


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def write(repository: Path, path: str, text: str) -> None:
    (repository / path).parent.mkdir(parents=True, exist_ok=True)
    (repository / path).write_text(text)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a/worker.py", 'x = 1\nqueue = "risk-reports"\n'),
        ("a/worker.py", "x = 1\nqueue = f'shop.v1.Shop.Buy'\n"),
        ("a/worker.go", '// why\nconst queue = "risk-reports"\n'),
        ("a/worker.go", "package a\nconst queue = `risk-reports`\n"),
        ("a/worker.ts", "\nconst type = 'shop.v1.Shop.Buy';\n"),
        ("a/start.sh", '\nexec worker --queue "risk-reports"\n'),
    ],
)
def test_a_spelt_out_name_is_found(repository: Path, path: str, text: str) -> None:
    write(repository, path, text)

    (hit,) = find_names(repository, NAMES)

    assert (hit.path, hit.line) == (path, 2)
    assert hit.name in NAMES


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a/worker.py", '"""Serves `risk-reports`."""\nqueue = "other-risk-reports"\n'),
        ("a/worker.go", 'package a // serves "risk-reports"\n'),
        ("proto/a.py", 'queue = "risk-reports"\n'),
        ("a/risk/v1/a_temporal.py", 'queue = "risk-reports"\n'),
        ("a/tests/test_a.py", 'queue = "risk-reports"\n'),
        ("a/worker_test.go", 'const queue = "risk-reports"\n'),
        ("a/README.md", 'The queue is "risk-reports".\n'),
        (".git/hooks/a.py", 'queue = "risk-reports"\n'),
    ],
)
def test_prose_tests_and_generated_code_may_name_it(repository: Path, path: str, text: str) -> None:
    write(repository, path, text)

    assert list(find_names(repository, NAMES)) == []


def test_the_contract_names_its_queues_and_types() -> None:
    names = contract_names()

    assert {"risk-reports", "analytics", "simulation", "notification"} <= names
    assert "triglot.risk.v1.SimulationService.SimulateShard" in names
    assert "triglot.risk.v1.RiskReportService.GetProgress" in names


def test_a_seeded_name_fails_the_check_and_is_told(repository: Path) -> None:
    write(repository, "a/worker.py", 'queue = "risk-reports"\n')

    check = subprocess.run(
        [sys.executable, "-m", "triglot.contract.spelling", repository],
        capture_output=True,
        text=True,
        check=False,
    )

    assert check.returncode == 1
    assert check.stderr == "a/worker.py:1: 'risk-reports' is the contract's: use the generated constant\n"
