"""The page of the contract's rules: each names what proves it."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
RULES = re.findall(r"^- (.*(?:\n  .*)*)", (DOCS / "contracts.md").read_text(), re.MULTILINE)
PROOF = re.compile(r"\]\((conformance\.md#[\w-]+|conformance\.md|\.\./(?:\w+/)*tests/[\w/.-]+)\)")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule[:60])
def test_a_rule_names_a_case_or_a_test(rule: str) -> None:
    proofs = PROOF.findall(rule)
    assert proofs
    for proof in proofs:
        path, _, anchor = proof.partition("#")
        assert (DOCS / path).exists(), proof
        text = (DOCS / path).read_text() if anchor else ""
        assert f'<a id="{anchor}"></a>' in text or f"\n## {anchor.title()}\n" in text or not anchor, proof


def test_there_are_rules() -> None:
    assert len(RULES) > 30
