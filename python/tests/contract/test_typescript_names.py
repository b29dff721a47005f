"""Names of a contract that mean something in TypeScript, or in the code that is generated."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest

from toolchain import run
from triglot.contract import plugin

TYPESCRIPT = Path(__file__).parents[3] / "typescript"
# Only messages that protobuf-es brings along.
HEADER = """syntax = "proto3";
package acme.v1;
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/timestamp.proto";
import "temporal/v1/temporal.proto";
"""
NAMES = (
    "Await", "Client", "Constructor", "Delete", "Escape", "Handle", "Handler", "Implementation", "Message",
    "Options", "Promise", "Record", "Request", "Result", "Run", "Serve", "Signal", "Undefined", "Update",
    "UuidV4", "Workflow",
)  # fmt: skip


def activities() -> str:
    """A service with an activity of each name."""
    rpcs = (
        f"rpc {name}(google.protobuf.Duration) returns (google.protobuf.Timestamp) "
        "{ option (temporal.v1.activity) = {start_to_close_timeout: {seconds: 1}}; }"
        for name in NAMES
    )
    return f'{HEADER}service Shop {{ option (temporal.v1.service) = {{task_queue: "q"}}; {" ".join(rpcs)} }}'


def service(name: str) -> str:
    """A service of a name, with a workflow of that name and all that a workflow can have."""
    return (
        HEADER
        + """service NAME {
  option (temporal.v1.service) = {task_queue: "q"};
  rpc Pack(google.protobuf.Duration) returns (google.protobuf.Timestamp) {
    option (temporal.v1.activity) = {start_to_close_timeout: {seconds: 1}};
  }
  rpc NAME(google.protobuf.Duration) returns (google.protobuf.Timestamp) {
    option (temporal.v1.workflow) = {
      id: "a"
      workflow_id_conflict_policy: WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
      query: {ref: "LookAtNAME"}
      signal: {ref: "CallNAME" start: true}
      update: {ref: "ChangeNAME" start: true}
    };
  }
  rpc LookAtNAME(google.protobuf.Duration) returns (google.protobuf.Timestamp) {
    option (temporal.v1.query) = {};
  }
  rpc CallNAME(google.protobuf.Duration) returns (google.protobuf.Empty) {
    option (temporal.v1.signal) = {};
  }
  rpc ChangeNAME(google.protobuf.Duration) returns (google.protobuf.Timestamp) {
    option (temporal.v1.update) = {id: "${! uuid_v4() }"};
  }
}
""".replace("NAME", name)
    )


def compile_strictly(files: dict[str, str], folder: Path) -> None:
    """Compiles and lints generated modules, with the workers' settings."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    settings = {
        "extends": str(TYPESCRIPT / "tsconfig.json"),
        "compilerOptions": {"incremental": False, "noEmit": True, "rootDir": "/"},
        "include": ["acme"],
        "references": [],
    }
    (folder / "tsconfig.json").write_text(json.dumps(settings))
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(TYPESCRIPT / "node_modules")
    tools = TYPESCRIPT / "node_modules" / ".bin"
    run(tools / "tsc", "-p", folder, cwd=folder)
    biome = json.loads((TYPESCRIPT / "biome.json").read_text())
    # Ours leaves generated code out.
    del biome["$schema"], biome["files"]
    (folder / "biome.json").write_text(json.dumps(biome))
    run(tools / "biome", "lint", "--error-on-warnings", "acme", cwd=folder)


def test_no_name_of_a_service_or_an_rpc_clashes(
    request_of: Callable[..., CodeGeneratorRequest], tmp_path: Path
) -> None:
    protos = {f"acme/v1/{name.lower()}.proto": service(name) for name in NAMES}
    protos["acme/v1/activities.proto"] = activities()
    request = request_of(protos)
    request.parameter = f"lang=typescript,ts_runtime={TYPESCRIPT / 'src' / 'temporal' / 'contract.js'}"
    files = plugin.generate(request)
    assert "export function request$(request: Duration)" in files["acme/v1/activities_workflow.ts"]
    assert "export function run(request: Duration)" in files["acme/v1/activities_workflow.ts"]
    compile_strictly(files, tmp_path / "typescript")
