import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import obstore
import pytest
from obstore.store import S3Store

from fake_s3 import ACCESS_KEY, SECRET_KEY, running_fake
from triglot.store import ObjectCorrupt, ObjectNotFound, Store, StoreUnavailable, s3
from triglot.store.location import BucketLocation, parse_location
from triglot.store.store import reference_to
from triglot.store.v1.object_pb2 import ObjectRef

STORAGE = os.environ.get("TRIGLOT_TEST_S3_URL", "")


@pytest.fixture(params=["fake", *(["storage"] if STORAGE else [])])
def bucket_url(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket: the fake's, and that of a storage where one is named."""
    if request.param == "storage":
        yield STORAGE
        return
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    with running_fake() as fake:
        yield fake.url


@pytest.fixture
def url(bucket_url: str) -> str:
    """A prefix of the test's own."""
    base, separator, query = bucket_url.partition("?")
    return f"{base.rstrip('/')}/{uuid.uuid4().hex}{separator}{query}"


@pytest.fixture
def bucket(url: str) -> S3Store:
    """The storage itself, behind the store's back."""
    location = parse_location(url)
    assert isinstance(location, BucketLocation)
    return s3.open_bucket(location)


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    store = Store.from_url(url)
    yield store
    for stored in await store.list():
        await store.delete(stored.sha256)


def key_of(reference: ObjectRef) -> str:
    return f"sha256/{reference.sha256[:2]}/{reference.sha256}"


@pytest.mark.parametrize("content", [b"", b"content", bytes(range(256)) * 80_000])
async def test_an_object_lies_under_its_digest(store: Store, bucket: S3Store, content: bytes) -> None:
    reference = await store.put(content, "text/plain")

    stored = await obstore.get_async(bucket, key_of(reference))
    assert bytes(await stored.bytes_async()) == content
    assert await store.put(content, "text/plain") == reference
    assert await store.get(reference) == content


async def test_an_object_that_is_there_is_not_rewritten(store: Store, bucket: S3Store) -> None:
    reference = await store.put(b"content", "text/plain")
    # A rewrite would show: it would mend the object.
    await obstore.put_async(bucket, key_of(reference), b"changed")

    assert await store.put(b"content", "text/plain") == reference

    with pytest.raises(ObjectCorrupt, match=f"{reference.sha256} of 7 bytes reads as 7 bytes of SHA-256 "):
        await store.get(reference)


async def test_many_writers_leave_one_whole_object(store: Store) -> None:
    content = bytes(300_000)
    references = await asyncio.gather(*(store.put(content, "application/octet-stream") for _ in range(20)))

    assert [stored.sha256 for stored in await store.list()] == [references[0].sha256]
    assert await store.get(references[0]) == content


async def test_a_missing_object_is_not_found(store: Store) -> None:
    with pytest.raises(ObjectNotFound, match="the store has no object 00ff"):
        await store.get(ObjectRef(sha256="00ff" * 16, size_bytes=1, media_type="text/plain"))
    with pytest.raises(ObjectNotFound, match="the store has no object 00ff"):
        await store.delete("00ff" * 16)


async def test_the_list_has_the_objects_and_nothing_else(store: Store, bucket: S3Store) -> None:
    references = [await store.put(str(number).encode(), "text/plain") for number in range(30)]
    await obstore.put_async(bucket, "sha256/no-object", b"")

    listed = await store.list()

    assert [stored.sha256 for stored in listed] == sorted(reference.sha256 for reference in references)
    assert all(abs(stored.modified.timestamp() - time.time()) < 60 for stored in listed)
    prefix = references[0].sha256[:3]
    assert [stored.sha256 for stored in await store.list(prefix)] == sorted(
        reference.sha256 for reference in references if reference.sha256.startswith(prefix)
    )
    await obstore.delete_async(bucket, "sha256/no-object")


async def test_a_deleted_object_is_gone(store: Store) -> None:
    reference = await store.put(b"content", "text/plain")

    await store.delete(reference.sha256)

    assert await store.list() == []
    with pytest.raises(ObjectNotFound):
        await store.get(reference)


async def test_a_name_keeps_the_content_of_one_writer(store: Store, bucket: S3Store) -> None:
    contents = [bytes([number]) * 1_000 for number in range(20)]
    won = await asyncio.gather(*(store.put_named("places/1", content) for content in contents))
    assert not await store.put_named("places/1", b"late")

    assert [content for content, first in zip(contents, won, strict=True) if first] == [
        await store.get_named("places/1")
    ]
    await obstore.delete_async(bucket, "places/1")


async def test_names_are_listed_by_folder(store: Store, bucket: S3Store) -> None:
    assert await store.list_named("places") == []
    names = [f"places/{letter}/{number}" for letter in "ab" for number in range(10, 25)]
    for name in [*names, "placesless/1"]:
        await store.put_named(name, b"")

    assert await store.list_named("places") == names
    assert await store.list_named("places/b") == names[15:]
    assert await store.list() == []
    await obstore.delete_async(bucket, [*names, "placesless/1"])


async def test_writers_in_each_others_way_have_written_nothing_until_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    with running_fake() as fake:
        store = Store.from_url(fake.url)
        fake.writers_collide = True
        for write in (store.put(b"content", "text/plain"), store.put_named("places/1", b"content")):
            with pytest.raises(
                StoreUnavailable, match=r"cannot be used: it answers ConditionalRequestConflict$"
            ):
                await write
        assert fake.objects == {}

        fake.writers_collide = False
        assert await store.put_named("places/1", b"content")
        fake.writers_collide = True
        assert not await store.put_named("places/1", b"late")


async def test_a_missing_name_is_not_found(store: Store) -> None:
    with pytest.raises(ObjectNotFound, match=r"^the store has no object places/1$"):
        await store.get_named("places/1")


async def test_a_missing_bucket_is_named(bucket_url: str) -> None:
    location = parse_location(bucket_url)
    assert isinstance(location, BucketLocation)
    store = Store.from_url(bucket_url.replace(location.bucket, "no-such-bucket", 1), create=False)

    for call in (
        store.put(b"content", "text/plain"),
        store.get(ObjectRef(sha256="00ff" * 16, size_bytes=1, media_type="text/plain")),
        store.list(),
    ):
        with pytest.raises(
            StoreUnavailable,
            match=r"^the object store s3://no-such-bucket\S* at \S+ cannot be used: there is no such bucket$",
        ):
            await call


async def test_a_refusal_tells_no_more_than_its_code(
    bucket_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    with pytest.raises(StoreUnavailable, match=r"cannot be used: it answers 403 Forbidden$"):
        await Store.from_url(bucket_url).put(b"content", "text/plain")
    with pytest.raises(StoreUnavailable, match=r"cannot be used: it answers SignatureDoesNotMatch$"):
        await Store.from_url(bucket_url).list()


async def answer(code: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    body = b"" if head.startswith(b"HEAD ") else b"<Error><Code>%s</Code></Error>" % code
    writer.write(
        b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )
    await writer.drain()
    writer.close()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials, and what else the SDK would listen to."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of the process")
    for name in ("AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")


@asynccontextmanager
async def store_that_answers(code: bytes) -> AsyncIterator[Store]:
    """A store whose storage says 404 and the code to everything."""
    server = await asyncio.start_server(partial(answer, code), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield Store.from_url(f"s3://triglot?endpoint=http://127.0.0.1:{port}")


MISSING = ObjectRef(sha256="00ff" * 16, size_bytes=1, media_type="text/plain")


@pytest.mark.usefixtures("environment")
async def test_the_setting_decides_whatever_else_the_environment_names() -> None:
    async with store_that_answers(b"NoSuchKey") as store:
        with pytest.raises(ObjectNotFound):
            await store.get(MISSING)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(("token", "sent"), [({"AWS_SESSION_TOKEN": "given"}, b"given"), ({}, None)])
async def test_credentials_are_those_of_the_given_environment(
    token: dict[str, str], sent: bytes | None
) -> None:
    seen: dict[bytes, bytes] = {}

    async def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in (await reader.readuntil(b"\r\n\r\n")).splitlines():
            name, _, value = line.partition(b": ")
            seen[name.lower()] = value
        writer.write(b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(look, "127.0.0.1", 0) as server:
        url = f"s3://triglot?endpoint=http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        given = {"AWS_ACCESS_KEY_ID": "mine", "AWS_SECRET_ACCESS_KEY": "hidden", **token}
        with pytest.raises(StoreUnavailable, match="403 Forbidden"):
            await Store.from_url(url, environment=given).get(MISSING)

    assert b"Credential=mine/" in seen[b"authorization"]
    assert seen.get(b"x-amz-security-token") == sent


@pytest.mark.usefixtures("environment")
async def test_not_everything_that_is_not_found_is_an_object() -> None:
    # As versitygw answers to an access key that it does not know.
    async with store_that_answers(b"XAdminUserNotFound") as store:
        for call in (store.get(MISSING), store.put(b"content", "text/plain")):
            with pytest.raises(StoreUnavailable, match=r"cannot be used: it answers XAdminUserNotFound$"):
                await call


@pytest.mark.usefixtures("environment")
async def test_a_store_that_is_away_soon_says_so() -> None:
    store = Store.from_url("s3://triglot/a?endpoint=http://127.0.0.1:1")

    async with asyncio.timeout(10):
        for call in (store.put(b"content", "text/plain"), store.list(), store.delete("00ff" * 16)):
            with pytest.raises(StoreUnavailable) as caught:
                await call
            assert str(caught.value) == (
                "the object store s3://triglot/a at http://127.0.0.1:1 cannot be used: Connection refused"
            )


@pytest.mark.parametrize("missing", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_a_bucket_needs_credentials(missing: str) -> None:
    location = BucketLocation("triglot", "", None, "us-east-1")
    environment = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "hidden", missing: ""}

    with pytest.raises(ValueError, match="needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        s3.open_bucket(location, environment)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(("pause", "comes"), [(0.2, True), (60, False)])
async def test_a_body_may_be_slow_and_not_stall(pause: float, comes: bool) -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\nETag: "1"\r\n'
            b"Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n"
        )
        for _ in range(8):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(pause)
        writer.close()

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    location = parse_location(f"s3://triglot?endpoint=http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert isinstance(location, BucketLocation)
    store = Store(s3.open_bucket(location, silence=timedelta(seconds=1)), location)
    content = b"x" * 8
    try:
        async with asyncio.timeout(20):
            if comes:
                assert await store.get(reference_to(content, "text/plain")) == content
            else:
                with pytest.raises(StoreUnavailable):
                    await store.get(reference_to(content, "text/plain"))
    finally:
        server.close()


async def test_a_bucket_of_aws_is_not_looked_for_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(1))
        writer.close()

    async with await asyncio.start_server(note, "127.0.0.1", 0) as server:
        # Not http, which is refused where it is not the setting's.
        address = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for name in ("AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
            monkeypatch.setenv(name, address)
        environment = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "hidden"}
        # No name of such a region is known.
        with pytest.raises(StoreUnavailable):
            await Store.from_url("s3://triglot?region=region-7", environment=environment).get(MISSING)

    assert asked == []
