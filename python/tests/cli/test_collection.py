from datetime import UTC, datetime, timedelta

import pytest

from triglot.cli.collection import digests_in, unneeded
from triglot.contract.runtime import data_converter
from triglot.risk.v1.simulation_pb2 import SimulateShardRequest
from triglot.store import StoredObject
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
