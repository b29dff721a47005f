"""The table of patterns says what is there."""

import re
import runpy
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
PATTERNS = runpy.run_path(str(Path(__file__).with_name("patterns.py")))


def test_the_table_is_that_of_the_patches() -> None:
    assert PATTERNS["PAGE"].read_text() == PATTERNS["page"](), "run: python tests/mutants/patterns.py"


def test_every_link_of_the_page_leads_somewhere() -> None:
    page = PATTERNS["PAGE"]
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    local = [target for target in targets if not target.startswith("https://")]

    assert local
    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("patch", sorted(path.name for path in FOLDER.glob("*.patch")))
def test_every_patch_applies(patch: str) -> None:
    command = ["git", "apply", "--check", str(FOLDER / patch)]
    result = subprocess.run(command, cwd=FOLDER.parents[1], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
