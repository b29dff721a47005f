"""Whether the Go and TypeScript workers are built from the sources that are there."""

from collections.abc import Iterable
from pathlib import Path

from triglot.cli.doctor.finding import Finding

_NEEDED = "built, not older than its sources"


def built(repository: Path) -> list[Finding]:
    """Looks at what `make build` makes.

    Args:
        repository: The repository's root.
    """
    go, typescript, stamps = repository / "go", repository / "typescript", repository / "build"
    go_sources = [path for path in go.rglob("*.go") if not path.name.endswith("_test.go")]
    typescript_sources = [
        path
        for folder in (typescript / "src", typescript / "payload-converter" / "src")
        for path in folder.rglob("*.ts")
        if not path.name.endswith(".test.ts")
    ]
    # The compiler leaves files alone that would not change, so the newest one tells.
    compiled = [
        stamps / ".typescript-built",
        *(typescript / "dist").rglob("*.js"),
        *(typescript / "payload-converter" / "dist").rglob("*.js"),
    ]
    return [
        *(
            _finding(repository, go / "bin" / name, [stamps / ".go-built"], [*go_sources, go / "go.sum"])
            for name in ("simulation-worker", "simulate")
        ),
        *(
            _finding(repository, typescript / "dist" / program, compiled, typescript_sources)
            for program in ("notification/main.js", "simulation/main.js")
        ),
    ]


def _finding(repository: Path, artifact: Path, witnesses: Iterable[Path], sources: Iterable[Path]) -> Finding:
    what = str(artifact.relative_to(repository))
    if not artifact.exists():
        return Finding(what, _NEEDED, "missing; run make build", fits=False)
    when = max(_modified(path) for path in (artifact, *witnesses) if path.exists())
    newest = max(sources, key=_modified, default=None)
    if newest is not None and _modified(newest) > when:
        changed = newest.relative_to(repository)
        return Finding(what, _NEEDED, f"older than {changed}; run make build", fits=False)
    return Finding(what, _NEEDED, "up to date", fits=True)


def _modified(path: Path) -> float:
    return path.stat().st_mtime
