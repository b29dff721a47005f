"""Checks the licences of what the locks name against deploy/licences.toml: `make licences`.

Needs no network: Python packages declare theirs in their metadata, npm packages in package-lock.json. Go
modules declare none, so the texts they carry are recognised.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
PYTHON_LOCKS = ("requirements.txt", "requirements-image.txt", "requirements-build.txt")
GO_SYSTEMS = ("linux", "darwin")  # a module may be linked on one of them only

# Trove classifiers, and names that a package gives instead of an identifier.
_NAMES = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",  # or with two clauses, which asks for less
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}

# What tells the text of a licence: in lower case, with single spaces, everything of it must be there.
_REDISTRIBUTION = "redistributions in binary form must reproduce"
_ENDORSEMENT = "endorse or promote products derived from"
_TEXTS = {
    "Apache-2.0": r"apache license,? version 2\.0",
    "BSD-2-Clause": rf"{_REDISTRIBUTION}(?!.*{_ENDORSEMENT})",
    "BSD-3-Clause": rf"{_REDISTRIBUTION}.*{_ENDORSEMENT}",
    "ISC": r"permission to use, copy, modify, and(/or)? distribute this software for any purpose",
    "LicenseRef-GNU": r"gnu (lesser |library |affero )?general public license version",
    "MIT": r"to any person obtaining a copy.*this permission notice shall be included",
    "MPL-2.0": r"mozilla public license,? version 2\.0",
    "Unlicense": r"free and unencumbered software released into the public domain",
}
_PERMITTED, _REFUSED = "permitted", "refused"  # what a bracket of an expression is replaced by


@dataclass(frozen=True)
class Package:
    """Something that a lock names."""

    name: str
    """With its ecosystem: `npm pino`."""
    version: str
    declared: str
    """The licence as an SPDX expression where it can be read as one; empty where there is none."""


@dataclass(frozen=True)
class Policy:
    """What is let pass."""

    allowed: frozenset[str]
    """SPDX identifiers."""
    exceptions: dict[str, str]
    """By the package's name: what it declares."""


def read_policy(path: Path) -> Policy:
    """Reads a file like deploy/licences.toml.

    Raises:
        ValueError: If an exception gives no reason.
    """
    document = tomllib.loads(path.read_text())
    exceptions: list[dict[str, str]] = document.get("exceptions", [])
    for exception in exceptions:
        if not exception.get("reason"):
            raise ValueError(f"{path}: the exception for {exception['package']} gives no reason")
    return Policy(frozenset(document["allowed"]), {each["package"]: each["declares"] for each in exceptions})


def permits(expression: str, allowed: frozenset[str]) -> bool:
    """Returns whether a licence expression leaves a choice that is allowed; other words never do."""
    try:
        rest: str = canonicalize_license_expression(expression)
    except InvalidLicenseExpression:
        return False

    def flat(terms: str) -> bool:
        return any(
            all(term.strip() in {*allowed, _PERMITTED} for term in choice.split(" AND "))
            for choice in terms.split(" OR ")
        )

    while bracket := re.search(r"\(([^()]*)\)", rest):
        verdict = _PERMITTED if flat(bracket[1]) else _REFUSED
        rest = rest[: bracket.start()] + verdict + rest[bracket.end() :]
    return flat(rest)


def recognise(text: str) -> str:
    """Returns the licences whose texts are in a text, joined by AND; empty where none is known."""
    plain = " ".join(text.lower().split())
    return " AND ".join(licence for licence, pattern in _TEXTS.items() if re.search(pattern, plain))


def refusals(packages: Sequence[Package], policy: Policy) -> list[str]:
    """Returns a line for each package that the policy does not let pass, and each exception nothing needs."""
    refused = [each for each in packages if not permits(each.declared, policy.allowed)]
    excepted = {each.name for each in refused if policy.exceptions.get(each.name) == each.declared}
    return [
        f"{each.name} {each.version}: "
        + (f"{each.declared} is not on the list" if each.declared else "no licence is declared or recognised")
        for each in refused
        if each.name not in excepted
    ] + [f"the exception for {name} is not needed" for name in policy.exceptions if name not in excepted]


def python_packages(folder: Path) -> Iterator[Package]:
    """Yields what the locks of a folder name for this system and this Python.

    Raises:
        PackageNotFoundError: If one of it is not installed.
    """
    locked = {
        line.rstrip(" \\\n")
        for lock in PYTHON_LOCKS
        for line in (folder / lock).read_text().splitlines()
        if re.match(r"[\w.-]+==", line)
    }
    for requirement in map(Requirement, sorted(locked)):
        if requirement.marker is None or requirement.marker.evaluate():
            described = metadata(requirement.name)
            yield Package(f"python {requirement.name}", described["Version"], _declared(described))


def _declared(described: Any) -> str:
    expression = described.get("License-Expression")
    if expression:
        return str(expression)
    field = (described.get("License") or "").strip()
    named = _NAMES.get(field, field)
    try:
        return str(canonicalize_license_expression(named))
    except InvalidLicenseExpression:
        classifiers = [
            _NAMES.get(words[-1], words[-1])
            for line in described.get_all("Classifier") or []
            if (words := line.split(" :: "))[0] == "License"
        ]
        return " AND ".join(classifiers) or recognise(field) or field.partition("\n")[0]


def npm_packages(folder: Path) -> Iterator[Package]:
    """Yields what the lock of a folder names, for any system."""
    lock = json.loads((folder / "package-lock.json").read_text())
    for place, entry in lock["packages"].items():
        # The folder's own packages, and the links to them, are no one else's.
        if "node_modules/" in place and not entry.get("link"):
            name = place.rpartition("node_modules/")[2]
            declared = entry.get("license") or _carried(folder / place)
            yield Package(f"npm {name}", entry["version"], declared)


def go_modules(folder: Path) -> Iterator[Package]:
    """Yields the modules that are linked into the commands of a folder.

    Raises:
        subprocess.CalledProcessError: If go cannot list them.
    """
    form = "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}"
    lines: set[str] = set()
    for system in GO_SYSTEMS:
        listed = subprocess.run(
            ["go", "list", "-deps", "-f", form, "./cmd/..."],  # noqa: S607 - the go of .venv
            cwd=folder,
            env=os.environ | {"GOOS": system},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        lines.update(listed.stdout.split("\n"))
    for line in sorted(lines - {""}):
        path, version, place = line.split("\t")
        yield Package(f"go {path}", version, _carried(Path(place)) if place else "")


def _carried(folder: Path) -> str:
    texts = [
        path.read_text(errors="replace")
        for path in sorted(folder.iterdir() if folder.is_dir() else [])
        if re.match(r"(un)?licen[cs]e|copying", path.name.lower()) and path.suffix not in (".go", ".js")
    ]
    return recognise(" ".join(texts))


def main(arguments: Sequence[str]) -> int:
    """Prints a line for each refusal; the one argument, if any, is the policy's file."""
    policy = read_policy(Path(arguments[0]) if arguments else ROOT / "deploy" / "licences.toml")
    try:
        packages = [
            *python_packages(ROOT / "python"),
            *npm_packages(ROOT / "typescript"),
            *go_modules(ROOT / "go"),
        ]
    except PackageNotFoundError as error:
        print(f"licences: {error.name} is in the lock and not installed; run make setup", file=sys.stderr)
        return 1
    lines = refusals(packages, policy)
    for line in lines:
        print(f"licences: {line}", file=sys.stderr)
    if not lines:
        print(f"licences: {len(packages)} packages, {len(policy.exceptions)} by exception")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
