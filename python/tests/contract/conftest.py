"""Compiles inline `.proto` text and runs the plugin in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest

from shop_states import CONTRACT, write
from triglot.contract import image, plugin
from triglot.contract.generate import Job

REPOSITORY = Path(__file__).parents[3]
_DEFAULTS = {
    "python": "lang=python",
    "go": "lang=go,module=example.com/acme",
    "typescript": "lang=typescript,ts_runtime=../runtime.js",
    "manifest": "lang=manifest",
    "docs": "lang=docs",
}

Compile = Callable[..., str]


@pytest.fixture
def request_of(tmp_path: Path) -> Callable[..., CodeGeneratorRequest]:
    """Compiles files, given as text by name, to what protoc hands to a plugin."""

    def compile_files(
        files: dict[str, str], roots: tuple[Path, ...] = (REPOSITORY / "proto",)
    ) -> CodeGeneratorRequest:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        compiled = image.compile_protos((tmp_path, *roots), files)
        return CodeGeneratorRequest(file_to_generate=files, proto_file=compiled.file)

    return compile_files


@pytest.fixture
def compile_inline(request_of: Callable[..., CodeGeneratorRequest]) -> Compile:
    """Compiles the body of one proto3 file and returns the one file that the plugin emits for a language."""

    def compile_body(body: str, language: str = "python", parameter: str | None = None) -> str:
        request = request_of({"acme/v1/shop.proto": header() + body})
        request.parameter = parameter or _DEFAULTS[language]
        (text,) = plugin.generate(request).values()
        return text

    return compile_body


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """The contract of shop_states in a folder of its own, with our rules for buf."""
    return write(tmp_path / "shop", CONTRACT)


@pytest.fixture
def go_shop(request_of: Callable[..., CodeGeneratorRequest]) -> dict[str, str]:
    """What the Go emitter makes of shop.proto beside the tests, by the end of the files' names."""
    contract = Path(__file__).with_name("shop.proto").read_text()
    request = request_of({"acme/v1/shop.proto": contract})
    request.parameter = _DEFAULTS["go"]
    files = plugin.generate(request)
    return {name.removeprefix("shop/v1/shop_temporal").removesuffix(".pb.go"): files[name] for name in files}


def header() -> str:
    """What every inline contract begins with; 12 lines, so its body begins on line 13."""
    return """syntax = "proto3";
package acme.v1;
import "google/protobuf/empty.proto";
import "google/protobuf/timestamp.proto";
import "temporal/v1/temporal.proto";
option go_package = "example.com/acme/shop/v1;shopv1";
message Order { string id = 1; Buyer buyer = 2; repeated string tags = 3; double weight = 4; bool gift = 5;
  enum Size { SIZE_UNSPECIFIED = 0; } Size size = 6; map<string, string> notes = 7; string from = 9; }
message Buyer { message Address { string city = 1; } string name = 1; Address address = 2; }
message Receipt { string id = 1; }
message Nothing {}

"""
