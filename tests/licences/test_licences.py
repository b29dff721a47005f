import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPT = REPOSITORY / "deploy" / "licences.py"
DEADLINE = 60


def load() -> ModuleType:
    """The script is no part of a package, since nothing that runs a report needs it."""
    spec = importlib.util.spec_from_file_location("licences", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


licences = load()


@pytest.mark.parametrize(
    ("expression", "permitted"),
    [
        ("MIT", True),
        ("mit", True),
        ("GPL-3.0-only", False),
        ("MIT AND ISC", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("GPL-3.0-only OR MIT AND ISC", True),
        ("(GPL-3.0-only OR MIT) AND ISC", True),
        ("(GPL-3.0-only OR AGPL-3.0-only) AND ISC", False),
        ("ISC AND (MIT OR (GPL-3.0-only AND ISC))", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("permitted", False),
        ("SEE LICENSE IN LICENSE.txt", False),
        ("UNLICENSED", False),
        ("", False),
    ],
)
def test_an_expression_is_permitted_by_what_is_allowed(expression: str, permitted: bool) -> None:
    assert licences.permits(expression, frozenset({"MIT", "ISC"})) is permitted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Apache License\n    Version 2.0, January 2004", "Apache-2.0"),
        ("Mozilla Public License Version 2.0 ... the GNU General Public License, Version 2.0", "MPL-2.0"),
        ("GNU GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007", "LicenseRef-GNU"),
        ("GNU AFFERO GENERAL PUBLIC LICENSE\n Version 3", "LicenseRef-GNU"),
        ("Redistributions in binary form\nmust reproduce the notice.", "BSD-2-Clause"),
        (
            "Redistributions in binary form must reproduce the notice. Nobody's name may be used to\n"
            "endorse or promote products derived from it.",
            "BSD-3-Clause",
        ),
        ("Apache License, Version 2.0\nand\nGNU Lesser General Public License Version 2.1", None),
        ("All rights reserved.", ""),
    ],
)
def test_the_text_of_a_licence_is_recognised(text: str, expected: str | None) -> None:
    assert licences.recognise(text) == ("Apache-2.0 AND LicenseRef-GNU" if expected is None else expected)


def test_what_is_not_on_the_list_is_refused_by_name() -> None:
    packages = [
        licences.Package("npm fine", "1.0.0", "MIT"),
        licences.Package("npm strict", "2.0.0", "AGPL-3.0-only"),
        licences.Package("go example.com/silent", "v3.0.0", ""),
    ]

    assert licences.refusals(packages, licences.Policy(frozenset({"MIT"}), {})) == [
        "npm strict 2.0.0: AGPL-3.0-only is not on the list",
        "go example.com/silent v3.0.0: no licence is declared or recognised",
    ]


@pytest.mark.parametrize(
    ("declared", "refused"),
    [
        ("CC-BY-4.0", []),
        (
            "AGPL-3.0-only",
            [
                "npm table 1.0.0: AGPL-3.0-only is not on the list",
                "the exception for npm table is not needed",
            ],
        ),
        ("MIT", ["the exception for npm table is not needed"]),
    ],
)
def test_an_exception_holds_for_what_it_names_alone(declared: str, refused: list[str]) -> None:
    policy = licences.Policy(frozenset({"MIT"}), {"npm table": "CC-BY-4.0"})

    assert licences.refusals([licences.Package("npm table", "1.0.0", declared)], policy) == refused


def test_an_exception_wants_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('allowed = []\n[[exceptions]]\npackage = "npm table"\ndeclares = "CC-BY-4.0"\n')

    with pytest.raises(ValueError, match="the exception for npm table gives no reason"):
        licences.read_policy(path)


def test_the_locks_of_all_three_languages_are_read(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.toml"
    nothing.write_text("allowed = []\n")

    run = subprocess.run(
        [sys.executable, SCRIPT, nothing], capture_output=True, text=True, timeout=DEADLINE, check=False
    )

    assert (run.returncode, run.stdout) == (1, "")
    names = {line.split()[1] + " " + line.split()[2] for line in run.stderr.splitlines()}
    assert {"python temporalio", "npm pino", "npm unionfs", "go go.temporal.io/sdk"} <= names
