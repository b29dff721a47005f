"""Two versions of a small contract, generated and built in three languages."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import pytest

from toolchain import run
from triglot.contract import generate
from triglot.contract.generate import Job

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
BUILD = REPOSITORY / "build" / "evolution"
VERSIONS = ("old", "new")


def job_of(version: str) -> Job:
    """Where a version's contract lies, and where its code goes."""
    own = generate.own_job()
    return replace(
        own,
        proto=HERE / version,
        imports=(own.proto,),
        outputs={
            "python": BUILD / version / "python",
            "go": BUILD / version / "go",
            "typescript": BUILD / "typescript" / "src" / version / "gen",
            "manifest": BUILD / version,
        },
        go_module="example.com/parcels",
        go_runtime="example.com/triglot/go/contract",
        ts_runtime="../../../../../../typescript/src/temporal/contract.js",
    )


@pytest.fixture(scope="session")
def jobs() -> dict[str, Job]:
    """Both versions, generated."""
    jobs = {version: job_of(version) for version in VERSIONS}
    for version, job in jobs.items():
        (BUILD / version).mkdir(parents=True, exist_ok=True)
        generate.write(job, generate.generate(job))
    return jobs


@pytest.fixture(scope="session")
def go_workers(jobs: dict[str, Job]) -> dict[str, Path]:
    """ParcelService in Go, by version. A workspace lends each module our module's dependencies."""
    version_line = next(
        line for line in (REPOSITORY / "go/go.mod").read_text().splitlines() if line.startswith("go ")
    )
    for version, job in jobs.items():
        module = job.outputs["go"]
        (module / "go.mod").write_text(f"module example.com/parcels\n\n{version_line}\n")
        (BUILD / version / "go.work").write_text(f"{version_line}\n\nuse (\n\t./go\n\t../../../go\n)\n")
        command = module / "cmd"
        shutil.rmtree(command, ignore_errors=True)
        command.mkdir()
        for file in (*HERE.glob("go/*.go"), *HERE.glob(f"go/{version}/*.go")):
            shutil.copy(file, command)
        run("go", "build", "-o", BUILD / version / "parcels", "./cmd", cwd=module)
    return {version: BUILD / version / "parcels" for version in VERSIONS}


@pytest.fixture(scope="session")
def typescript_workers(jobs: dict[str, Job]) -> dict[str, Path]:
    """ParcelService in TypeScript, by version; one compilation for both."""
    folder = BUILD / "typescript"
    for version in jobs:
        for file in (*HERE.glob("typescript/*.ts"), *HERE.glob(f"typescript/{version}/*.ts")):
            shutil.copy(file, folder / "src" / version)
    shutil.copy(HERE / "typescript" / "tsconfig.json", folder)
    (folder / "package.json").write_text('{"type": "module"}')
    modules = folder / "node_modules"
    if not modules.is_symlink():
        modules.symlink_to(REPOSITORY / "typescript" / "node_modules")
    run(modules / ".bin" / "tsc", "-p", folder, cwd=folder)
    compiled = folder / "dist" / "build" / "evolution" / "typescript" / "src"
    return {version: compiled / version / "worker.js" for version in jobs}


@dataclass(frozen=True)
class Old:
    """The old version's Python modules: the test's own process is a caller and worker of that version."""

    pb2: ModuleType
    temporal: ModuleType
    deliveries: ModuleType


@pytest.fixture(scope="session")
def old(jobs: dict[str, Job]) -> Iterator[Old]:
    """Imports the old version; the new one runs in processes of its own."""
    folders = [str(jobs["old"].outputs["python"]), str(HERE / "python")]
    sys.path[:0] = folders
    importlib.invalidate_caches()
    names = ("parcels.v1.parcels_pb2", "parcels.v1.parcels_temporal", "old_deliveries")
    yield Old(*(importlib.import_module(name) for name in names))
    for folder in folders:
        sys.path.remove(folder)
