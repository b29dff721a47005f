"""Programs that use generated code, built as whoever copies the compiler does."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from toolchain import run

REPOSITORY = Path(__file__).resolve().parents[1]


def replace_folder(folder: Path, sources: Iterable[Path], *, keep: Iterable[str] = ()) -> None:
    """Makes a folder hold these files and folders alone: what is gone from the tests is gone here too.

    Args:
        folder: Where to; it need not exist.
        sources: What to copy into it.
        keep: Names in it that stay: generated code.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name in keep:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    for source in sources:
        if source.is_dir():
            shutil.copytree(source, folder / source.name)
        else:
            shutil.copy(source, folder)


def build_go(module: Path, path: str, packages: str, output: Path) -> None:
    """Vets and builds programs of a Go module. A workspace beside it lends it our module's dependencies.

    Args:
        module: The module's folder; a go.mod in it stays.
        path: The module's path, for a go.mod where there is none.
        packages: What to build, as `go build` takes it.
        output: A file, or a folder if there are several.
    """
    version = next(
        line for line in (REPOSITORY / "go/go.mod").read_text().splitlines() if line.startswith("go ")
    )
    if not (module / "go.mod").exists():
        (module / "go.mod").write_text(f"module {path}\n\n{version}\n")
    ours = os.path.relpath(REPOSITORY / "go", module.parent)
    (module.parent / "go.work").write_text(f"{version}\n\nuse (\n\t./{module.name}\n\t{ours}\n)\n")
    run("go", "vet", "./...", cwd=module)
    run("go", "build", "-o", output, packages, cwd=module)


def build_typescript(folder: Path, config: Path) -> Path:
    """Compiles the sources in a folder's `src` with our packages.

    Args:
        folder: Under `build`; its compiled modules come into its `dist`.
        config: A tsconfig.json, whose paths are relative to the folder.

    Returns:
        The folder of the compiled modules.
    """
    shutil.copy(config, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    modules = folder / "node_modules"
    if not modules.is_symlink():
        modules.symlink_to(REPOSITORY / "typescript" / "node_modules")
    run(modules / ".bin" / "tsc", "--build", REPOSITORY / "typescript" / "payload-converter", cwd=folder)
    run(modules / ".bin" / "tsc", "-p", folder, cwd=folder)
    return folder / "dist" / folder.relative_to(REPOSITORY) / "src"
