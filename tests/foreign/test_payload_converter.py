"""The package protobuf-es-payload-converter as others get it: packed, installed, used as its README says."""

from __future__ import annotations

import dataclasses
import json
import re
import tarfile
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.common import RawValue
from temporalio.converter import (
    BinaryProtoPayloadConverter,
    CompositePayloadConverter,
    DataConverter,
    JSONProtoPayloadConverter,
)

from polling import poll
from toolchain import NODE, process, run

REPOSITORY = Path(__file__).parents[2]
SOURCE = REPOSITORY / "typescript" / "payload-converter"
NAME = "protobuf-es-payload-converter"
DEADLINE = 30
BLOCK = re.compile(r"^```\w+ title=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

COMMONJS = """
const { create, createRegistry } = require('@bufbuild/protobuf');
const { DurationSchema, file_google_protobuf_duration } = require('@bufbuild/protobuf/wkt');
const { createPayloadConverter } = require('protobuf-es-payload-converter');
const converter = createPayloadConverter({ registry: createRegistry(file_google_protobuf_duration) });
const sent = converter.toPayload(create(DurationSchema, { seconds: 2n ** 33n }));
console.log(Buffer.from(sent.data).toString(), converter.fromPayload(sent).seconds);
"""


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packed")
    run("npm", "--prefix", REPOSITORY / "typescript", "run", "--silent", "build", cwd=SOURCE)
    (packed,) = json.loads(run("npm", "pack", "--json", "--pack-destination", folder, cwd=SOURCE))
    return folder / str(packed["filename"])


@pytest.fixture(scope="module")
def project(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside the repository with the README's files, its dependencies and the package, built."""
    folder = tmp_path_factory.mktemp("shop")
    modules = folder / "node_modules"
    modules.mkdir()
    for package in (REPOSITORY / "typescript" / "node_modules").iterdir():
        if package.name != NAME:
            (modules / package.name).symlink_to(package.resolve())
    with tarfile.open(tarball) as archive:
        archive.extractall(modules, filter="data")
    (modules / "package").rename(modules / NAME)

    for name, text in BLOCK.findall((SOURCE / "README.md").read_text()):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    run("bash", "-eu", "build.sh", cwd=folder)
    run("buf", "build", "proto", "-o", "image.binpb", cwd=folder)
    return folder


@pytest.fixture
async def shop(project: Path, server: Client) -> AsyncIterator[Client]:
    """A client of a dev server that the README's worker serves."""
    address = server.service_client.config.target_host
    async with process(NODE, project / "dist" / "worker.js", TEMPORAL_ADDRESS=address):
        yield server


def messages(project: Path) -> dict[str, Any]:
    """The README's messages, as Python knows them."""
    files = descriptor_pb2.FileDescriptorSet.FromString((project / "image.binpb").read_bytes())
    pool = descriptor_pool.DescriptorPool()
    return dict(message_factory.GetMessages(list(files.file), pool=pool))


def with_encoding(client: Client, converter: Any) -> Client:
    """A client that writes messages in one form alone."""

    class OneForm(CompositePayloadConverter):
        def __init__(self) -> None:
            super().__init__(converter())

    config = client.config()
    config["data_converter"] = dataclasses.replace(DataConverter.default, payload_converter_class=OneForm)
    return Client(**config)


def test_the_tarball_holds_what_users_need_and_no_more(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        names = {member.name.removeprefix("package/") for member in archive}
        licence = archive.extractfile("package/LICENSE")
        assert licence
        assert licence.read() == (REPOSITORY / "LICENSE").read_bytes()
    compiled = {f"dist/index.{suffix}" for suffix in ("d.ts", "js", "js.map")}
    assert names == {"LICENSE", "README.md", "package.json", "src/index.ts", *compiled}


def test_it_needs_its_peers_alone() -> None:
    described = json.loads((SOURCE / "package.json").read_text())
    peers = set(described["peerDependencies"])
    assert "dependencies" not in described
    source = (SOURCE / "src" / "index.ts").read_text()
    assert set(re.findall(r"from '(.*)'", source)) == peers == {"@bufbuild/protobuf", "@temporalio/common"}


def test_commonjs_may_require_it(project: Path) -> None:
    (project / "commonjs.cjs").write_text(COMMONJS)
    assert run(NODE, project / "commonjs.cjs", cwd=project) == '"8589934592s" 8589934592n\n'


async def test_the_example_runs(shop: Client, project: Path) -> None:
    address = shop.service_client.config.target_host
    printed = run(NODE, project / "dist" / "client.js", cwd=project, TEMPORAL_ADDRESS=address)
    assert f"`{printed.strip()}`" in (SOURCE / "README.md").read_text()


async def test_python_calls_the_examples_workflow_in_both_forms(shop: Client, project: Path) -> None:
    known = messages(project)
    # Bytes of a binary payload come into the workflow from another realm, and go on to the activity.
    order = known["shop.v1.Order"](label="größte", amount_minor=(1 << 53), signature=b"\x00\xff")
    for converter in (JSONProtoPayloadConverter, BinaryProtoPayloadConverter):
        receipt = await with_encoding(shop, converter).execute_workflow(
            "buy", order, id=f"order-{uuid.uuid4()}", task_queue="shop", result_type=RawValue
        )
        assert receipt.payload.metadata["encoding"] == b"json/protobuf"
        decoded = known["shop.v1.Receipt"]()
        json_format.Parse(receipt.payload.data, decoded)
        assert decoded == known["shop.v1.Receipt"](number="R-9007199254740993", order=order)


async def test_what_the_registry_lacks_fails_the_workflow_task_and_not_the_workflow(shop: Client) -> None:
    unknown = Payload(metadata={"encoding": b"json/protobuf", "messageType": b"shop.v2.Order"}, data=b"{}")
    handle = await shop.start_workflow(
        "buy", RawValue(unknown), id=f"order-{uuid.uuid4()}", task_queue="shop"
    )

    async def failure() -> str | None:
        for event in (await handle.fetch_history()).events:
            if event.HasField("workflow_task_failed_event_attributes"):
                return event.workflow_task_failed_event_attributes.failure.message
        return None

    message = await poll(failure, "the workflow task has failed", DEADLINE)
    assert message.endswith("registry has no message shop.v2.Order")
    await handle.terminate()
