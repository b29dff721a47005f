"""`triglot store`: what lies there, and what may go."""

import asyncio
import os
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import activity, workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from commands import DEADLINE, LONG, SMALL, environment, triglot
from triglot.cli.collection import needed_digests
from triglot.risk.publications import Publications
from triglot.risk.v1.measures_pb2 import ReportFiles
from triglot.risk.v1.publication_pb2 import Publication, PublishReportRequest, WithdrawReportRequest
from triglot.risk.v1.simulation_pb2 import SimulateShardRequest
from triglot.stack.stack import Stack
from triglot.store import Store
from triglot.store.payloads import claim_in
from triglot.store.v1.object_pb2 import ObjectRef

pytestmark = pytest.mark.asyncio(loop_scope="session")

OLD = timedelta(days=2).total_seconds()


@pytest.fixture
def env(stack: Stack) -> dict[str, str]:
    return environment(stack)


def path_of(stack: Stack, sha256: str) -> Path:
    return stack.folder.store / "sha256" / sha256[:2] / sha256


def make_old(stack: Stack) -> None:
    for path in stack.folder.store.rglob("*"):
        if path.is_file():
            os.utime(path, (path.stat().st_atime - OLD, path.stat().st_mtime - OLD))


async def put(stack: Stack, text: str) -> str:
    return (await stack.store.put(text.encode(), "text/plain")).sha256


async def test_objects_are_listed_and_got(stack: Stack, env: dict[str, str], tmp_path: Path) -> None:
    digest = await put(stack, "seen from the command line")
    await put(stack, "another")

    listed = (await triglot("store", "ls", "--json", env=env)).document()
    sizes = {stored["sha256"]: stored["size_bytes"] for stored in listed["objects"]}
    assert sizes[digest] == len("seen from the command line")
    text = await triglot("store", "ls", env=env)
    assert digest in text.output
    assert f"{len(sizes)} objects, {sum(sizes.values()):,} bytes in " in text.output

    got = await triglot("store", "get", digest[:8], env=env)
    assert (got.code, got.output) == (0, "seen from the command line")
    file = tmp_path / "got"
    saved = (await triglot("store", "get", digest, "--output", str(file), "--json", env=env)).document()
    assert (saved["sha256"], saved["output"]) == (digest, str(file))
    assert file.read_text() == "seen from the command line"


async def test_what_cannot_be_got_is_named(stack: Stack, env: dict[str, str]) -> None:
    digest = await put(stack, "one of two")
    twin = digest[:20] + ("0" * 44 if digest[20] != "0" else "1" * 44)
    path_of(stack, twin).write_text("the other")

    both = await triglot("store", "get", digest[:20], env=env)
    assert both.refusal(2) == f"{digest[:20]} is the beginning of 2 objects; say more of it"
    damaged = await triglot("store", "get", twin, env=env)
    assert f"object {twin} of 9 bytes reads as 9 bytes of SHA-256" in damaged.refusal(1)
    path_of(stack, twin).unlink()
    for text in (digest[:7], "no digest at all", digest + "0"):
        assert "8 to 64 hexadecimal digits" in (await triglot("store", "get", text, env=env)).refusal(2)
    none = await triglot("store", "get", "f" * 64, env=env)
    assert none.refusal(4).endswith(f"has no object {'f' * 64}")
    loud = await triglot("store", "get", digest, "--json", env=env)
    assert "--json needs --output" in loud.refusal(2)


@pytest.mark.parametrize("encoding", ["json", "binary"])
async def test_gc_keeps_what_a_workflow_refers_to(stack: Stack, env: dict[str, str], encoding: str) -> None:
    env |= {"TRIGLOT_PAYLOAD_ENCODING": encoding}
    ended = (await triglot("report", "run", *SMALL, "--json", env=env)).document()
    running = (await triglot("report", "run", *LONG, "--detach", "--json", env=env)).document()
    old = await put(stack, f"of nobody, {encoding}")
    make_old(stack)
    young = await put(stack, f"young, {encoding}")

    dry = (await triglot("store", "gc", "--dry-run", "--json", env=env)).document()
    assert old in {stored["sha256"] for stored in dry["deleted"]}
    assert path_of(stack, old).exists()

    summed = await triglot("store", "gc", "--dry-run", env=env)
    assert old not in summed.output
    assert [line.startswith("would delete ") for line in summed.output.splitlines()] == [True]
    named = await triglot("store", "gc", "--dry-run", "--verbose", env=env)
    assert f"would delete {old}\n" in named.output

    collected = (await triglot("store", "gc", "--json", env=env)).document()
    await triglot("report", "cancel", running["id"], env=env)

    # More than before, where the running report has left a checkpoint behind in the meantime.
    deleted, foretold = ({one["sha256"] for one in answer["deleted"]} for answer in (collected, dry))
    assert foretold <= deleted
    assert not path_of(stack, old).exists()
    kept = {stored.sha256 for stored in await stack.store.list()}
    assert young in kept
    assert {ended["window"]["prices_sha256"], running["window"]["prices_sha256"]} <= kept
    assert {file["sha256"] for file in ended["result"]["files"].values()} <= kept
    again = await triglot("report", "open", ended["id"], "--no-browser", "--json", env=env)
    assert again.code == 0
    everything = await triglot("store", "gc", "--older-than", "2h", "--json", env=env)
    assert young not in {stored["sha256"] for stored in everything.document()["deleted"]}
    hasty = await triglot("store", "gc", "--older-than", "119m", env=env)
    assert hasty.refusal(2) == "--older-than must be at least 2h: running reports may need what is younger"


# Only heartbeats know it: it is in no argument.
HEARTBEATEN = "5eed" * 16


@activity.defn
async def beat() -> None:
    """Refers to an object by a heartbeat, and goes on until it is told to stop."""
    activity.heartbeat(ObjectRef(sha256=HEARTBEATEN, size_bytes=1, media_type="text/plain"))
    await asyncio.Event().wait()


@workflow.defn
class Beating:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(
            beat, start_to_close_timeout=timedelta(minutes=1), heartbeat_timeout=timedelta(seconds=1)
        )


async def test_gc_knows_what_a_heartbeat_refers_to(stack: Stack) -> None:
    queue = f"test-{uuid.uuid4()}"
    async with Worker(
        stack.client,
        task_queue=queue,
        workflows=[Beating],
        activities=[beat],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        handle = await stack.client.start_workflow(Beating.run, id=queue, task_queue=queue)
        async with asyncio.timeout(DEADLINE):
            while HEARTBEATEN not in await needed_digests(stack.client, stack.store):
                pass  # the heartbeat is on its way
        await handle.terminate()


async def test_gc_keeps_what_a_claimed_payload_refers_to(stack: Stack, env: dict[str, str]) -> None:
    referred = await put(stack, "known to a large message alone")
    request = SimulateShardRequest(
        spec=ObjectRef(sha256=referred, size_bytes=30, media_type="text/plain; padding=" + "x" * 300_000)
    )
    # On a queue without workers it stays open.
    queue = f"test-{uuid.uuid4()}"
    handle = await stack.client.start_workflow("Nobody", request, id=queue, task_queue=queue)
    (event,) = [event async for event in handle.fetch_history_events() if event.event_id == 1]
    (argument,) = event.workflow_execution_started_event_attributes.input.payloads
    claimed = (claim_in(argument) or {})["sha256"]
    make_old(stack)

    assert (await triglot("store", "gc", env=env)).code == 0

    assert path_of(stack, claimed).exists()
    assert path_of(stack, referred).exists()
    await handle.terminate()


async def test_gc_keeps_what_is_published(stack: Stack, env: dict[str, str]) -> None:
    digests = [await put(stack, f"published {number}") for number in range(3)]
    files = [ObjectRef(sha256=digest, size_bytes=11, media_type="text/plain") for digest in digests]
    publication = Publication(
        report_id=f"risk-report/{uuid.uuid4()}",
        portfolio_id="two-assets",
        as_of_date="2022-01-06",
        files=ReportFiles(json=files[0], html=files[1], chart=files[2]),
    )
    publications = Publications(stack.store)
    await publications.publish_report(PublishReportRequest(publication=publication))
    make_old(stack)

    assert (await triglot("store", "gc", env=env)).code == 0
    assert [path_of(stack, digest).exists() for digest in digests] == [True] * 3

    await publications.withdraw_report(WithdrawReportRequest(publication=publication, reason="a test"))
    assert (await triglot("store", "gc", env=env)).code == 0
    assert [path_of(stack, digest).exists() for digest in digests] == [False] * 3


async def test_gc_without_a_server_deletes_nothing(env: dict[str, str], tmp_path: Path) -> None:
    store = Store.from_url(tmp_path.as_uri())
    reference: ObjectRef = await store.put(b"precious", "text/plain")
    away = {"TEMPORAL_ADDRESS": "127.0.0.1:1", "TRIGLOT_CONNECT_TIMEOUT": "0.3"}
    env |= away | {"TRIGLOT_STORE_URL": tmp_path.as_uri()}

    for path in tmp_path.rglob("*"):
        os.utime(path, (path.stat().st_atime - OLD, path.stat().st_mtime - OLD))

    refused = await triglot("store", "gc", "--older-than", "2h", env=env)

    assert refused.refusal(3).startswith("cannot reach the Temporal server at ")
    assert await store.get(reference) == b"precious"


async def test_a_store_that_cannot_be_used_is_named(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "sha256").write_text("no folder")

    refused = await triglot("store", "get", "f" * 64, env=env | {"TRIGLOT_STORE_URL": tmp_path.as_uri()})

    sentence = f"the object store {tmp_path.as_uri()} cannot be used: Not a directory"
    assert refused.refusal(3) == sentence


async def test_a_store_that_is_not_there_is_named(env: dict[str, str], tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    for command in (("ls",), ("get", "f" * 64), ("gc",)):
        refused = await triglot("store", *command, env=env | {"TRIGLOT_STORE_URL": missing.as_uri()})
        assert f"there is no folder {missing}" in refused.refusal(3)
        refused = await triglot("store", *command, env=env | {"TRIGLOT_STORE_URL": "gopher://store"})
        assert refused.refusal(2).startswith(
            "bad TRIGLOT_STORE_URL: must be file:///absolute/folder or s3://"
        )
    assert not missing.exists()
