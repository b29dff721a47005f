"""Each language's own formatter, so that what is added passes `make check` whatever it is called."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from triglot.contract.image import ToolError, run


def formatted(root: Path, path: str, text: str) -> str:
    """Formats a file's text and sorts its imports.

    Args:
        root: The repository.
        path: The file, relative to it; it need not exist.
        text: What is in it.

    Raises:
        ToolError: A formatter is missing, or refuses the text.
    """
    match Path(path).suffix:
        case ".py":
            config = f"--config={root / 'python' / 'pyproject.toml'}"
            name = f"--stdin-filename={root / path}"
            sort = ["ruff", "check", "--quiet", config, "--select=I", "--fix", name, "-"]
            text = _piped(sort, text, root)
            return _piped(["ruff", "format", "--quiet", config, name, "-"], text, root)
        case ".go":
            goroot = run(["go", "env", "GOROOT"], cwd=root / "go").strip()
            return _piped([f"{goroot}/bin/gofmt"], text, root)
        case ".ts":
            biome = root / "typescript" / "node_modules" / ".bin" / "biome"
            place = Path(path).relative_to("typescript")
            return _piped(
                [str(biome), "check", "--write", f"--stdin-file-path={place}"], text, root / "typescript"
            )
        case _:
            return text


def _piped(command: Sequence[str], text: str, folder: Path) -> str:
    try:
        result = subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ToolError(f"{command[0]} is missing; `make setup` installs the toolchain") from None
    if result.returncode:
        raise ToolError((result.stderr or result.stdout).strip())
    return result.stdout
