"""Compiles `.proto` files to descriptors, with and without the annotations."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path

from google.protobuf import field_mask_pb2
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.message import Message
from protovalidate._gen.buf.validate import validate_pb
from temporalio.api.common.v1 import message_pb2
from temporalio.api.enums.v1 import workflow_pb2

from triglot.contract import options, proto_text, wire

VALIDATE = "buf/validate/validate.proto"
_ANNOTATIONS = "temporal.v1"


class ToolError(Exception):
    """A tool is missing or has refused its input; the text says which and why."""


def compile_protos(roots: Sequence[Path], files: Iterable[str]) -> FileDescriptorSet:
    """Compiles files with all they import, keeping comments and places.

    `buf/validate` and `temporal/api` need not lie under the roots: the libraries have their descriptors.

    Args:
        roots: the folders that imports are relative to.
        files: names relative to a root.

    Raises:
        ToolError: protoc's own words, naming file and line.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "image.bin")
        arguments = [*(f"-I{root}" for root in roots), "--include_imports", "--include_source_info"]
        protoc(dependencies(), [*arguments, f"--descriptor_set_out={output}", *files])
        return FileDescriptorSet.FromString(output.read_bytes())


def protoc(descriptors: FileDescriptorSet, arguments: Sequence[str]) -> None:
    """Runs protoc beside descriptors that are compiled already.

    Raises:
        ToolError: what protoc or a plugin said.
    """
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(descriptors.SerializeToString())
        file.flush()
        command = [sys.executable, "-m", "grpc_tools.protoc", f"--descriptor_set_in={file.name}", *arguments]
        run(command)


def run(command: Sequence[str], *, cwd: Path | None = None) -> str:
    """Runs a tool and returns what it printed.

    Raises:
        ToolError: it is missing, or failed.
    """
    try:
        # Commands are lists of our own making; no shell reads them.
        result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ToolError(f"{command[0]} is missing; `make setup` installs the toolchain") from None
    if result.returncode:
        raise ToolError((result.stderr or result.stdout).strip())
    return result.stdout


def without_annotations(image: FileDescriptorSet) -> FileDescriptorSet:
    """Takes the annotation schema's options, imports and files out: no code for messages may need them."""
    schema = {file.name for file in image.file if file.package == _ANNOTATIONS}
    stripped = FileDescriptorSet()
    for file in image.file:
        if file.name not in schema:
            stripped.file.append(_without_annotations(file, schema))
    return stripped


def imports() -> dict[str, str]:
    """The text of the annotation schema, and of what a contract imports beside it, by path.

    `google/protobuf` is not among it: protoc and buf have it.
    """
    schema = "temporal/v1/temporal.proto"
    brought = list(dependencies().file)
    return {
        schema: resources.files(__package__).joinpath("include", schema).read_text(),
        **{file.name: proto_text.render(file, brought) for file in brought if not _well_known(file)},
    }


def _well_known(file: FileDescriptorProto) -> bool:
    return file.package == "google.protobuf"


def _without_annotations(original: FileDescriptorProto, schema: set[str]) -> FileDescriptorProto:
    file = FileDescriptorProto()
    file.CopyFrom(original)
    kept = [name for name in original.dependency if name not in schema]
    file.dependency[:] = kept
    for indices in (file.public_dependency, file.weak_dependency):
        names = [original.dependency[index] for index in indices]
        indices[:] = [kept.index(name) for name in names if name in kept]
    for service in file.service:
        _strip(service.options, options.SERVICE_EXTENSIONS)
        for method in service.method:
            _strip(method.options, options.METHOD_EXTENSIONS)
    _strip_fields(file)
    return file


def _strip_fields(descriptor: Message) -> None:
    """Strips the options of every field below a file or message descriptor."""
    for name in ("message_type", "nested_type"):
        for message in getattr(descriptor, name, ()):
            _strip_fields(message)
    for field in getattr(descriptor, "field", ()):
        if field.HasField("options"):
            _strip(field.options, options.FIELD_EXTENSIONS)


def _strip(message: Message, extensions: Iterable[int]) -> None:
    message.ParseFromString(wire.without(message.SerializeToString(), frozenset(extensions)))


def dependencies() -> FileDescriptorSet:
    """What a contract imports beside the annotations, from the libraries that have its descriptors."""
    found: dict[str, FileDescriptorProto] = {}
    for descriptor in (message_pb2.DESCRIPTOR, workflow_pb2.DESCRIPTOR, field_mask_pb2.DESCRIPTOR):
        _collect(descriptor, found)
    rules = FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary())
    found[rules.name] = rules
    return FileDescriptorSet(file=found.values())


def _collect(descriptor: FileDescriptor, found: dict[str, FileDescriptorProto]) -> None:
    if descriptor.name in found:
        return
    for dependency in descriptor.dependencies:
        _collect(dependency, found)
    file = FileDescriptorProto()
    descriptor.CopyToProto(file)
    found[descriptor.name] = file
