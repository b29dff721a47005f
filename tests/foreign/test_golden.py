"""What the compiler writes for Acme's contract: as committed in `golden`, and clean by strict linters."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from toolchain import BIN, GOFMT, run
from triglot.contract.generate import Job

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
BUILD = REPOSITORY / "build" / "foreign"
GOLDEN = HERE / "golden"
SUFFIXES = {"python": ".py", "go": ".go", "typescript": ".ts"}


def emitted(root: Path, suffix: str) -> dict[Path, str]:
    """Our compiler's files below a folder; what protoc's own generators write is not ours to hold."""
    texts = {path.relative_to(root): path.read_text() for path in root.rglob(f"*{suffix}") if path.is_file()}
    return {path: text for path, text in texts.items() if "enerated by protoc-gen-triglot" in text[:80]}


def generated(job: Job, language: str) -> list[Path]:
    root = job.outputs[language]
    files = [root / path for path in emitted(root, SUFFIXES[language])]
    assert files
    return files


@pytest.mark.parametrize("language", SUFFIXES)
def test_the_output_is_as_committed(job: Job, language: str, pytestconfig: pytest.Config) -> None:
    golden = GOLDEN / language
    found = emitted(job.outputs[language], SUFFIXES[language])
    if pytestconfig.getoption("--renew-docs"):
        shutil.rmtree(golden)
        for path, text in found.items():
            (golden / path).parent.mkdir(parents=True, exist_ok=True)
            (golden / path).write_text(text)
    committed = emitted(golden, SUFFIXES[language])
    stale = [str(path) for path in sorted(found.keys() | committed) if found.get(path) != committed.get(path)]
    assert stale == [], f"renew {golden} by pytest --renew-docs, and read what changes"


def test_generated_python_is_clean(job: Job) -> None:
    files = generated(job, "python")
    config = REPOSITORY / "python" / "pyproject.toml"
    run(BIN / "ruff", "check", "--no-cache", "--config", config, *files, cwd=BUILD)
    run(BIN / "ruff", "format", "--no-cache", "--config", config, "--check", *files, cwd=BUILD)
    strict = ("--strict", "--explicit-package-bases", "--config-file=", f"--cache-dir={BUILD / 'mypy'}")
    written = [HERE / "python" / name for name in ("fulfilment.py", "goods_back.py")]
    run(BIN / "mypy", *strict, *files, *written, cwd=job.outputs["python"])


def test_generated_go_is_clean(job: Job, go_programs: Path) -> None:
    assert run(GOFMT, "-l", *generated(job, "go"), cwd=BUILD) == ""
    staticcheck = run("go", "tool", "-n", "staticcheck", cwd=REPOSITORY / "go").strip()
    run(staticcheck, "-checks=all,-ST1000", "./...", cwd=job.outputs["go"])


def test_generated_typescript_is_clean(job: Job, typescript_modules: Path) -> None:
    biome = REPOSITORY / "typescript" / "node_modules" / ".bin" / "biome"
    ours = json.loads((REPOSITORY / "typescript" / "biome.json").read_text())
    # Ours leaves generated code out.
    del ours["$schema"], ours["files"]
    config = BUILD / "biome.json"
    config.write_text(json.dumps(ours))
    files = generated(job, "typescript")
    run(biome, "check", "--error-on-warnings", f"--config-path={config}", *files, cwd=BUILD)
