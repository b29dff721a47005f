"""One version for all languages: a worker tells it in its provenance."""

import json
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from triglot.contract import VERSION

ROOT = Path(__file__).parents[2]
DECLARED = tomllib.loads((ROOT / "python/pyproject.toml").read_text())["project"]["version"]


def go_version() -> str:
    source = (ROOT / "go/internal/simulation/provenance.go").read_text()
    (version,) = re.findall(r'^const Version = "([^"]+)"$', source, re.MULTILINE)
    return version


def package_version(file: str) -> str:
    return json.loads((ROOT / "typescript" / file).read_text())["version"]


@pytest.mark.parametrize(
    ("language", "version"),
    [
        ("go", go_version()),
        ("python, as installed", metadata.version("triglot")),
        ("the contract's compiler", VERSION),
        ("typescript", package_version("package.json")),
        ("typescript's lock", package_version("package-lock.json")),
    ],
)
def test_all_languages_have_the_version_of_pyproject(language: str, version: str) -> None:
    assert version == DECLARED, language
