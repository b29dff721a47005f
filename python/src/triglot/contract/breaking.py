"""Compares the contract with what git has of it: `python -m triglot.contract.breaking [--against COMMIT]`.

Buf judges messages and files, `compare` the Temporal side, `tightening` the rules. A break that is meant
stands in breaking.toml beside the contract with its reason, until no comparison finds it any more.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from triglot.contract import generate
from triglot.contract.baselines import Baseline, History
from triglot.contract.compare import Finding, compare
from triglot.contract.generate import Job
from triglot.contract.image import ToolError
from triglot.contract.model import Contract, Location
from triglot.contract.names import ContractError
from triglot.contract.parse import parse
from triglot.contract.tightening import compare_rules

ACCEPTED = "breaking.toml"
# What buf exits with when it has found breaks.
_BUF_FOUND = 100


@dataclass(frozen=True)
class Accepted:
    """A break that is meant, by its file, rule and sentence; lines move."""

    file: str
    rule: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}: {self.sentence} ({self.rule})"


@dataclass(frozen=True)
class _Side:
    """One state of a contract."""

    image: FileDescriptorSet
    contract: Contract


def breaks(old: Job, new: Job, config: Path) -> list[Finding]:
    """Compares two states of a contract.

    Args:
        old: how it was.
        new: how it is.
        config: the buf.yaml that says what buf looks at.

    Raises:
        ToolError: a tool is missing, or one of the states does not compile.
        ContractError: one of the states is no contract.
    """
    before, after = _side(old), _side(new)
    found = [
        *_buf(before.image, after.image, config),
        *compare(before.contract, after.contract),
        *compare_rules(before.image, after.image, before.contract, after.contract),
    ]
    return sorted(set(found))


def accepted(path: Path) -> set[Accepted]:
    """Reads the breaks that are meant.

    Raises:
        ToolError: the file is not what docs/evolution.md says, or gives no reason.
    """
    if not path.exists():
        return set()
    keys = {"file", "rule", "sentence", "reason"}
    try:
        entries = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise ToolError(f"{path.name}: {error}") from None
    for entry in entries.get("break", []):
        if entry.keys() != keys or not all(
            isinstance(entry[key], str) and entry[key].strip() for key in keys
        ):
            raise ToolError(f"{path.name}: each [[break]] has {', '.join(sorted(keys))}, none of them empty")
    if entries.keys() - {"break"}:
        raise ToolError(f"{path.name} holds [[break]] alone, not {', '.join(sorted(entries))}")
    return {Accepted(entry["file"], entry["rule"], entry["sentence"]) for entry in entries.get("break", [])}


def check(job: Job, further: Sequence[str] = ()) -> Iterator[str]:
    """Compares a contract with its history, yields what is wrong, a line each, and says what it did.

    Raises:
        ToolError, ContractError: as `breaks`; or breaking.toml cannot be read.
    """
    meant = accepted(job.proto / ACCEPTED)
    history = History(job.proto.parent)
    found = history.find(tuple(further))
    met: set[Accepted] = set()
    for sentence in found.absent:
        _say(sentence)
    for baseline in found.baselines:
        findings = _against(job, history, baseline)
        if findings is None:
            _say(f"{baseline.name} ({baseline.commit[:7]}) has no contract")
            continue
        new = [finding for finding in findings if _key(finding) not in meant]
        met |= {_key(finding) for finding in findings} & meant
        _say(f"compared with {baseline.name} ({baseline.commit[:7]}): {_count(len(new), len(findings))}")
        yield from (str(finding) for finding in new)
    # Where nothing was compared, nothing is known to be stale.
    if found.baselines:
        yield from (
            f"{ACCEPTED}: no comparison finds this any more, so delete it: {each}"
            for each in sorted(map(str, meant - met))
        )


def _say(sentence: str) -> None:
    print(f"breaking changes: {sentence}", file=sys.stderr)


def _count(new: int, found: int) -> str:
    breaks_ = {0: "none", 1: "1 break"}.get(new, f"{new} breaks")
    return breaks_ + (f", beside {found - new} that are meant" if found > new else "")


def _key(finding: Finding) -> Accepted:
    return Accepted(finding.location.file, finding.rule, finding.sentence)


def _against(job: Job, history: History, baseline: Baseline) -> list[Finding] | None:
    with tempfile.TemporaryDirectory() as folder:
        if not history.extract(baseline, job.proto.name, Path(folder)):
            return None
        return breaks(replace(job, proto=Path(folder, job.proto.name)), job, job.proto / "buf.yaml")


def _side(job: Job) -> _Side:
    image = generate.compile_contract(job)
    own = [file.name for file in image.file if (job.proto / file.name).exists()]
    contract, problems = parse(CodeGeneratorRequest(file_to_generate=own, proto_file=image.file))
    if problems:
        raise ContractError(problems)
    return _Side(image, contract)


def _buf(old: FileDescriptorSet, new: FileDescriptorSet, config: Path) -> Iterator[Finding]:
    """Buf's findings, offline, since it gets images."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "old.binpb"), Path(folder, "new.binpb")
        before.write_bytes(old.SerializeToString())
        after.write_bytes(new.SerializeToString())
        command = [
            "buf",
            "breaking",
            str(after),
            f"--against={before}",
            f"--config={config}",
            "--error-format=json",
        ]
        try:
            result = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise ToolError("buf is missing; `make setup` installs the toolchain") from None
    if result.returncode not in (0, _BUF_FOUND):
        raise ToolError((result.stderr or result.stdout).strip())
    for line in result.stdout.splitlines():
        said = json.loads(line)
        place = Location(said.get("path", ""), said.get("start_line", 1), said.get("start_column", 1))
        yield Finding(place, said["type"], said["message"].removesuffix("."))


def main() -> int:
    """Compares the contract of this repository; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m triglot.contract.breaking", description=__doc__)
    parser.add_argument("--against", action="append", default=[], metavar="COMMIT", help="a further commit")
    arguments = parser.parse_args()
    # Tools that came as wheels lie beside the interpreter, whether or not the environment is activated.
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    try:
        lines = list(check(generate.own_job(), arguments.against))
    except (ToolError, ContractError) as error:
        print(error, file=sys.stderr)
        return 1
    for line in lines:
        print(line, file=sys.stderr)
    if lines:
        print(f"docs/evolution.md says how to change a contract, and what {ACCEPTED} is for", file=sys.stderr)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
