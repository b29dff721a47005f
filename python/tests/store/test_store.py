import asyncio
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from triglot.risk.v1.simulation_pb2 import ScenarioRange, Shard
from triglot.store import ObjectCorrupt, ObjectNotFound, Store, StoreUnavailable
from triglot.store.v1.object_pb2 import ObjectRef


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.from_url(tmp_path.as_uri())


def path_of(folder: Path, reference: ObjectRef) -> Path:
    return folder / "sha256" / reference.sha256[:2] / reference.sha256


async def test_an_object_lies_under_its_digest(store: Store, tmp_path: Path) -> None:
    reference = await store.put(b"content", "text/plain")

    assert reference == ObjectRef(
        sha256=hashlib.sha256(b"content").hexdigest(), size_bytes=7, media_type="text/plain"
    )
    assert path_of(tmp_path, reference).read_bytes() == b"content"
    assert await store.get(reference) == b"content"


@pytest.mark.parametrize(("megabytes", "in_the_loop"), [(0, True), (8, False)])
async def test_large_content_is_hashed_beside_the_event_loop(
    store: Store, monkeypatch: pytest.MonkeyPatch, megabytes: int, in_the_loop: bool
) -> None:
    threads = []
    sha256 = hashlib.sha256

    def noting(content: bytes) -> object:
        threads.append(threading.get_ident())
        return sha256(content)

    monkeypatch.setattr(hashlib, "sha256", noting)
    content = b"x" + bytes(megabytes << 20)
    reference = await store.put(content, "text/plain")
    assert await store.get(reference) == content
    assert [thread == threading.get_ident() for thread in threads] == [in_the_loop, in_the_loop]


async def test_putting_twice_writes_once(store: Store, tmp_path: Path) -> None:
    first = await store.put(b"content", "text/plain")
    written = path_of(tmp_path, first).stat()

    assert await store.put(b"content", "text/plain") == first
    assert path_of(tmp_path, first).stat() == written


@pytest.mark.parametrize(("minutes", "renewed"), [(50, False), (70, True)])
async def test_an_old_object_is_renewed(store: Store, tmp_path: Path, minutes: int, renewed: bool) -> None:
    path = path_of(tmp_path, await store.put(b"content", "text/plain"))
    written = time.time() - minutes * 60
    os.utime(path, (written, written))

    await store.put(b"content", "text/plain")

    assert (path.stat().st_mtime > time.time() - 60) == renewed


async def test_what_was_stored_again_is_not_deleted_for_its_age(store: Store) -> None:
    reference = await store.put(b"content", "text/plain")

    assert not await store.delete(reference.sha256, before=datetime.now(UTC) - timedelta(hours=2))
    assert await store.get(reference) == b"content"
    assert await store.delete(reference.sha256, before=datetime.now(UTC) + timedelta(hours=1))


async def test_many_writers_leave_one_whole_object(store: Store, tmp_path: Path) -> None:
    content = bytes(300_000)
    references = await asyncio.gather(*(store.put(content, "application/octet-stream") for _ in range(20)))

    assert await store.get(references[0]) == content
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [path_of(tmp_path, references[0])]


async def test_a_missing_object_is_not_found(store: Store) -> None:
    with pytest.raises(ObjectNotFound, match="the store has no object 00ff"):
        await store.get(ObjectRef(sha256="00ff" * 16, size_bytes=1, media_type="text/plain"))


@pytest.mark.parametrize("content", [b"Content", b"conten", b"content and more", b""])
async def test_a_changed_object_is_corrupt(store: Store, tmp_path: Path, content: bytes) -> None:
    reference = await store.put(b"content", "text/plain")
    path_of(tmp_path, reference).write_bytes(content)

    with pytest.raises(ObjectCorrupt, match=f"{reference.sha256} of 7 bytes reads as {len(content)} bytes"):
        await store.get(reference)


async def test_a_message_comes_back(store: Store) -> None:
    reference = await store.put_message(ScenarioRange(first=2**32 - 1, count=1))

    assert reference.media_type == 'application/protobuf; messageType="triglot.risk.v1.ScenarioRange"'
    assert await store.get_message(reference, ScenarioRange) == ScenarioRange(first=2**32 - 1, count=1)


async def test_what_is_no_message_is_corrupt(store: Store) -> None:
    reference = await store.put(b"\xff\xff\xff", "application/protobuf")

    with pytest.raises(ObjectCorrupt, match=r"is no triglot\.risk\.v1\.Shard"):
        await store.get_message(reference, Shard)


async def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "a folder, 100 % ünusual"
    reference = await Store.from_url(folder.as_uri()).put(b"content", "text/plain")

    assert path_of(folder, reference).read_bytes() == b"content"


async def test_the_list_has_the_objects_and_nothing_else(store: Store, tmp_path: Path) -> None:
    assert await store.list() == []
    references = [await store.put(content, "text/plain") for content in (b"one", b"four", b"seven")]
    objects = tmp_path / "sha256"
    (objects / "no-object").write_text("")
    (objects / "ab").mkdir(exist_ok=True)
    (objects / "ab" / ("ab" * 31 + "ab.part")).write_text("")
    (objects / "ab" / ("cd" * 32)).write_text("in another's folder")

    listed = await store.list()

    expected = sorted((reference.sha256, reference.size_bytes) for reference in references)
    assert [(stored.sha256, stored.size_bytes) for stored in listed] == expected
    written = path_of(tmp_path, references[0]).stat().st_mtime
    assert next(
        stored.modified.timestamp() for stored in listed if stored.sha256 == references[0].sha256
    ) == pytest.approx(written, abs=1e-3)


@pytest.mark.parametrize("length", [1, 2, 3, 64])
async def test_the_list_can_be_narrowed(store: Store, length: int) -> None:
    references = [await store.put(str(number).encode(), "text/plain") for number in range(40)]
    prefix = references[0].sha256[:length]

    listed = [stored.sha256 for stored in await store.list(prefix)]

    assert listed == sorted(
        reference.sha256 for reference in references if reference.sha256.startswith(prefix)
    )


async def test_a_deleted_object_is_gone(store: Store) -> None:
    reference, other = [await store.put(content, "text/plain") for content in (b"one", b"other")]

    await store.delete(reference.sha256)

    assert [stored.sha256 for stored in await store.list()] == [other.sha256]
    with pytest.raises(ObjectNotFound):
        await store.get(reference)
    with pytest.raises(ObjectNotFound, match=f"the store has no object {reference.sha256}"):
        await store.delete(reference.sha256)


NAMED = "places/a-b_c.d/1.json"


async def test_a_name_keeps_its_first_content(store: Store, tmp_path: Path) -> None:
    assert await store.put_named(NAMED, b"first")
    written = (tmp_path / NAMED).stat()

    assert not await store.put_named(NAMED, b"second")

    assert await store.get_named(NAMED) == (tmp_path / NAMED).read_bytes() == b"first"
    assert (tmp_path / NAMED).stat() == written


async def test_of_many_writers_of_a_name_one_wins(store: Store, tmp_path: Path) -> None:
    contents = [bytes([number]) * 300_000 for number in range(20)]
    won = await asyncio.gather(*(store.put_named(NAMED, content) for content in contents))

    assert [content for content, first in zip(contents, won, strict=True) if first] == [
        await store.get_named(NAMED)
    ]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / NAMED]


async def test_names_are_listed_by_folder(store: Store) -> None:
    assert await store.list_named("places") == []
    names = ["places/b/2", "places/a/1", "places/a.1", "placesless/1"]
    for name in names:
        await store.put_named(name, b"")
    reference = await store.put(b"content", "text/plain")

    assert await store.list_named("places") == ["places/a.1", "places/a/1", "places/b/2"]
    assert await store.list_named("places/a") == ["places/a/1"]
    assert [stored.sha256 for stored in await store.list()] == [reference.sha256]


async def test_a_missing_name_is_not_found(store: Store) -> None:
    with pytest.raises(ObjectNotFound, match=f"^the store has no object {NAMED}$"):
        await store.get_named(NAMED)


@pytest.mark.parametrize(
    "name", ["", "/a", "a/", "a//b", "a/../b", "a/.b", "..", "a b", "a#1", "sha256", "sha256/ab", "ä"]
)
async def test_what_is_no_name_is_refused(store: Store, tmp_path: Path, name: str) -> None:
    for call in (store.put_named(name, b""), store.get_named(name), store.list_named(name)):
        with pytest.raises(ValueError, match=r" is no name for an object$"):
            await call
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_made_or_refused(tmp_path: Path) -> None:
    missing = tmp_path / "missing"

    with pytest.raises(NotADirectoryError, match=f"there is no folder {missing}"):
        Store.from_url(missing.as_uri(), create=False)
    assert not missing.exists()

    Store.from_url(missing.as_uri())
    assert missing.is_dir()


def as_file(folder: Path) -> None:
    folder.write_text("no folder")


def as_circle(folder: Path) -> None:
    folder.symlink_to(folder)


@pytest.mark.parametrize(
    ("replace", "cause"),
    [(as_file, "Not a directory"), (as_circle, "Too many levels of symbolic links")],
)
async def test_a_folder_that_cannot_be_used_is_named(
    tmp_path: Path, replace: Callable[[Path], None], cause: str
) -> None:
    folder = tmp_path / "a folder"
    store = Store.from_url(folder.as_uri())
    reference = await store.put(b"content", "text/plain")
    shutil.rmtree(folder)
    replace(folder)

    for call in (
        store.put(b"content", "text/plain"),
        store.get(reference),
        store.list(),
        store.list(reference.sha256),
        store.delete(reference.sha256),
        store.put_named(NAMED, b"content"),
        store.get_named(NAMED),
        store.list_named("places"),
    ):
        with pytest.raises(StoreUnavailable) as caught:
            await call
        assert str(caught.value) == f"the object store {folder.as_uri()} cannot be used: {cause}"


async def test_a_folder_that_has_gone_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "mounted" / "store"
    store = Store.from_url(folder.as_uri())
    reference = await store.put(b"content", "text/plain")
    shutil.rmtree(folder.parent)

    with pytest.raises(ObjectNotFound):
        await store.get(reference)
    with pytest.raises(ObjectNotFound):
        await store.delete(reference.sha256)
    assert await store.list() == []
    assert await store.put(b"content", "text/plain") == reference
    assert await store.get(reference) == b"content"


async def test_a_folder_that_cannot_be_made_again_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    store = Store.from_url(folder.as_uri())
    folder.rmdir()
    folder.symlink_to(tmp_path / "nowhere")

    with pytest.raises(StoreUnavailable, match=r"^the object store \S+ cannot be used: File exists$"):
        await store.put(b"content", "text/plain")
