"""The publications' marks, in a folder of their own for each test."""

import asyncio
import hashlib
import itertools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.protobuf import json_format
from temporalio.exceptions import ApplicationError

from fake_s3 import ACCESS_KEY, SECRET_KEY, running_fake
from triglot.risk.publications import Publications, needed_digests, read_publications
from triglot.risk.v1.measures_pb2 import ReportFiles
from triglot.risk.v1.publication_pb2 import (
    PromoteReportRequest,
    Publication,
    PublicationMark,
    PublicationState,
    PublishReportRequest,
    WithdrawReportRequest,
)
from triglot.store import ObjectCorrupt, Store, StoreUnavailable
from triglot.store.v1.object_pb2 import ObjectRef

PROVISIONAL = PublicationState.PUBLICATION_STATE_PROVISIONAL
FINAL = PublicationState.PUBLICATION_STATE_FINAL
WITHDRAWN = PublicationState.PUBLICATION_STATE_WITHDRAWN
START = datetime(2026, 1, 9, 6, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.from_url(tmp_path.as_uri())


@pytest.fixture
def publications(store: Store) -> Publications:
    minutes = itertools.count()
    return Publications(store, lambda: START + timedelta(minutes=next(minutes)))


def publication(
    report_id: str = "risk-report/pair/1", portfolio_id: str = "pair", as_of: str = "2026-01-08"
) -> Publication:
    digests = [hashlib.sha256(f"{report_id} {kind}".encode()).hexdigest() for kind in ("json", "html", "png")]
    json_file, html, chart = (
        ObjectRef(sha256=digest, size_bytes=1, media_type="text/plain") for digest in digests
    )
    return Publication(
        report_id=report_id,
        portfolio_id=portfolio_id,
        as_of_date=as_of,
        files=ReportFiles(json=json_file, html=html, chart=chart),
    )


def digests(report: Publication) -> set[str]:
    return {report.files.json.sha256, report.files.html.sha256, report.files.chart.sha256}


async def publish(publications: Publications, report: Publication) -> PublicationState:
    return (await publications.publish_report(PublishReportRequest(publication=report))).state


async def promote(publications: Publications, report: Publication, reason: str = "fine") -> PublicationState:
    request = PromoteReportRequest(publication=report, reason=reason)
    return (await publications.promote_report(request)).state


async def withdraw(publications: Publications, report: Publication, reason: str = "no") -> PublicationState:
    request = WithdrawReportRequest(publication=report, reason=reason)
    return (await publications.withdraw_report(request)).state


async def only_mark(store: Store) -> PublicationMark:
    (mark,) = await read_publications(store)
    return mark


def marks(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.json"))


async def test_a_mark_says_what_was_published_and_when(
    store: Store, publications: Publications, tmp_path: Path
) -> None:
    report = publication()

    assert await publish(publications, report) == PROVISIONAL

    name = hashlib.sha256(report.report_id.encode()).hexdigest()
    path = tmp_path / "publications/pair/2026-01-08" / name / "1-provisional.json"
    stored = json.loads(path.read_text())
    assert stored == {
        "publication": json_format.MessageToDict(report),
        "state": "PUBLICATION_STATE_PROVISIONAL",
        "markedAt": "2026-01-09T06:00:00Z",
    }
    assert json_format.MessageToDict(await only_mark(store)) == stored


async def test_each_step_moves_the_report_on(
    store: Store, publications: Publications, tmp_path: Path
) -> None:
    report = publication()

    assert await publish(publications, report) == PROVISIONAL
    assert await promote(publications, report, "approved by risk-officer") == FINAL
    final = await only_mark(store)
    assert (final.state, final.reason) == (FINAL, "approved by risk-officer")
    assert await withdraw(publications, report, "the prices were wrong") == WITHDRAWN
    last = await only_mark(store)
    assert (last.state, last.reason) == (WITHDRAWN, "the prices were wrong")
    assert last.publication == report
    assert marks(tmp_path) == ["1-provisional.json", "2-final.json", "3-withdrawn.json"]


@pytest.mark.parametrize("step", [publish, promote, withdraw])
async def test_a_repeated_step_changes_nothing(
    store: Store, publications: Publications, tmp_path: Path, step: type
) -> None:
    state = await step(publications, publication())
    (path,) = tmp_path.rglob("*.json")
    first = path.read_bytes(), path.stat().st_mtime_ns

    assert await step(publications, publication()) == state

    assert (path.read_bytes(), path.stat().st_mtime_ns) == first
    assert (await only_mark(store)).marked_at.ToDatetime(UTC) == START


async def test_a_report_that_was_never_published_can_be_withdrawn(
    store: Store, publications: Publications
) -> None:
    assert await withdraw(publications, publication()) == WITHDRAWN
    # An attempt to publish that comes too late.
    assert await publish(publications, publication()) == WITHDRAWN
    assert (await only_mark(store)).state == WITHDRAWN


async def test_a_withdrawn_report_is_not_promoted(store: Store, publications: Publications) -> None:
    await publish(publications, publication())
    await withdraw(publications, publication())

    with pytest.raises(
        ApplicationError, match=r"^ReportWithdrawn: report risk-report/pair/1 has been"
    ) as caught:
        await promote(publications, publication())

    assert caught.value.type == "ReportWithdrawn"
    assert (await only_mark(store)).state == WITHDRAWN


async def test_a_late_attempt_to_publish_leaves_a_report_final(
    store: Store, publications: Publications
) -> None:
    await promote(publications, publication())

    assert await publish(publications, publication()) == FINAL
    assert (await only_mark(store)).state == FINAL


async def outcome(step: type, publications: Publications) -> PublicationState:
    try:
        return await step(publications, publication())
    except ApplicationError as error:
        if (step, error.type) != (promote, "ReportWithdrawn"):
            raise
        return WITHDRAWN


@pytest.mark.parametrize("order", list(itertools.permutations([publish, promote, withdraw, withdraw])))
async def test_the_order_of_arrival_does_not_matter(
    store: Store, publications: Publications, order: tuple[type, ...]
) -> None:
    states = [await outcome(step, publications) for step in order]

    assert states == sorted(states)
    assert states[-1] == (await only_mark(store)).state == WITHDRAWN


async def test_steps_at_once_end_withdrawn_and_are_told_so(store: Store, tmp_path: Path) -> None:
    ours = Publications(store)
    for _ in range(20):
        steps = [publish, promote, withdraw, withdraw, promote, publish]
        states = await asyncio.gather(*(outcome(step, ours) for step in steps))
        assert {states[2], states[3]} == {WITHDRAWN}
        assert (await only_mark(store)).state == WITHDRAWN
        for path in tmp_path.rglob("*.json"):
            path.unlink()


class Overtaken(Store):
    """A store in which a withdrawal comes right before the next mark."""

    async def put_named(self, name: str, content: bytes) -> bool:
        await withdraw(Publications(Store(self._objects, self._location)), publication(), "overtaken")
        return await super().put_named(name, content)


async def test_a_promotion_that_is_overtaken_by_a_withdrawal_fails(tmp_path: Path) -> None:
    store = Overtaken.from_url(tmp_path.as_uri())
    publications = Publications(store)

    with pytest.raises(ApplicationError, match="has been withdrawn"):
        await promote(publications, publication())

    assert marks(tmp_path) == ["2-final.json", "3-withdrawn.json"]
    assert (await only_mark(store)).state == WITHDRAWN


async def test_of_two_withdrawals_at_once_one_reason_stays(tmp_path: Path) -> None:
    store = Overtaken.from_url(tmp_path.as_uri())

    assert await withdraw(Publications(store), publication(), "too late") == WITHDRAWN

    assert marks(tmp_path) == ["3-withdrawn.json"]
    assert (await only_mark(store)).reason == "overtaken"


async def test_reports_are_found_by_portfolio_and_day(store: Store, publications: Publications) -> None:
    places = [("pair", "2026-01-08"), ("pair", "2026-01-07"), ("other", "2026-01-08")]
    reports = [publication(f"risk-report/{day}/{number}", *day) for day in places for number in range(2)]
    for report in reports:
        await publish(publications, report)
    await promote(publications, reports[0])
    # What lies about besides.
    await store.put_named("publications/pair/2026-01-08/notes.json", b"{}")
    await store.put(b"content", "text/plain")

    async def found(*place: str) -> list[str]:
        return [mark.publication.report_id for mark in await read_publications(store, *place)]

    ids = [report.report_id for report in reports]
    # By time within a day: the first one's mark of being final is the youngest.
    assert await found() == [*ids[4:], *ids[2:4], ids[1], ids[0]]
    assert await found("pair") == [*ids[2:4], ids[1], ids[0]]
    assert await found("pair", "2026-01-07") == ids[2:4]
    assert await found("", "2026-01-08") == [*ids[4:], ids[1], ids[0]]
    assert await found("pai") == []


async def test_what_is_not_withdrawn_is_needed(store: Store, publications: Publications) -> None:
    assert await needed_digests(store) == set()
    provisional, final, withdrawn = (publication(f"risk-report/pair/{number}") for number in range(3))
    for report in (provisional, final, withdrawn):
        await publish(publications, report)
    await promote(publications, final)
    await withdraw(publications, withdrawn)

    assert await needed_digests(store) == digests(provisional) | digests(final)


async def test_a_bucket_keeps_marks_as_a_folder_does() -> None:
    with running_fake() as fake:
        credentials = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
        store = Store.from_url(fake.url, environment=credentials)
        publications = Publications(store)
        states = await asyncio.gather(*(publish(publications, publication()) for _ in range(5)))
        assert states == [PROVISIONAL] * 5
        assert await promote(publications, publication()) == FINAL
        assert await needed_digests(store) == digests(publication())
        assert await withdraw(publications, publication()) == WITHDRAWN

        assert [name.rpartition("/")[2] for name in fake.objects] == [
            "1-provisional.json",
            "2-final.json",
            "3-withdrawn.json",
        ]
        assert (await only_mark(store)).state == WITHDRAWN


async def test_a_mark_that_collides_with_another_writers_is_not_taken_for_set() -> None:
    with running_fake() as fake:
        credentials = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
        publications = Publications(Store.from_url(fake.url, environment=credentials))
        fake.writers_collide = True
        for step in (publish, promote, withdraw):
            with pytest.raises(StoreUnavailable):
                await step(publications, publication())
        fake.writers_collide = False

        assert await promote(publications, publication()) == FINAL


class Forgetful(Store):
    """A store that says of every mark that it is there."""

    async def put_named(self, name: str, content: bytes) -> bool:
        return False


async def test_a_mark_that_is_not_there_afterwards_is_worth_another_attempt(tmp_path: Path) -> None:
    publications = Publications(Forgetful.from_url(tmp_path.as_uri()))

    for step, mark in ((publish, "1-provisional"), (promote, "2-final"), (withdraw, "3-withdrawn")):
        with pytest.raises(
            StoreUnavailable, match=rf"^the mark {mark}\.json of report risk-report/pair/1 is not"
        ):
            await step(publications, publication())


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"state": "NO_SUCH_STATE"}', "\xff"])
async def test_a_mark_that_cannot_be_read_is_named(
    store: Store, publications: Publications, tmp_path: Path, content: str
) -> None:
    await publish(publications, publication())
    (path,) = tmp_path.rglob("*.json")
    path.write_text(content, "latin-1")

    # Else what it refers to would pass for garbage.
    for call in (read_publications, needed_digests):
        with pytest.raises(ObjectCorrupt, match=r"^object publications/pair/\S+/1-provisional.json is no "):
            await call(store)


async def test_a_mark_in_anothers_place_does_not_count(
    store: Store, publications: Publications, tmp_path: Path
) -> None:
    await publish(publications, publication())
    (path,) = tmp_path.rglob("*.json")
    path.rename(path.with_name("2-final.json"))

    with pytest.raises(ObjectCorrupt, match=r"2-final.json is the mark of another report or state$"):
        await read_publications(store)


async def test_a_store_that_is_away_is_worth_another_attempt(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    publications = Publications(Store.from_url(folder.as_uri()))
    folder.rmdir()
    folder.write_text("no folder")

    for step in (publish, promote, withdraw):
        with pytest.raises(StoreUnavailable):
            await step(publications, publication())


async def test_another_report_under_the_same_id_is_refused_and_changes_nothing(
    store: Store, publications: Publications
) -> None:
    before = publication()
    await publish(publications, before)
    await promote(publications, before)
    other = publication("risk-report/pair/2")
    other.report_id = before.report_id

    for step in (publish, promote, withdraw):
        with pytest.raises(ApplicationError, match="an id is for one report") as refusal:
            await step(publications, other)
        assert refusal.value.type == "AlreadyPublished"

    mark = await only_mark(store)
    assert (mark.publication, mark.state) == (before, FINAL)


async def test_the_same_report_with_another_page_is_the_same(publications: Publications) -> None:
    before = publication()
    await publish(publications, before)
    again = publication()
    # After a reset: the page says who computed what, and in what time.
    again.files.html.sha256 = "0" * 64

    assert await promote(publications, again) == FINAL
