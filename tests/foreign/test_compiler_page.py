"""docs/compiler.md, acted out in an empty folder: what it shows is all that a user has."""

from __future__ import annotations

import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto, FileDescriptorSet
from temporalio.client import Client

from building import REPOSITORY
from toolchain import BIN, NODE, process, run
from triglot.contract import image

PAGE = (REPOSITORY / "docs" / "compiler.md").read_text()
BLOCK = re.compile(r"^```\w+ title=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MODULES = REPOSITORY / "typescript" / "node_modules"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside the repository with the page's files, generated and built."""
    folder = tmp_path_factory.mktemp("page")
    for name, text in BLOCK.findall(PAGE):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    # Their places on a user's PATH.
    tools = folder / "tools"
    tools.mkdir()
    protoc_gen_go = run("go", "tool", "-n", "protoc-gen-go", cwd=REPOSITORY / "go").strip()
    (tools / "protoc-gen-go").symlink_to(protoc_gen_go)
    run("bash", "-eu", "with-buf.sh", cwd=folder, PATH=tool_path(folder))
    return folder


def tool_path(page: Path) -> str:
    """A PATH with the generators of messages."""
    return os.pathsep.join(map(str, (page / "tools", MODULES / ".bin", BIN, os.environ["PATH"])))


def row(language: str) -> list[str]:
    """The cells of the table of runtimes."""
    section = PAGE.partition("## Runtimes")[2]
    line = next(line for line in section.splitlines() if line.startswith(f"| {language} |"))
    return line.split("|")[1:-1]


@pytest.fixture(scope="module")
def packer(page: Path) -> Path:
    """The page's program in Go, with the runtime that the page lists and nothing else of our module."""
    module = page / "gen" / "go"
    assert "`*.go` of [go/contract]" in row("Go")[1]
    (module / "contract").mkdir()
    for source in (REPOSITORY / "go" / "contract").glob("*.go"):
        if not source.name.endswith("_test.go"):
            shutil.copy(source, module / "contract")
    # Required in the versions that are in the module cache, since nothing may be fetched.
    required = (
        (REPOSITORY / "go" / "go.mod").read_text().replace("example.com/triglot/go", "example.com/acme")
    )
    (module / "go.mod").write_text(required)
    shutil.copy(REPOSITORY / "go" / "go.sum", module)
    run("go", "vet", "./...", cwd=module)
    run("go", "build", "-o", page / "packer", "./packer", cwd=module)
    return page / "packer"


@pytest.fixture(scope="module")
def buyer(page: Path) -> Path:
    """The page's program in TypeScript, with the files that the page lists."""
    (page / "temporal").mkdir()
    for name in re.findall(r"`([\w-]+\.ts)`", row("TypeScript")[1]):
        shutil.copy(REPOSITORY / "typescript" / "src" / "temporal" / name, page / "temporal")
    (page / "node_modules").symlink_to(MODULES)
    (page / "package.json").write_text('{"type": "module"}')
    config = (REPOSITORY / "typescript" / "tsconfig.json").read_text()
    options = config.replace('"rootDir": "src"', '"rootDir": "."').replace(
        '"include": ["src"]', '"include": ["."]'
    )
    (page / "tsconfig.json").write_text(re.sub(r',\s*"references": .*\]', "", options))
    run(MODULES / ".bin" / "tsc", cwd=page)
    return page / "dist" / "buyer.js"


async def test_its_programs_run_in_three_languages(
    page: Path, packer: Path, buyer: Path, server: Client
) -> None:
    address = server.service_client.config.target_host
    path = str(page / "gen" / "python")
    async with (
        process(packer, TEMPORAL_ADDRESS=address),
        process(sys.executable, page / "seller.py", TEMPORAL_ADDRESS=address, PYTHONPATH=path),
    ):
        printed = run(NODE, buyer, cwd=page, TEMPORAL_ADDRESS=address)
    assert printed == "parcel of 3\n"


def test_protoc_alone_makes_code_that_imports_no_annotations(page: Path, tmp_path: Path) -> None:
    shutil.copytree(page / "proto", tmp_path / "proto")
    shutil.copy(page / "with-protoc.sh", tmp_path)

    run("bash", "-eu", "with-protoc.sh", cwd=tmp_path)

    python = tmp_path / "gen" / "python"
    made = {str(path.relative_to(python)) for path in python.rglob("*") if path.is_file()}
    assert made == {"acme/v1/shop_pb2.py", "acme/v1/shop_temporal.py"}
    loaded = (
        "import acme.v1.shop_temporal as shop; print(shop.Packing.PACK, shop.shop_pb2.PackRequest(pieces=3))"
    )
    assert run(sys.executable, "-c", loaded, cwd=python) == "acme.v1.Packing.Pack pieces: 3\n\n"


def test_buf_makes_no_code_of_what_contracts_import(page: Path) -> None:
    folder = page / "gen" / "python"
    assert {str(path.relative_to(folder)) for path in folder.rglob("*.py")} == {
        "acme/v1/shop_pb2.py",
        "acme/v1/shop_temporal.py",
    }
    typescript = page / "gen" / "typescript"
    assert {path.name for path in typescript.iterdir()} == {"acme", "buf"}
    assert {path.name for path in (page / "gen").iterdir()} == {
        "python", "go", "typescript", "manifest.json", "contract-reference.md"
    }  # fmt: skip


def test_what_contracts_import_is_what_the_libraries_have(page: Path) -> None:
    texts = image.imports()
    include = page / "include"
    assert {str(path.relative_to(include)) for path in include.rglob("*.proto")} == texts.keys()
    schema = "temporal/v1/temporal.proto"
    assert texts[schema] == (REPOSITORY / "proto" / schema).read_text()

    output = page / "include.binpb"
    run(sys.executable, "-m", "grpc_tools.protoc", f"-I{include}", "--include_imports",
        f"--descriptor_set_out={output}", *texts, cwd=page)  # fmt: skip
    compiled = {file.name: file for file in FileDescriptorSet.FromString(output.read_bytes()).file}
    for expected in image.dependencies().file:
        assert comparable(compiled[expected.name]) == comparable(expected), expected.name


def test_the_wheel_holds_the_annotations(tmp_path: Path) -> None:
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, cwd=REPOSITORY / "python")
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert "triglot/contract/include/temporal/v1/temporal.proto" in archive.namelist()


def comparable(file: FileDescriptorProto) -> FileDescriptorProto:
    """Without what protoc derives; the order of nested messages, among them those of maps, says nothing."""
    copy = FileDescriptorProto()
    copy.CopyFrom(file)
    todo: list[DescriptorProto] = list(copy.message_type)
    for field in copy.extension:
        field.ClearField("json_name")
    while todo:
        message = todo.pop()
        for field in (*message.field, *message.extension):
            field.ClearField("json_name")
        message.nested_type.sort(key=lambda nested: nested.name)
        todo += message.nested_type
    return copy
