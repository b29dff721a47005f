from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from temporalio.api.common.v1 import Memo, Payload, Payloads
from temporalio.api.history.v1 import HistoryEvent, WorkflowExecutionStartedEventAttributes
from temporalio.common import RawValue
from temporalio.converter import DataConverter, ExternalStorage

from triglot.cli.collection import Scan, digests_in, unneeded
from triglot.connection import storing_data_converter
from triglot.contract.runtime import data_converter
from triglot.risk.v1.simulation_pb2 import SimulateShardRequest
from triglot.store import ObjectCorrupt, Store, StoredObject
from triglot.store.payloads import claim_in, external_storage
from triglot.store.v1.object_pb2 import ObjectRef

DIGEST = "0123456789abcdef" * 4
NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("encoding", ["json", "binary"])
async def test_a_reference_is_seen_in_both_encodings(encoding: str) -> None:
    request = SimulateShardRequest(spec=ObjectRef(sha256=DIGEST, size_bytes=0xABCD, media_type="text/plain"))
    converter = data_converter("json" if encoding == "json" else "binary")
    (payload,) = await converter.encode([request])

    assert DIGEST in digests_in(payload.SerializeToString())


def test_digits_around_a_digest_do_not_hide_it() -> None:
    assert DIGEST in digests_in(f"ab{DIGEST}cd".encode())
    assert digests_in(DIGEST[:-1].encode()) == set()
    assert digests_in(DIGEST.upper().encode()) == set()


def test_what_is_young_or_referred_to_is_kept() -> None:
    def stored(digit: str, age: timedelta) -> StoredObject:
        return StoredObject(digit * 64, 1, NOW - age)

    old, young, needed = stored("a", timedelta(2)), stored("b", timedelta(0)), stored("c", timedelta(2))

    before = NOW - timedelta(days=1)
    assert unneeded([old, young, needed], {needed.sha256}, before) == [old]
    assert unneeded([stored("a", timedelta(days=1))], set(), before) == []


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.from_url(tmp_path.as_uri())


async def claim_to(store: Store, payload: Payload) -> tuple[Payload, str]:
    """Stores a payload, however small, and returns the claim to it and its digest."""
    drivers = external_storage(lambda: store, storing=True).drivers
    storage = ExternalStorage(drivers=drivers, payload_size_threshold=0)
    (claim,) = await DataConverter(external_storage=storage).encode([RawValue(payload)])
    return claim, (claim_in(claim) or {})["sha256"]


def started_with(payload: Payload) -> HistoryEvent:
    attributes = WorkflowExecutionStartedEventAttributes(input=Payloads(payloads=[payload]))
    return HistoryEvent(workflow_execution_started_event_attributes=attributes)


def noted(payload: Payload) -> HistoryEvent:
    attributes = WorkflowExecutionStartedEventAttributes(memo=Memo(fields={"note": payload}))
    return HistoryEvent(workflow_execution_started_event_attributes=attributes)


@pytest.mark.parametrize("event", [started_with, noted])
@pytest.mark.parametrize("encoding", ["json", "binary"])
async def test_a_claimed_payload_is_read_for_what_it_refers_to(
    store: Store, encoding: Literal["json", "binary"], event: Callable[[Payload], HistoryEvent]
) -> None:
    converter = storing_data_converter(lambda: store, encoding)
    request = SimulateShardRequest(spec=ObjectRef(sha256=DIGEST, size_bytes=1, media_type="x" * 300_000))
    (claim,) = await converter.encode([request])
    scan = Scan(store)

    await scan.read(event(claim))

    assert scan.found == {(claim_in(claim) or {})["sha256"], DIGEST}


async def test_a_claim_within_a_claimed_payload_is_followed(store: Store) -> None:
    inner, innermost = await claim_to(store, Payload(data=DIGEST.encode()))
    outer, outermost = await claim_to(store, inner)
    scan = Scan(store)

    await scan.read(started_with(outer))

    assert scan.found == {outermost, innermost, DIGEST}


async def test_a_claimed_payload_that_has_gone_keeps_nobody_from_collecting(store: Store) -> None:
    claim, sha256 = await claim_to(store, Payload(data=DIGEST.encode()))
    await store.delete(sha256)
    scan = Scan(store)

    await scan.read(started_with(claim))

    assert scan.found == {sha256}


async def test_a_claimed_payload_that_is_damaged_ends_the_collection(store: Store, tmp_path: Path) -> None:
    claim, sha256 = await claim_to(store, Payload(data=DIGEST.encode()))
    (tmp_path / "sha256" / sha256[:2] / sha256).write_bytes(b"damaged")

    with pytest.raises(ObjectCorrupt):
        await Scan(store).read(started_with(claim))
