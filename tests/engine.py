"""The container engine of the tests."""

import hashlib
import os
import subprocess
from dataclasses import dataclass
from functools import cache

from triglot.stack.containers import read_variables, require_engine
from triglot.stack.processes import REPOSITORY, StackError

_BUILD_SECONDS = 1_200


@dataclass(frozen=True)
class Images:
    """The names of images that there are."""

    temporal: str
    versitygw: str
    python: str
    go: str
    typescript: str


def is_required() -> bool:
    """Whether tests in containers must run."""
    return bool(os.environ.get("REQUIRE_ENGINE"))


def missing() -> str | None:
    """Says in a few words what is missing to run containers, or returns None."""
    try:
        require_engine()
    except StackError as error:
        return str(error).partition(";")[0]
    # `make images` needs it, starting the containers does not.
    if subprocess.run(["docker", "buildx", "version"], capture_output=True, check=False).returncode:
        return "docker has no buildx plugin"
    return None


@cache
def variables() -> dict[str, str]:
    """Returns what compose and the build are to read: the images of .env, or those of the file in `IMAGES`.

    Two clones on one engine do not take each other's images: the tag is the clone's own.
    """
    named = read_variables(REPOSITORY / ".env")
    if stand_ins := os.environ.get("IMAGES"):
        named |= read_variables(REPOSITORY / stand_ins)
    clone = hashlib.sha256(str(REPOSITORY).encode()).hexdigest()[:12]
    return named | {"TRIGLOT_TAG": f"test-{clone}"}


@cache
def build_images() -> Images:
    """Builds the workers' images as `make images` does; what has not changed takes no time."""
    named = variables()
    subprocess.run(
        ["make", "--no-print-directory", "images"],
        cwd=REPOSITORY,
        env={**os.environ, "TRIGLOT_TAG": named["TRIGLOT_TAG"]},
        check=True,
        timeout=_BUILD_SECONDS,
    )
    own = {name: f"triglot/{name}:{named['TRIGLOT_TAG']}" for name in ("python", "go", "typescript")}
    return Images(named["TEMPORAL_IMAGE"], named["VERSITYGW_IMAGE"], **own)
