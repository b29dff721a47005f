"""The guide names tests that there are, and quotes what they have seen."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "evolution.md"


def test_every_proof_in_the_guide_is_a_test() -> None:
    proofs = set(re.findall(r"\[(test_\w+)\]\(([^)]+)\)", PAGE.read_text()))
    missing = [name for name, path in proofs if f"def {name}(" not in (PAGE.parent / path).read_text()]
    assert proofs
    assert missing == []


def test_every_link_leads_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", PAGE.read_text())
    assert [target for target in targets if "//" not in target and not (PAGE.parent / target).exists()] == []


def test_every_scene_is_in_the_guide() -> None:
    scenes = re.findall(
        r"^async def (test_\w+)", Path(__file__).with_name("test_evolution.py").read_text(), re.M
    )
    page = PAGE.read_text()
    assert scenes
    assert [scene for scene in scenes if scene not in page] == []
