"""What has to be deployed of each language's workers: the image, or else the files that it would hold."""

import asyncio
import json
import os
import re
import shutil
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from triglot.bench import statistics
from triglot.bench.fleet import LANGUAGES
from triglot.bench.model import Row, Table
from triglot.stack.processes import REPOSITORY

_TAG = re.compile(r"^TRIGLOT_TAG=(.+)$", re.MULTILINE)
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)


class _MissingError(Exception):
    """What would be weighed is not here; the message says what."""


async def size_table() -> Table:
    """Returns the size of each language's image, or of what is deployed without one."""
    return Table(
        name="size",
        title="What is deployed",
        text="The image where the container engine has it, its base included; else the files without their "
        "runtime: "
        "Go's program, TypeScript's modules with production packages, Python's package with what its "
        "image locks.",
        rows=[await _row(language) for language in LANGUAGES],
        rank_by=None,
    )


async def _row(language: str) -> Row:
    labels = {"language": LANGUAGES[language]}
    size, what = await _image_bytes(language), "image"
    if size is None:
        try:
            size, what = await asyncio.to_thread(_FILES[language]), "files"
        except _MissingError as error:
            return Row(key=language, labels=labels | {"what": "files"}, absent=str(error))
    measures = {"size": statistics.exact(size, "B", "lower")}
    return Row(key=language, labels=labels | {"what": what}, measures=measures)


async def _image_bytes(language: str) -> int | None:
    """Returns the size of the image that `make images` has built; None if there is no engine or no image."""
    docker = shutil.which("docker")
    tag = os.environ.get("TRIGLOT_TAG") or _default_tag()
    if docker is None or tag is None:
        return None
    process = await asyncio.create_subprocess_exec(
        docker, "image", "inspect", "--format", "{{.Size}}", f"triglot/{language}:{tag}",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    answer, _ = await process.communicate()
    return int(answer) if process.returncode == 0 else None


def _default_tag() -> str | None:
    path = REPOSITORY / ".env"
    found = _TAG.search(path.read_text()) if path.exists() else None
    return found[1] if found else None


def _go_bytes() -> int:
    program = REPOSITORY / "go" / "bin" / "simulation-worker"
    if not program.exists():
        raise _MissingError("not built: run `make build`")
    return program.stat().st_size


def _typescript_bytes() -> int:
    folder = REPOSITORY / "typescript"
    modules = folder / "node_modules"
    if not (folder / "dist").exists() or not modules.exists():
        raise _MissingError("not built: run `make build`")
    packages = _production_packages(modules / ".package-lock.json", folder)
    return sum(map(tree_bytes, [folder / "dist", *packages]))


def _production_packages(lock: Path, folder: Path) -> list[Path]:
    """Returns the folders of installed packages that are no development dependencies."""
    packages = json.loads(lock.read_text())["packages"]
    return [folder / path for path, package in packages.items() if not package.get("dev")]


def _python_bytes() -> int:
    lock = REPOSITORY / "python" / "requirements-image.txt"
    if not lock.exists():
        raise _MissingError("there is no python/requirements-image.txt here")
    try:
        packages = [distribution(name) for name in _REQUIREMENT.findall(lock.read_text())]
    except PackageNotFoundError as error:
        raise _MissingError(f"not installed: {error}") from error
    files = {
        Path(str(file.locate()))
        for package in packages
        for file in package.files or ()
        if file.suffix != ".pyc"
    }
    own = tree_bytes(REPOSITORY / "python" / "src")
    return own + sum(file.stat().st_size for file in files if file.is_file())


def tree_bytes(folder: Path) -> int:
    """Returns the bytes of the files in a folder, without packages nested in it and Python's caches."""
    total = 0
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("node_modules", "__pycache__")]
        total += sum(path.stat().st_size for name in files if not (path := Path(place) / name).is_symlink())
    return total


_FILES: Final[dict[str, Callable[[], int]]] = {
    "go": _go_bytes,
    "python": _python_bytes,
    "typescript": _typescript_bytes,
}
