"""`triglot publication` on a store in a folder."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from typer.testing import CliRunner

from triglot.cli.main import app
from triglot.risk.publications import Publications
from triglot.risk.v1.measures_pb2 import ReportFiles
from triglot.risk.v1.publication_pb2 import (
    PromoteReportRequest,
    Publication,
    PublishReportRequest,
    WithdrawReportRequest,
)
from triglot.store import Store
from triglot.store.v1.object_pb2 import ObjectRef

START = datetime(2026, 1, 9, 6, tzinfo=UTC)


def publication(portfolio_id: str, as_of: str) -> Publication:
    files = [ObjectRef(sha256=digit * 64, size_bytes=1, media_type="text/plain") for digit in "abc"]
    return Publication(
        report_id=f"risk-report/{portfolio_id}/{as_of}",
        portfolio_id=portfolio_id,
        as_of_date=as_of,
        files=ReportFiles(json=files[0], html=files[1], chart=files[2]),
    )


async def fill(store: Store) -> None:
    minutes = count()
    publications = Publications(store, lambda: START + timedelta(minutes=next(minutes)))
    reports = [publication("pair", f"2026-01-0{day}") for day in (6, 7, 8)]
    for report in [*reports, publication("other", "2026-01-08")]:
        await publications.publish_report(PublishReportRequest(publication=report))
    await publications.promote_report(PromoteReportRequest(publication=reports[0], reason="it\nfits"))
    await publications.withdraw_report(WithdrawReportRequest(publication=reports[1], reason="rejected"))


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with publications, which the environment names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRIGLOT_STORE_URL", (tmp_path / "store").as_uri())
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(tmp_path / "none.toml"))
    (tmp_path / "none.toml").touch()
    store = Store.from_url((tmp_path / "store").as_uri())
    asyncio.run(fill(store))
    return store


def said(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["publication", "list", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_publications_are_listed_with_what_they_may_be_used_for() -> None:
    assert said().splitlines() == [
        "portfolio  as of       state        since                    report                        reason",
        "other      2026-01-08  provisional  2026-01-09 06:03:00 UTC  risk-report/other/2026-01-08",
        "pair       2026-01-06  final        2026-01-09 06:04:00 UTC  risk-report/pair/2026-01-06   it fits",
        "pair       2026-01-07  withdrawn    2026-01-09 06:05:00 UTC  risk-report/pair/2026-01-07   rejected",
        "pair       2026-01-08  provisional  2026-01-09 06:02:00 UTC  risk-report/pair/2026-01-08",
    ]


@pytest.mark.parametrize(
    ("arguments", "reports"),
    [
        (("--portfolio", "pair"), ["pair/2026-01-06", "pair/2026-01-07", "pair/2026-01-08"]),
        (("--as-of", "2026-01-08"), ["other/2026-01-08", "pair/2026-01-08"]),
        (("--as-of", "2026-01-08", "--portfolio", "pair"), ["pair/2026-01-08"]),
        (("--final",), ["pair/2026-01-06"]),
        (("--final", "--as-of", "2026-01-08"), []),
    ],
    ids=str,
)
def test_some_of_them_are_listed(arguments: tuple[str, ...], reports: list[str]) -> None:
    document = json.loads(said("--json", *arguments))

    listed = [one["report_id"] for one in document["publications"]]
    assert listed == [f"risk-report/{place}" for place in reports]


def test_a_program_gets_all_of_it(tmp_path: Path) -> None:
    assert json.loads(said("--final", "--json")) == {
        "store": (tmp_path / "store").as_uri(),
        "publications": [
            {
                "portfolio_id": "pair",
                "as_of_date": "2026-01-06",
                "state": "final",
                "since": "2026-01-09T06:04:00Z",
                "report_id": "risk-report/pair/2026-01-06",
                "reason": "it\nfits",
                "files": {"report.json": "a" * 64, "report.html": "b" * 64, "chart.png": "c" * 64},
            }
        ],
    }


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "20260108", "2026-W02-4", ""])
def test_what_is_no_day_is_refused(text: str) -> None:
    result = CliRunner().invoke(app, ["publication", "list", "--as-of", text])

    assert result.exit_code == 2
    assert "say a day like 2026-01-31" in result.stderr
