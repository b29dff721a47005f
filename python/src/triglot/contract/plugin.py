"""`protoc-gen-triglot`: a plugin for protoc and buf that makes the Temporal side of an annotated contract.

    protoc --triglot_out=OUT --triglot_opt=lang=python FILE.proto ...

Parameters, separated by commas:

- `lang`: python, go, typescript, manifest or docs.
- `module` (Go): the module's path, as protoc-gen-go's.
- `go_runtime` (Go): the import path of the package with `Validate`; `<module>/contract` where absent.
- `ts_runtime` (TypeScript): the module with `parseRequest`, as `../temporal/contract.js`; beside it lie those
  for workflows, clients and both: `contract-workflow.js`, `contract-client.js` and `contract-rpc.js`. A
  relative one is seen from the output's root.

By hand:

- `protoc-gen-triglot --include FOLDER` writes what contracts import, for protoc's -I and buf's modules: the
  annotation schema (temporal/v1), temporal/api as far as it needs it, and buf/validate.
- `protoc-gen-triglot --strip < contract.binpb > messages.binpb` takes the annotations out of a descriptor
  set, since code for messages must not import them.
- `--version`, `--help`.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor_pb2 import Edition, FileDescriptorSet
from google.protobuf.message import DecodeError

from triglot.contract import VERSION, emit_docs, emit_go, emit_manifest, emit_python, emit_typescript, image
from triglot.contract.check import check
from triglot.contract.model import Contract
from triglot.contract.names import ContractError
from triglot.contract.parse import parse

Parameters = Mapping[str, str]
_HELP = (__doc__ or "").strip()


def _go(contract: Contract, parameters: Parameters) -> dict[str, str]:
    module = parameters.get("module", "")
    runtime = parameters.get("go_runtime") or (f"{module}/contract" if module else "")
    if not runtime:
        raise ValueError("lang=go needs the parameter module or go_runtime")
    return emit_go.emit(contract, module=module, runtime=runtime)


def _typescript(contract: Contract, parameters: Parameters) -> dict[str, str]:
    runtime = parameters.get("ts_runtime", "")
    if not runtime:
        raise ValueError("lang=typescript needs the parameter ts_runtime")
    return emit_typescript.emit(contract, runtime=runtime)


_LANGUAGES: dict[str, tuple[frozenset[str], Callable[[Contract, Parameters], dict[str, str]]]] = {
    "python": (frozenset(), lambda contract, _: emit_python.emit(contract)),
    "go": (frozenset({"module", "go_runtime"}), _go),
    "typescript": (frozenset({"ts_runtime"}), _typescript),
    "manifest": (frozenset(), lambda contract, _: emit_manifest.emit(contract)),
    "docs": (frozenset(), lambda contract, _: emit_docs.emit(contract)),
}


def generate(request: CodeGeneratorRequest) -> dict[str, str]:
    """Compiles a request to files by path.

    Raises:
        ContractError: the contract cannot be compiled.
        ValueError: a parameter is wrong.
    """
    parameters = _parameters(request.parameter)
    language = parameters.get("lang", "")
    if language not in _LANGUAGES:
        raise ValueError(f"parameter lang must be one of {', '.join(_LANGUAGES)}, not {language!r}")
    known, emit = _LANGUAGES[language]
    unknown = parameters.keys() - known - {"lang"}
    if unknown:
        raise ValueError(f"lang={language} has no parameter {', '.join(sorted(unknown))}")
    contract, problems = parse(request)
    # What could not be read would only seem to be absent.
    if problems := problems or check(contract):
        raise ContractError(problems)
    return emit(contract, parameters)


def respond(request: CodeGeneratorRequest) -> CodeGeneratorResponse:
    """Answers as protoc wants it: with files, or with an error to print."""
    response = CodeGeneratorResponse(
        supported_features=CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL
        | CodeGeneratorResponse.FEATURE_SUPPORTS_EDITIONS,
        minimum_edition=Edition.EDITION_PROTO2,
        maximum_edition=Edition.EDITION_2023,
    )
    try:
        for name, content in generate(request).items():
            response.file.add(name=name, content=content)
    except (ContractError, ValueError) as error:
        response.error = str(error)
    except Exception as error:
        # Told in one line like any other failure, with the place that a report of it needs.
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        response.error = f"defect of protoc-gen-triglot at {where}: {type(error).__name__}: {error}"
    return response


def main() -> None:
    """Reads a request from standard input and writes the response to standard output.

    Run by hand, it tells what it is, instead of waiting for a request that nobody types.
    """
    match sys.argv[1:]:
        case ["--include", folder]:
            _include(Path(folder))
        case ["--strip"]:
            _strip()
        case ["--version"]:
            print(f"protoc-gen-triglot {VERSION}")
        case ["--help" | "-h"]:
            print(_HELP)
        case [] if not sys.stdin.isatty():
            _answer()
        case _:
            print(_HELP, file=sys.stderr)
            sys.exit(2)


def _answer() -> None:
    try:
        request = CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    except DecodeError:
        sys.exit("protoc-gen-triglot: standard input is no request of protoc or buf; see --help")
    sys.stdout.buffer.write(respond(request).SerializeToString())


def _include(folder: Path) -> None:
    for name, text in image.imports().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _strip() -> None:
    try:
        compiled = FileDescriptorSet.FromString(sys.stdin.buffer.read())
    except DecodeError:
        sys.exit("protoc-gen-triglot: standard input is no descriptor set of protoc or buf; see --help")
    sys.stdout.buffer.write(image.without_annotations(compiled).SerializeToString())


def _parameters(text: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in text.split(",") if pair)
    return {name.strip(): value.strip() for name, _, value in pairs}


if __name__ == "__main__":
    main()
