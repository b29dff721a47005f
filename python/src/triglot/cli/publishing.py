"""`triglot publication ...`: what its commands do."""

from datetime import UTC
from typing import Any

from triglot.cli.documents import print_document
from triglot.cli.ends import one_line
from triglot.cli.printing import aligned, new_console, print_line
from triglot.cli.result import publication_word, references
from triglot.cli.session import explained, find_target
from triglot.risk.publications import read_publications
from triglot.risk.v1.publication_pb2 import PublicationMark, PublicationState


async def list_publications(portfolio_id: str, as_of_date: str, final: bool, as_json: bool) -> None:
    """Prints what the store knows of publications.

    Args:
        portfolio_id: Of which portfolio; empty: of all.
        as_of_date: Of which day; empty: of all.
        final: Whether only what is final is printed.
        as_json: Whether a document is printed.

    Raises:
        CommandError: If there is no store, or it cannot be read.
    """
    target = find_target()
    store = target.open_store()
    with explained(target):
        marks = await read_publications(store, portfolio_id, as_of_date)
    if final:
        marks = [mark for mark in marks if mark.state == PublicationState.PUBLICATION_STATE_FINAL]
    print_document(as_json, {"store": target.store_url, "publications": [_document(mark) for mark in marks]})
    console = new_console(as_json)
    if not marks:
        console.print(
            f"no {'final ' if final else ''}publication like that in {target.store_url}", markup=False
        )
        return
    for line in aligned([("portfolio", "as of", "state", "since", "report", "reason"), *map(_row, marks)]):
        print_line(console, line)


def _row(mark: PublicationMark) -> tuple[str, ...]:
    publication = mark.publication
    since = f"{mark.marked_at.ToDatetime(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return (
        publication.portfolio_id,
        publication.as_of_date,
        publication_word(mark.state) or "",
        since,
        publication.report_id,
        one_line(mark.reason),
    )


def _document(mark: PublicationMark) -> dict[str, Any]:
    publication = mark.publication
    return {
        "portfolio_id": publication.portfolio_id,
        "as_of_date": publication.as_of_date,
        "state": publication_word(mark.state),
        "since": mark.marked_at.ToJsonString(),
        "report_id": publication.report_id,
        "reason": mark.reason,
        "files": {name: reference.sha256 for name, reference in references(publication.files).items()},
    }
