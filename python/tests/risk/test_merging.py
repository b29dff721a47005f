"""Merging shards ahead of the report: exact in two steps as in one, and refused where it would not be."""

from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from triglot.risk import codec, kernel
from triglot.risk.analytics import Analytics
from triglot.risk.kernel import Spec
from triglot.risk.shard import Shard, digest, merge
from triglot.risk.v1 import simulation_pb2
from triglot.risk.v1.analytics_pb2 import MergeShardsRequest, MergeShardsResponse
from triglot.store import ObjectNotFound, Store
from triglot.store.v1.object_pb2 import ObjectRef


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.from_url(tmp_path.as_uri())


async def put(store: Store, shards: list[Shard]) -> list[ObjectRef]:
    return [await store.put_message(codec.shard_to_message(shard)) for shard in shards]


async def get(store: Store, reference: ObjectRef) -> Shard:
    return codec.shard_from_message(await store.get_message(reference, simulation_pb2.Shard))


async def merged_of(store: Store, shards: list[ObjectRef]) -> MergeShardsResponse:
    return await ActivityEnvironment().run(Analytics(store).merge_shards, MergeShardsRequest(shards=shards))


async def test_merging_in_two_steps_changes_no_digest(store: Store, toy: Spec) -> None:
    size, children, shards_each = 20, 4, 25
    merged = []
    for child in range(children):
        first = child * shards_each * size
        shards = [kernel.simulate(toy, first + index * size, size) for index in range(shards_each)]
        response = await merged_of(store, await put(store, shards))
        assert response.scenario_count == shards_each * size
        assert response.provenance.language == "python"
        assert response.provenance.cpu_time.ToNanoseconds() > 0
        merged.append(await get(store, response.shard))

    whole = kernel.simulate(toy, 0, children * shards_each * size)
    assert digest(merge(merged)) == digest(merge(merged[::-1])) == digest(whole)


async def test_a_shard_alone_merges_into_itself(store: Store, toy: Spec) -> None:
    references = await put(store, [kernel.simulate(toy, 0, 1_000)])

    response = await merged_of(store, references)

    assert response.shard == references[0]


async def test_a_shard_that_comes_twice_is_refused(store: Store, toy: Spec) -> None:
    references = await put(store, [kernel.simulate(toy, 0, 1_000)])

    with pytest.raises(ApplicationError, match="shards overlap") as refusal:
        await merged_of(store, references * 2)

    assert (refusal.value.type, refusal.value.non_retryable) == ("InvalidArgument", True)


async def test_a_shard_that_is_missing_may_still_come(store: Store) -> None:
    missing = ObjectRef(sha256="0" * 64, size_bytes=1, media_type="application/protobuf")

    with pytest.raises(ObjectNotFound):
        await merged_of(store, [missing])
