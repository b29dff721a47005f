"""Where a run takes place, and in which versions."""

import asyncio
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import psutil

from triglot.bench.model import Load, Machine
from triglot.bench.usage import MachineClock
from triglot.stack.processes import REPOSITORY
from triglot.tuning import usable_cores

_FLAGS = ("sse4_2", "avx", "avx2", "bmi2", "fma", "avx512f", "avx512dq", "avx512vl", "asimd", "sve")
_PYTHON_PACKAGES = ("numpy", "numba", "temporalio", "protobuf")
_NPM_PACKAGES = ("@temporalio/worker", "piscina", "assemblyscript", "@bufbuild/protobuf")
_GO_MODULES = ("go.temporal.io/sdk", "google.golang.org/protobuf")
_CPUINFO = Path("/proc/cpuinfo")
_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
_ANSWER_SECONDS = 20
_LOOK_SECONDS = 1.0


def describe_machine() -> Machine:
    """Looks at this machine; its name and its owner are nobody's business."""
    processor = dict(_processor())
    flags = (processor.get("flags") or processor.get("Features") or "").split()
    return Machine(
        cpu=processor.get("model name") or _output("sysctl", "-n", "machdep.cpu.brand_string") or "unknown",
        flags=[flag for flag in _FLAGS if flag in flags],
        virtual="hypervisor" in flags if "flags" in processor else None,
        cores=usable_cores(),
        memory_bytes=psutil.virtual_memory().total,
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        governor=_GOVERNOR.read_text().strip() if _GOVERNOR.exists() else None,
    )


def _processor() -> Iterator[tuple[str, str]]:
    """Yields what Linux says of its first processor."""
    if not _CPUINFO.exists():
        return
    for line in _CPUINFO.read_text().partition("\n\n")[0].splitlines():
        name, _, value = line.partition(":")
        yield name.strip(), value.strip()


async def look_at_load() -> Load:
    """Watches the machine for a second."""
    clock = MachineClock()
    await asyncio.sleep(_LOOK_SECONDS)
    return clock.load()


def read_versions() -> dict[str, str]:
    """Returns the versions of what takes part, by name; what is not there is left out."""
    found = {
        "triglot": _output("git", "-C", str(REPOSITORY), "describe", "--always", "--dirty", "--exclude", "*"),
        "Python": platform.python_version(),
        **{f"{name} (Python)": _python_package(name) for name in _PYTHON_PACKAGES},
        "Go": _output("go", "env", "GOVERSION").removeprefix("go"),
        **{f"{path} (Go)": version for path, version in _go_modules()},
        "Node": _output("node", "--version").removeprefix("v"),
        **{f"{name} (npm)": version for name, version in _npm_packages()},
        "C compiler": _output(os.environ.get("CC", "cc"), "--version").partition("\n")[0],
        "Temporal CLI": _output("temporal", "--version").removeprefix("temporal version "),
    }
    return {name: version for name, version in found.items() if version}


def _python_package(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _npm_packages() -> Iterator[tuple[str, str]]:
    packages = json.loads((REPOSITORY / "typescript/package-lock.json").read_text())["packages"]
    for name in _NPM_PACKAGES:
        if entry := packages.get(f"node_modules/{name}"):
            yield name, entry["version"]


def _go_modules() -> Iterator[tuple[str, str]]:
    text = (REPOSITORY / "go/go.mod").read_text()
    for path in _GO_MODULES:
        if match := re.search(rf"^\s*(?:require )?{re.escape(path)} v(\S+)", text, flags=re.MULTILINE):
            yield path, match[1]


def _output(*command: str) -> str:
    """Returns what a tool prints, or nothing where there is no such tool or it fails."""
    beside_python = Path(sys.executable).parent / command[0]
    program = str(beside_python) if beside_python.exists() else shutil.which(command[0])
    if program is None:
        return ""
    try:
        result = subprocess.run(
            [program, *command[1:]],
            capture_output=True,
            text=True,
            check=False,
            timeout=_ANSWER_SECONDS,
            env={**os.environ, "GOTOOLCHAIN": "local"},
        )
    except subprocess.TimeoutExpired:
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""
