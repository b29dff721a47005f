"""`triglot store ...`: what its commands do."""

import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from triglot.cli.collection import needed_digests, unneeded
from triglot.cli.documents import print_document, utc_text
from triglot.cli.ends import BAD_INPUT, FAILED, NOT_FOUND, CommandError, os_sentence
from triglot.cli.printing import aligned, new_console, print_line
from triglot.cli.session import explained, find_target, open_session
from triglot.risk.wording import format_count
from triglot.store import ObjectNotFound, Store, StoredObject
from triglot.store.store import RENEWED_AFTER
from triglot.store.v1.object_pb2 import ObjectRef

_SHORTEST_PREFIX = 8

_YOUNGEST = 2 * RENEWED_AFTER
"""The least age of what may go.

What was just stored again may be one `RENEWED_AFTER` old; the other is left for the message that refers to
it, which comes when its activity ends.
"""


async def list_objects(as_json: bool) -> None:
    """Prints what is in the store, the newest first."""
    target = find_target()
    store = target.open_store()
    with explained(target):
        objects = sorted(await store.list(), key=lambda one: one.modified, reverse=True)
    print_document(as_json, {"store": target.store_url, "objects": [_document(one) for one in objects]})
    console = new_console(as_json)
    rows = [
        (stored.sha256, f"{stored.size_bytes:,}", f"{stored.modified:%Y-%m-%d %H:%M:%S} UTC")
        for stored in objects
    ]
    for line in aligned([("object", "bytes", "written"), *rows], right=(1,)):
        print_line(console, line)
    console.print(f"{_sum(objects)} in {target.store_url}", markup=False)


async def get(digest: str, output: Path | None, as_json: bool) -> None:
    """Writes an object's content to a file or to standard output.

    Raises:
        CommandError: If the digest is none, or is the beginning of none or several; or if the file cannot be
            written.
    """
    if as_json and output is None:
        raise CommandError("--json needs --output, since both would write to standard output", BAD_INPUT)
    prefix = digest.lower()
    if not re.fullmatch(rf"[0-9a-f]{{{_SHORTEST_PREFIX},64}}", prefix):
        raise CommandError(
            f"{digest} is no digest: say {_SHORTEST_PREFIX} to 64 hexadecimal digits", BAD_INPUT
        )
    if output is not None and not output.absolute().parent.is_dir():
        raise CommandError(f"--output {output}: there is no folder {output.parent}", BAD_INPUT)
    target = find_target()
    store = target.open_store()
    with explained(target):
        stored = _only(await store.list(prefix), prefix, target.store_url)
        content = await store.get(ObjectRef(sha256=stored.sha256, size_bytes=stored.size_bytes))
    if output is None:
        sys.stdout.buffer.write(content)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise CommandError(f"cannot write {os_sentence(error)}", FAILED) from error
    print_document(as_json, {**_document(stored), "output": str(output)})


async def collect(older_than: timedelta, dry_run: bool, verbose: bool, as_json: bool) -> None:
    """Deletes what is old and what neither a publication nor a workflow that the server knows refers to.

    Args:
        older_than: The age, two hours at least.
        dry_run: Whether nothing is deleted.
        verbose: Whether each object is named.
        as_json: Whether a document is printed, which always names them.

    Raises:
        CommandError: If the age is less, or there is no server to ask.
    """
    if older_than < _YOUNGEST:
        hours = _YOUNGEST // timedelta(hours=1)
        raise CommandError(
            f"--older-than must be at least {hours}h: running reports may need what is younger", BAD_INPUT
        )
    before = datetime.now(UTC) - older_than
    target = find_target()
    store = target.open_store()
    async with open_session(target) as session:
        # First the objects, since what they are needed for comes after them.
        objects = await store.list()
        garbage = unneeded(objects, await needed_digests(session.client, store), before)
        if not dry_run:
            garbage = await delete_old(store, garbage, before)
        namespace = session.client.namespace
    document = {
        "server": target.address,
        "namespace": namespace,
        "store": target.store_url,
        "dry_run": dry_run,
        "kept": len(objects) - len(garbage),
        "deleted": [_document(stored) for stored in garbage],
    }
    print_document(as_json, document)
    console = new_console(as_json)
    verb = "would delete" if dry_run else "deleted"
    for stored in garbage if verbose else ():
        console.print(f"{verb} {stored.sha256}")
    console.print(
        f"{verb} {_sum(garbage)} of {len(objects):,} in {target.store_url}; "
        f"its publications and the workflows and schedules of {namespace} at {target.address} were asked",
        markup=False,
    )


async def delete_old(store: Store, garbage: Sequence[StoredObject], before: datetime) -> list[StoredObject]:
    """Deletes objects, and returns those that were not stored again since they were listed.

    Whoever stores one again writes it again, and its message may have come after workflows were asked.

    Args:
        store: The store.
        garbage: The objects as they were listed.
        before: What has been written since this moment stays.

    Raises:
        StoreUnavailable: If the store cannot be used.
    """
    deleted = []
    for stored in garbage:
        with suppress(ObjectNotFound):  # another collection was faster
            if not await store.delete(stored.sha256, before=before):
                continue
        deleted.append(stored)
    return deleted


def _only(found: Sequence[StoredObject], prefix: str, store_url: str | None) -> StoredObject:
    if not found:
        raise CommandError(f"the store at {store_url} has no object {prefix}", NOT_FOUND)
    if len(found) > 1:
        raise CommandError(f"{prefix} is the beginning of {len(found)} objects; say more of it", BAD_INPUT)
    return found[0]


def _document(stored: StoredObject) -> dict[str, Any]:
    return {
        "sha256": stored.sha256,
        "size_bytes": stored.size_bytes,
        "modified": utc_text(stored.modified),
    }


def _sum(objects: Sequence[StoredObject]) -> str:
    return f"{format_count(len(objects), 'object')}, {sum(one.size_bytes for one in objects):,} bytes"
