"""The compiler as others use it: on PATH, under protoc and buf, on a contract and a schema of their own."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse

BIN = Path(sys.executable).parent
PLUGIN = BIN / "protoc-gen-triglot"
# Theirs: with options that our copy does not declare, and enums of its own.
SCHEMA = """syntax = "proto3";
package temporal.v1;
import "google/protobuf/descriptor.proto";
import "google/protobuf/duration.proto";
extend google.protobuf.ServiceOptions { optional ServiceOptions service = 7233; optional CLI cli = 7234; }
extend google.protobuf.MethodOptions {
  optional WorkflowOptions workflow = 7233;
  optional ActivityOptions activity = 7234;
}
message CLI { bool ignore = 1; }
message Patch { int32 version = 1; }
message XNS { string name = 7; }
message ServiceOptions { string task_queue = 1; repeated Patch patches = 3; }
message ActivityOptions { google.protobuf.Duration start_to_close_timeout = 4; }
message WorkflowOptions {
  string id = 5; XNS xns = 16; repeated string aliases = 17; CLI cli = 19; bool enable_eager_start = 23;
}
"""
SHOP = """edition = "2023";
package acme.v1;
import "temporal/v1/temporal.proto";
option go_package = "example.com/acme/acme/v1;acmev1";
service Shop {
  option (temporal.v1.service) = {task_queue: "shop" patches: {version: 1}};
  option (temporal.v1.cli) = {ignore: true};
  rpc Sell(SellRequest) returns (SellResponse) {
    option (temporal.v1.workflow) = {id: "sale/${! orderId }" aliases: "Old" cli: {ignore: true}};
  }
  rpc Pack(PackRequest) returns (PackResponse) {
    option (temporal.v1.activity) = {start_to_close_timeout: {seconds: 1}};
  }
}
message SellRequest { string order_id = 1; }
message SellResponse {}
message PackRequest { int32 pieces = 1 [features.field_presence = IMPLICIT]; }
message PackResponse {}
"""
LANGUAGES = {
    "python": ("lang=python", {"acme/v1/shop_temporal.py"}),
    "go": (
        "lang=go,module=example.com/acme",
        {f"acme/v1/shop_temporal{part}.pb.go" for part in ("", "_workflow", "_client")},
    ),
    "typescript": (
        "lang=typescript,ts_runtime=../runtime.js",
        {f"acme/v1/shop_{part}.ts" for part in ("temporal", "workflow", "client")},
    ),
    "manifest": ("lang=manifest", {"manifest.json"}),
    "docs": ("lang=docs", {"contract-reference.md"}),
}


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder with their contract and their copy of the schema."""
    for name, text in {"temporal/v1/temporal.proto": SCHEMA, "acme/v1/shop.proto": SHOP}.items():
        path = tmp_path / "proto" / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return tmp_path


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": os.pathsep.join((str(BIN), os.environ.get("PATH", "")))}
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def protoc(theirs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "grpc_tools.protoc", "-Iproto", *arguments, cwd=theirs)


def made(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_protoc_finds_the_plugin_on_the_path(theirs: Path, language: str) -> None:
    parameter, files = LANGUAGES[language]
    (theirs / "gen").mkdir()

    result = protoc(theirs, "--triglot_out=gen", f"--triglot_opt={parameter}", "acme/v1/shop.proto")

    assert result.stderr == ""
    assert made(theirs / "gen") == files


def test_protoc_tells_mistakes_by_their_places(theirs: Path) -> None:
    path = theirs / "proto" / "acme/v1/shop.proto"
    path.write_text(SHOP.replace('aliases: "Old"', "xns: {}").replace('task_queue: "shop" ', ""))
    (theirs / "gen").mkdir()

    result = protoc(theirs, "--triglot_out=gen", "--triglot_opt=lang=python", "acme/v1/shop.proto")

    assert result.returncode != 0
    sentence = "option xns is rejected: no calls across namespaces are generated"
    assert result.stderr.splitlines() == [f"--triglot_out: acme/v1/shop.proto:9:5: {sentence}"]
    assert made(theirs / "gen") == set()


def test_it_says_what_it_is(tmp_path: Path) -> None:
    assert run(PLUGIN, "--version", cwd=tmp_path).stdout == "protoc-gen-triglot 0.1.0\n"
    helped = run(PLUGIN, "--help", cwd=tmp_path)
    for word in ("lang", "module", "go_runtime", "ts_runtime", "docs", "--include", "--strip"):
        assert word in helped.stdout
    wrong = run(PLUGIN, "--lang=python", cwd=tmp_path)
    assert (wrong.returncode, wrong.stdout, wrong.stderr) == (2, "", helped.stdout)


def test_on_a_terminal_it_does_not_wait_for_a_request() -> None:
    ours, theirs = pty.openpty()
    try:
        result = subprocess.run(
            [PLUGIN], stdin=theirs, capture_output=True, text=True, check=False, timeout=60
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert result.returncode == 2
    assert result.stderr.startswith("`protoc-gen-triglot`: ")


@pytest.mark.parametrize(("arguments", "what"), [([], b"request"), (["--strip"], b"descriptor set")])
def test_what_cannot_be_read_is_told_in_one_sentence(arguments: list[str], what: bytes) -> None:
    result = subprocess.run([PLUGIN, *arguments], input=b"syntax", capture_output=True, check=False)
    told = b"protoc-gen-triglot: standard input is no %b of protoc or buf; see --help\n" % what
    assert (result.returncode, result.stderr) == (1, told)


def test_an_unannotated_contract_is_no_mistake(request_of: Callable[..., CodeGeneratorRequest]) -> None:
    text = 'syntax = "proto3"; message M {} service S { rpc Do(M) returns (stream M); }'
    request = request_of({"plain.proto": text})
    request.parameter = "lang=python"
    result = subprocess.run([PLUGIN], input=request.SerializeToString(), capture_output=True, check=False)
    assert (result.returncode, result.stderr) == (0, b"")
    assert list(CodeGeneratorResponse.FromString(result.stdout).file) == []
