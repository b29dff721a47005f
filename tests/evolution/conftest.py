"""Two versions of a small contract, generated and built in three languages."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import pytest

from building import build_go, build_typescript, replace_folder
from triglot.contract import generate
from triglot.contract.generate import Job

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "evolution"
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
    """ParcelService in Go, by version."""
    for version, job in jobs.items():
        module = job.outputs["go"]
        replace_folder(module / "cmd", (*HERE.glob("go/*.go"), *HERE.glob(f"go/{version}/*.go")))
        build_go(module, "example.com/parcels", "./cmd", BUILD / version / "parcels")
    return {version: BUILD / version / "parcels" for version in VERSIONS}


@pytest.fixture(scope="session")
def typescript_workers(jobs: dict[str, Job]) -> dict[str, Path]:
    """ParcelService in TypeScript, by version; one compilation for both."""
    folder = BUILD / "typescript"
    for version in jobs:
        sources = (*HERE.glob("typescript/*.ts"), *HERE.glob(f"typescript/{version}/*.ts"))
        replace_folder(folder / "src" / version, sources, keep=["gen"])
    compiled = build_typescript(folder, HERE / "typescript" / "tsconfig.json")
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
