"""Which reports may be used: marks in the store, of which the furthest one counts.

The marks of a report are objects of its own folder, `publications/<portfolio>/<as-of date>/<SHA-256 of the
report's id>`. None is ever changed or deleted, so whatever the order in which attempts arrive, and however
often, the report ends up in the same state.
"""

import asyncio
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from google.protobuf import json_format
from temporalio.exceptions import ApplicationError

from triglot.contract import runtime
from triglot.contract.errors import ALREADY_PUBLISHED, REPORT_WITHDRAWN
from triglot.risk.v1.publication_pb2 import (
    PromoteReportRequest,
    PromoteReportResponse,
    Publication,
    PublicationMark,
    PublicationState,
    PublishReportRequest,
    PublishReportResponse,
    WithdrawReportRequest,
    WithdrawReportResponse,
)
from triglot.store import ObjectCorrupt, Store, StoreUnavailable

_ROOT = "publications"
_MARKS = {
    PublicationState.PUBLICATION_STATE_PROVISIONAL: "1-provisional.json",
    PublicationState.PUBLICATION_STATE_FINAL: "2-final.json",
    PublicationState.PUBLICATION_STATE_WITHDRAWN: "3-withdrawn.json",
}
_STATES = {name: state for state, name in _MARKS.items()}
_KEY = re.compile(rf"{_ROOT}/([^/]+)/([^/]+)/[0-9a-f]{{64}}/({'|'.join(map(re.escape, _STATES))})")
_MAX_FETCHES = 8


def _now() -> datetime:
    return datetime.now(UTC)


class Publications:
    """Implements `PublicationServiceActivities`."""

    def __init__(self, store: Store, now: Callable[[], datetime] = _now) -> None:
        self._store = store
        self._now = now

    async def publish_report(self, request: PublishReportRequest, /) -> PublishReportResponse:
        """Marks a report as provisional, unless it has come further.

        Raises:
            ApplicationError: If another report was published under its id, by what `report.json` says; of
                type `AlreadyPublished`, which the contract does not retry. So do the other steps.
            StoreUnavailable: If the store cannot be used.
        """
        return PublishReportResponse(
            state=await self._advance(request.publication, PublicationState.PUBLICATION_STATE_PROVISIONAL)
        )

    async def promote_report(self, request: PromoteReportRequest, /) -> PromoteReportResponse:
        """Marks a report as final.

        Raises:
            ApplicationError: If it has been withdrawn; of type `ReportWithdrawn`, which the contract does not
                retry.
            StoreUnavailable: If the store cannot be used.
        """
        state = await self._advance(
            request.publication, PublicationState.PUBLICATION_STATE_FINAL, request.reason
        )
        if state == PublicationState.PUBLICATION_STATE_WITHDRAWN:
            raise ApplicationError(
                f"report {request.publication.report_id} has been withdrawn", type=REPORT_WITHDRAWN
            )
        return PromoteReportResponse(state=state)

    async def withdraw_report(self, request: WithdrawReportRequest, /) -> WithdrawReportResponse:
        """Marks a report as withdrawn, whatever state it was in.

        Raises:
            StoreUnavailable: If the store cannot be used.
        """
        return WithdrawReportResponse(
            state=await self._advance(
                request.publication, PublicationState.PUBLICATION_STATE_WITHDRAWN, request.reason
            )
        )

    async def _advance(
        self, publication: Publication, to: PublicationState, reason: str = ""
    ) -> PublicationState:
        """Sets a mark, unless the report has come as far, and returns the state it is in then.

        Raises:
            StoreUnavailable: If the store cannot be used, or the mark is not there although it was taken.
        """
        await self._require_same(publication)
        state = await self._state(publication)
        if state >= to:
            return state
        mark = PublicationMark(publication=publication, state=to, reason=reason)
        mark.marked_at.FromDatetime(self._now())
        await self._store.put_named(f"{_folder(publication)}/{_MARKS[to]}", _encode(mark))
        # Asked again: while this mark was being set, somebody else may have set a further one.
        state = await self._state(publication)
        if state < to:
            raise StoreUnavailable(
                f"the mark {_MARKS[to]} of report {publication.report_id} is not in the store"
            )
        return state

    async def _require_same(self, publication: Publication) -> None:
        # The server forgets a report when its retention is over, and lets its id be used again.
        for name in (await self._store.list_named(_folder(publication)))[:1]:
            before = _decode(name, await self._store.get_named(name)).publication
            if before.files.json.sha256 != publication.files.json.sha256:
                raise ApplicationError(
                    f"another report was published under the id {publication.report_id} before; an id is for "
                    "one report",
                    type=ALREADY_PUBLISHED,
                )

    async def _state(self, publication: Publication) -> PublicationState:
        names = await self._store.list_named(_folder(publication))
        return max(
            (_STATES[match[3]] for match in map(_KEY.fullmatch, names) if match),
            default=PublicationState.PUBLICATION_STATE_UNSPECIFIED,
        )


async def read_publications(
    store: Store, portfolio_id: str = "", as_of_date: str = ""
) -> Sequence[PublicationMark]:
    """Returns the mark that counts of each publication, by portfolio, as-of date and time.

    Args:
        store: Where the marks are.
        portfolio_id: Of which portfolio; empty: of all.
        as_of_date: Of which day; empty: of all.

    Raises:
        ObjectCorrupt: If a mark cannot be read.
        StoreUnavailable: If the store cannot be used.
    """
    furthest: dict[str, str] = {}
    for name in await store.list_named(_ROOT):  # in their order, which is that of the states
        match = _KEY.fullmatch(name)
        if match and portfolio_id in ("", match[1]) and as_of_date in ("", match[2]):
            furthest[name.rpartition("/")[0]] = name
    marks = await _read_marks(store, furthest.values())
    return sorted(marks, key=_place)


async def needed_digests(store: Store) -> set[str]:
    """Returns the digests that publications refer to which have not been withdrawn.

    Raises:
        ObjectCorrupt: If a mark cannot be read.
        StoreUnavailable: If the store cannot be used.
    """
    return {
        reference.sha256
        for mark in await read_publications(store)
        if mark.state != PublicationState.PUBLICATION_STATE_WITHDRAWN
        for reference in (
            mark.publication.files.json,
            mark.publication.files.html,
            mark.publication.files.chart,
        )
    }


async def _read_marks(store: Store, names: Iterable[str]) -> list[PublicationMark]:
    slots = asyncio.Semaphore(_MAX_FETCHES)

    async def read(name: str) -> PublicationMark:
        async with slots:
            return _decode(name, await store.get_named(name))

    return await asyncio.gather(*map(read, names))


def _folder(publication: Publication) -> str:
    # A digest, since an id may hold anything and be longer than a file's name.
    report = hashlib.sha256(publication.report_id.encode()).hexdigest()
    return f"{_ROOT}/{publication.portfolio_id}/{publication.as_of_date}/{report}"


def _encode(mark: PublicationMark) -> bytes:
    # As JSON, for those who look into the store with other tools.
    return json_format.MessageToJson(mark).encode() + b"\n"


def _decode(name: str, content: bytes) -> PublicationMark:
    try:
        mark = json_format.Parse(content, PublicationMark(), ignore_unknown_fields=True)
        runtime.check(mark)
    except (json_format.ParseError, UnicodeDecodeError, runtime.InvalidArgumentError) as error:
        raise ObjectCorrupt(f"object {name} is no triglot.risk.v1.PublicationMark") from error
    folder, _, file = name.rpartition("/")
    if (_folder(mark.publication), mark.state) != (folder, _STATES[file]):
        raise ObjectCorrupt(f"object {name} is the mark of another report or state")
    return mark


def _place(mark: PublicationMark) -> tuple[str, str, int, str]:
    publication = mark.publication
    return (
        publication.portfolio_id,
        publication.as_of_date,
        mark.marked_at.ToNanoseconds(),
        publication.report_id,
    )
