"""Generation of all code of a contract, and the check of its freshness."""

from __future__ import annotations

import dataclasses
import shutil
import sys
from pathlib import Path

import pytest

from triglot.contract import generate, image
from triglot.contract.generate import Job


@pytest.fixture(scope="module")
def generated() -> dict[Path, bytes]:
    return generate.generate(generate.own_job())


@pytest.fixture
def elsewhere(tmp_path: Path, generated: dict[Path, bytes]) -> tuple[Job, dict[Path, bytes]]:
    """Our contract with its outputs in another folder, written there."""
    own = generate.own_job()
    job = dataclasses.replace(own, outputs={name: tmp_path / name for name in own.outputs})
    moved = {
        tmp_path / name / path.relative_to(root): content
        for path, content in generated.items()
        # The manifest's folder is inside Python's, so the longest root that fits is the file's own.
        for name, root in [
            max(
                (n_r for n_r in own.outputs.items() if path.is_relative_to(n_r[1])),
                key=lambda n_r: len(n_r[1].parts),
            )
        ]
    }
    generate.write(job, moved)
    return job, moved


def test_what_is_committed_is_what_the_contract_says(generated: dict[Path, bytes]) -> None:
    assert list(generate.differences(generate.own_job(), generated)) == []


def test_every_language_gets_messages_and_temporal_side(generated: dict[Path, bytes]) -> None:
    root = generate.own_job().proto.parent
    names = {str(path.relative_to(root)) for path in generated}
    assert {
        "python/src/buf/validate/validate_pb2.py",
        "python/src/triglot/risk/v1/report_pb2.py",
        "python/src/triglot/risk/v1/report_pb2.pyi",
        "python/src/triglot/risk/v1/report_temporal.py",
        "python/src/triglot/contract/manifest.json",
        "go/risk/v1/simulation.pb.go",
        "go/risk/v1/simulation_temporal.pb.go",
        "typescript/src/gen/buf/validate/validate_pb.ts",
        "typescript/src/gen/triglot/notification/v1/notification_pb.ts",
        "typescript/src/gen/triglot/notification/v1/notification_temporal.ts",
    } <= names
    assert not [name for name in names if "store" in name and "temporal" in name]


def test_protoc_runs_the_plugin(tmp_path: Path, generated: dict[Path, bytes]) -> None:
    own = generate.own_job()
    compiled = generate.compile_contract(own)
    script = Path(sys.executable).parent / "protoc-gen-triglot"
    arguments = [f"--plugin=protoc-gen-triglot={script}", f"--triglot_out={tmp_path}"]
    name = "triglot/risk/v1/simulation"
    image.protoc(compiled, [*arguments, "--triglot_opt=lang=python", f"{name}.proto"])
    (made,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert made == tmp_path / f"{name}_temporal.py"
    assert made.read_bytes() == generated[own.outputs["python"] / f"{name}_temporal.py"]
    with pytest.raises(image.ToolError, match="parameter lang must be one of"):
        image.protoc(compiled, [*arguments, f"{name}.proto"])


def test_stale_missing_and_extra_files_are_told_and_mended(elsewhere: tuple[Job, dict[Path, bytes]]) -> None:
    job, files = elsewhere
    go, python = job.outputs["go"], job.outputs["python"]
    (go / "risk/v1/report.pb.go").write_text("edited")
    (go / "risk/v1/market.pb.go").unlink()
    (python / "triglot/risk/v1/gone_temporal.py").write_text("")
    (python / "triglot/risk/v1/written_by_hand.py").write_text("")
    assert sorted(generate.differences(job, files)) == [
        ("extra", python / "triglot/risk/v1/gone_temporal.py"),
        ("missing", go / "risk/v1/market.pb.go"),
        ("stale", go / "risk/v1/report.pb.go"),
    ]
    generate.write(job, files)
    assert list(generate.differences(job, files)) == []
    assert (python / "triglot/risk/v1/written_by_hand.py").exists()


def test_a_file_that_is_right_keeps_its_time_stamp(elsewhere: tuple[Job, dict[Path, bytes]]) -> None:
    job, files = elsewhere
    before = {path: path.stat().st_mtime_ns for path in files}
    generate.write(job, files)
    assert {path: path.stat().st_mtime_ns for path in files} == before


def test_our_contract_is_in_style() -> None:
    generate.lint(generate.own_job())


def test_style_is_checked(tmp_path: Path) -> None:
    own = generate.own_job()
    job = dataclasses.replace(own, proto=tmp_path / "proto")
    shutil.copytree(own.proto, job.proto)
    file = job.proto / "triglot/store/v1/object.proto"
    text = file.read_text()
    file.write_text(text.replace("string sha256", "string SHA256"))
    with pytest.raises(
        image.ToolError, match=r'object\.proto:\d+:\d+:Field name "SHA256" should be lower_snake_case'
    ):
        generate.lint(job)
    file.write_text(text.replace("  string sha256", "    string sha256"))
    with pytest.raises(image.ToolError, match="sha256"):
        generate.lint(job)


def test_protoc_speaks_for_itself(tmp_path: Path) -> None:
    (tmp_path / "broken.proto").write_text('syntax = "proto3";\nmessage {')
    with pytest.raises(image.ToolError, match=r"broken\.proto:2:9: Expected message name\."):
        image.compile_protos([tmp_path], ["broken.proto"])


def test_a_missing_tool_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(
        image.ToolError, match=r"^no-such-tool is missing; `make setup` installs the toolchain$"
    ):
        image.run(["no-such-tool"])
    job = dataclasses.replace(generate.own_job(), node_tools=tmp_path)
    with pytest.raises(
        image.ToolError, match=r"^protoc-gen-es is missing; `make setup` installs the toolchain$"
    ):
        generate.generate(job)
