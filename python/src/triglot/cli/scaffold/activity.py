"""Adds an activity to the contract and to the worker of its language."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from jinja2 import Environment, PackageLoader, StrictUndefined

from triglot.cli.scaffold.formatting import formatted
from triglot.cli.scaffold.languages import LANGUAGES, REGISTRY, Insertion, Language, registry_lines
from triglot.cli.scaffold.naming import Name, RefusedError, parse_name
from triglot.cli.scaffold.writing import write_all
from triglot.contract import generate
from triglot.contract.generate import Job
from triglot.contract.image import ToolError

_templates = Environment(
    loader=PackageLoader("triglot.cli.scaffold"),
    autoescape=False,  # noqa: S701 - source code, of a name that is letters alone
    undefined=StrictUndefined,
    keep_trailing_newline=True,
)


@dataclass(frozen=True)
class Added:
    """What was added; paths are relative to the repository.

    Attributes:
        name: The activity's name.
        language: In what it is written.
        changed: What was there before, and registers it now.
        generated: What the contract's generators wrote.
    """

    name: Name
    language: Language
    changed: tuple[str, ...]
    generated: tuple[str, ...]


def add_activity(name: str, language: str) -> Added:
    """Adds an activity, wholly or not at all.

    Args:
        name: In CamelCase, as the RPC is called.
        language: A key of `LANGUAGES`.

    Raises:
        RefusedError: The name is none or is taken, or the working directory is not in the clone that would
            change.
        ToolError: A tool is missing or refuses its input.
        ContractError: What the contract says already cannot be compiled.
        OSError: A file cannot be written.
    """
    parsed, chosen = parse_name(name), LANGUAGES[language]
    try:
        job = generate.own_job()
    except ToolError as error:
        raise RefusedError(str(error)) from error
    # Tools that came as wheels lie beside the interpreter, whether or not the environment is activated.
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    root = job.proto.parent
    _require_here(root)
    _require_free(job, chosen, parsed)
    made = {
        chosen.code(parsed): _rendered(f"{language}/activity.jinja", chosen, parsed),
        chosen.test(parsed): _rendered(f"{language}/test.jinja", chosen, parsed),
    }
    insertions = {chosen.worker: chosen.registration(parsed), REGISTRY: registry_lines(chosen, parsed)}
    changed = {path: _inserted(path, (root / path).read_text(), lines) for path, lines in insertions.items()}
    files = {path: formatted(root, path, text).encode() for path, text in (made | changed).items()}
    files[chosen.proto(parsed)] = _rendered("proto.jinja", chosen, parsed).encode()
    generated = _generated(job, chosen.proto(parsed), files[chosen.proto(parsed)])
    write_all({root / path: content for path, content in (files | generated).items()})
    return Added(parsed, chosen, tuple(changed), tuple(sorted(generated)))


def _require_here(root: Path) -> None:
    """Whoever is elsewhere may mean another clone, whose `triglot` is not the one that runs."""
    here = Path.cwd()
    if not here.is_relative_to(root):
        raise RefusedError(
            f"{here} is not in the clone that this triglot would change, {root}: call it from there"
        )


def _require_free(job: Job, language: Language, name: Name) -> None:
    root = job.proto.parent
    for path in (language.proto(name), language.code(name), language.test(name)):
        if (root / path).exists():
            raise RefusedError(f"{name.pascal}: is taken, {path} is there already")
    if (root / language.code(name)).parent.exists() and language.key == "go":
        raise RefusedError(f"{name.pascal}: is taken, {Path(language.code(name)).parent} is there already")
    _require_identifiers(root, language, name)
    if owner := _declared(generate.compile_contract(job), language.package).get(name.pascal):
        raise RefusedError(f"{name.pascal}: is taken, {owner}")


def _declared(image: FileDescriptorSet, package: str) -> dict[str, str]:
    """What stands in the way of a name: an RPC anywhere, or one of its messages or its service."""
    found: dict[str, str] = {}
    for file in image.file:
        for service in file.service:
            found |= {rpc.name: f"{file.package}.{service.name} has such an RPC" for rpc in service.method}
        if file.package == package:
            # Python has no type in common for the three.
            declared = [each.name for each in file.message_type] + [each.name for each in file.service]
            for each in (*declared, *(enum.name for enum in file.enum_type)):
                stem = re.sub(r"(Request|Response|Service)$", "", each)
                found.setdefault(stem, f"{file.name} declares {each}")
    return found


def _rendered(template: str, language: Language, name: Name) -> str:
    return _templates.get_template(template).render(name=name, language=language)


def _require_identifiers(root: Path, language: Language, name: Name) -> None:
    """Whatever the name declares must mean nothing else where it is used."""
    declared = [line.identifier for line in language.registration(name) if line.identifier]
    other = Name("Nobodys0")
    used_by = {
        language.worker: (root / language.worker).read_text(),
        language.code(name): _rendered(f"{language.key}/activity.jinja", language, other),
        language.test(name): _rendered(f"{language.key}/test.jinja", language, other),
    }
    for path, text in used_by.items():
        for identifier in declared:
            if re.search(rf"\b{identifier}\b", text):
                raise RefusedError(f"{name.pascal}: is taken, {identifier} is something else in {path}")


def _inserted(path: str, text: str, insertions: Iterable[Insertion]) -> str:
    """Returns a file's text with lines added.

    Args:
        path: The file, for messages.
        text: What is in it.
        insertions: What is to be added.

    Raises:
        RefusedError: The file has no line of that kind any more.
    """
    lines = text.splitlines()
    for insertion in insertions:
        place = next((at for at, line in enumerate(lines) if re.match(insertion.pattern, line)), None)
        if place is None:
            raise RefusedError(
                f"{path} has no {insertion.kind} any more, beside which to put {insertion.line.strip()}: "
                "docs/extending.md says how to register an activity by hand"
            )
        lines.insert(place, insertion.line)
    return "\n".join(lines) + "\n"


def _generated(job: Job, path: str, text: bytes) -> dict[str, bytes]:
    """Generates all code of the contract with one more file; returns what is new or otherwise than it was."""
    root = job.proto.parent
    with tempfile.TemporaryDirectory() as folder:
        staged = Path(folder, job.proto.name)
        shutil.copytree(job.proto, staged)
        target = Path(folder, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text)
        job = dataclasses.replace(job, proto=staged)
        generate.lint(job)
        files = generate.generate(job)
    stale = {found for kind, found in generate.differences(job, files) if kind != "extra"}
    return {str(each.relative_to(root)): files[each] for each in sorted(stale)}
