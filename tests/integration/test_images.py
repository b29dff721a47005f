"""What the workers' images are, as the engine sees them."""

import re
from typing import Any

import docker
import pytest

import engine

MEGABYTE = 1_000_000
# The promise of the documentation, which gives the sizes.
LARGEST = {"go": 40, "python": 350, "typescript": 400}


@pytest.fixture(scope="module")
def described(images: engine.Images) -> dict[str, dict[str, Any]]:
    client = docker.from_env()
    return {name: client.images.get(getattr(images, name)).attrs for name in LARGEST}


@pytest.mark.parametrize("name", LARGEST)
def test_an_image_is_small_and_says_what_it_is(described: dict[str, dict[str, Any]], name: str) -> None:
    image = described[name]

    assert image["Size"] < LARGEST[name] * MEGABYTE
    assert image["Config"]["User"] == "65532:65532"
    assert "healthcheck" in " ".join(image["Config"]["Healthcheck"]["Test"])
    labels = image["Config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == f"triglot-{name}"
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert re.fullmatch("[0-9a-f]{40}(-dirty)?", labels["org.opencontainers.image.revision"])
    # What a build sees of the machine it runs on stays there.
    assert not [variable for variable in image["Config"]["Env"] if "KEY" in variable or "TOKEN" in variable]


def run(image: str, *command: str, entrypoint: str | None = None) -> str:
    output: bytes = docker.from_env().containers.run(
        image, list(command), entrypoint=entrypoint, read_only=True, network="none", remove=True
    )
    return output.decode().strip()


def test_the_python_image_brings_the_command_line_and_no_tools(images: engine.Images) -> None:
    assert run(images.python, "triglot", "--version").startswith("triglot ")
    modules = "pip", "pytest", "mypy", "grpc_tools", "testcontainers", "supervisor"
    script = f"from importlib.util import find_spec; print([m for m in {modules!r} if find_spec(m)])"
    assert run(images.python, "/opt/triglot/bin/python", "-c", script) == "[]"


def test_the_typescript_image_has_what_production_needs_alone(images: engine.Images) -> None:
    script = "console.log(JSON.stringify(fs.readdirSync('node_modules')))"
    packages = run(images.typescript, "-e", script, entrypoint="node")

    assert "@temporalio" in packages
    assert "typescript" not in packages
    assert "@biomejs" not in packages
    bridges = "console.log(fs.readdirSync('node_modules/@temporalio/core-bridge/releases').length)"
    assert run(images.typescript, "-e", bridges, entrypoint="node") == "1"
    certificates = "console.log(fs.readFileSync('/etc/ssl/certs/ca-certificates.crt', 'utf8').slice(0, 27))"
    assert run(images.typescript, "-e", certificates, entrypoint="node") == "-----BEGIN CERTIFICATE-----"


def test_the_go_image_is_one_static_binary(images: engine.Images) -> None:
    client = docker.from_env()
    container = client.containers.create(images.go)
    try:
        archive = b"".join(container.export())
    finally:
        container.remove()

    assert b"simulation-worker" in archive
    assert b"ld-linux" not in archive
    assert b"bin/sh" not in archive
