"""Generates all code of a contract: `python -m triglot.contract.generate [--check | --lint]`.

Messages come from each language's own generator, the Temporal side from protoc-gen-triglot.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from triglot.contract import image, plugin
from triglot.contract.image import ToolError
from triglot.contract.names import ContractError

# How generated files are told from hand-written ones beside them.
_PATTERNS = {
    "python": ("*_pb2.py", "*_pb2.pyi", "*_temporal.py"),
    "go": ("*.pb.go",),
    "typescript": ("*_pb.ts", "*_temporal.ts", "*_workflow.ts", "*_client.ts"),
    "manifest": ("manifest.json",),
    "docs": ("contract-reference.md",),
}
# protoc's stubs have bare generics, which `mypy --strict` refuses.
_STUB_HEADER = defaultdict(bytes, {".pyi": b"# mypy: ignore-errors\n"})


@dataclass(frozen=True)
class Job:
    """A contract, and where its code goes.

    Attributes:
        proto: the folder with the contract; all files below it are compiled, save the annotation schema.
        imports: further folders to import from.
        outputs: the root folder of each output: python, go, typescript, manifest, docs.
        go_module: the path of the Go module at the root of the Go output.
        go_runtime: the import path of the Go package with `Validate`.
        ts_runtime: the TypeScript module with `parseRequest`, as the plugin takes it.
        go_tools: the folder whose go.mod names protoc-gen-go as a tool.
        node_tools: the folder with the executable protoc-gen-es.
    """

    proto: Path
    imports: tuple[Path, ...]
    outputs: dict[str, Path]
    go_module: str
    go_runtime: str
    ts_runtime: str
    go_tools: Path
    node_tools: Path


def own_job() -> Job:
    """The contract of this repository.

    Raises:
        ToolError: the package is installed without the repository around it.
    """
    root = Path(__file__).resolve().parents[4]
    if not (root / "proto").is_dir():
        raise ToolError("there is no contract here: run this from a clone of the repository")
    return Job(
        proto=root / "proto",
        imports=(),
        outputs={
            "python": root / "python" / "src",
            "go": root / "go",
            "typescript": root / "typescript" / "src" / "gen",
            "manifest": root / "python" / "src" / "triglot" / "contract",
            "docs": root / "docs",
        },
        go_module="example.com/triglot/go",
        go_runtime="example.com/triglot/go/contract",
        ts_runtime="../temporal/contract.js",
        go_tools=root / "go",
        node_tools=root / "typescript" / "node_modules" / ".bin",
    )


def generate(job: Job) -> dict[Path, bytes]:
    """Generates all files in memory, by their place.

    Raises:
        ToolError: a tool is missing or refused the contract.
        ContractError: protoc-gen-triglot refused it.
    """
    compiled = compile_contract(job)
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder)
        _messages(job, compiled, stage)
        _temporal(job, compiled, stage)
        return {
            job.outputs[output] / path.relative_to(stage / output): _STUB_HEADER[path.suffix]
            + path.read_bytes()
            for output in job.outputs
            for path in sorted((stage / output).rglob("*"))
            if path.is_file()
        }


def differences(job: Job, files: dict[Path, bytes]) -> Iterator[tuple[str, Path]]:
    """Yields what the tree has otherwise than generated: stale, missing or extra, and the path."""
    for path, content in files.items():
        if not path.exists():
            yield "missing", path
        elif path.read_bytes() != content:
            yield "stale", path
    for output, root in job.outputs.items():
        for pattern in _PATTERNS[output]:
            yield from (("extra", path) for path in sorted(root.rglob(pattern)) if path not in files)


def write(job: Job, files: dict[Path, bytes]) -> None:
    """Makes the tree what was generated; files that are right already keep their time stamps."""
    for difference, path in list(differences(job, files)):
        if difference == "extra":
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[path])


def compile_contract(job: Job) -> FileDescriptorSet:
    """Compiles the contract's files with all they import."""
    names = sorted(str(path.relative_to(job.proto)) for path in job.proto.rglob("*.proto"))
    return image.compile_protos((job.proto, *job.imports), names)


def lint(job: Job) -> None:
    """Checks the contract's style with buf, offline: over the image, since no registry is asked for imports.

    Raises:
        ToolError: buf's findings.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "image.binpb")
        path.write_bytes(compile_contract(job).SerializeToString())
        config = job.proto / "buf.yaml"
        folders = [f"--path={name}" for name in _top_folders(job)]
        image.run(["buf", "lint", str(path), f"--config={config}", *folders])
    image.run(["buf", "format", "--diff", "--exit-code", str(job.proto)])


def _top_folders(job: Job) -> list[str]:
    return sorted(path.name for path in job.proto.iterdir() if path.is_dir())


def _targets(job: Job, compiled: FileDescriptorSet) -> list[str]:
    """The contract's own files, as far as the stripped image still has them."""
    stripped = image.without_annotations(compiled)
    return [file.name for file in stripped.file if (job.proto / file.name).exists()]


def _messages(job: Job, compiled: FileDescriptorSet, stage: Path) -> None:
    for output in job.outputs:
        (stage / output).mkdir()
    python = [f"--python_out={stage / 'python'}", f"--pyi_out={stage / 'python'}"]
    typescript = [
        f"--plugin=protoc-gen-es={_protoc_gen_es(job)}",
        f"--es_out={stage / 'typescript'}",
        "--es_opt=target=ts,import_extension=js",
    ]
    go = [
        f"--plugin=protoc-gen-go={_protoc_gen_go(job)}",
        f"--go_out={stage / 'go'}",
        f"--go_opt=module={job.go_module}",
    ]
    stripped = image.without_annotations(compiled)
    image.protoc(stripped, [*python, *go, *typescript, *_targets(job, compiled)])
    if any(file.name == image.VALIDATE for file in stripped.file):
        # No Python or TypeScript package has the rules' own messages where generated code imports them from.
        image.protoc(stripped, [*python, *typescript, image.VALIDATE])


def _temporal(job: Job, compiled: FileDescriptorSet, stage: Path) -> None:
    parameters = {
        "python": "lang=python",
        "go": f"lang=go,module={job.go_module},go_runtime={job.go_runtime}",
        "typescript": f"lang=typescript,ts_runtime={job.ts_runtime}",
        "manifest": "lang=manifest",
        "docs": "lang=docs",
    }
    targets = _targets(job, compiled)
    for output in job.outputs:
        request = CodeGeneratorRequest(
            file_to_generate=targets, proto_file=compiled.file, parameter=parameters[output]
        )
        for name, content in plugin.generate(request).items():
            path = stage / output / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)


def _protoc_gen_go(job: Job) -> str:
    return image.run(["go", "tool", "-n", "protoc-gen-go"], cwd=job.go_tools).strip()


def _protoc_gen_es(job: Job) -> Path:
    path = job.node_tools / "protoc-gen-es"
    if not path.exists():
        raise ToolError("protoc-gen-es is missing; `make setup` installs the toolchain")
    return path


def main() -> int:
    """Generates, or with an option only checks; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m triglot.contract.generate", description=__doc__)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="list stale, missing and extra files")
    mode.add_argument("--lint", action="store_true", help="check style and format of the contract with buf")
    arguments = parser.parse_args()
    # Tools that came as wheels lie beside the interpreter, whether or not the environment is activated.
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    try:
        job = own_job()
        if arguments.lint:
            lint(job)
            return 0
        files = generate(job)
    except (ToolError, ContractError) as error:
        print(error, file=sys.stderr)
        return 1
    if not arguments.check:
        write(job, files)
        return 0
    found = list(differences(job, files))
    for difference, path in found:
        print(f"{difference}: {os.path.relpath(path)}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
