"""Tables in docs that tests make: a test compares the table with what it has just seen.

`pytest ... --renew-docs` writes the table instead.
"""

from pathlib import Path

import pytest

_DOCS = Path(__file__).parents[1] / "docs"


def check_table(config: pytest.Config, page: str, name: str, table: str) -> None:
    """Compares the part of a page between the comments `<!-- NAME: ... -->` and `<!-- NAME ends -->`.

    Args:
        config: Says whether to renew the page instead.
        page: A file's name in docs.
        name: What the comments call the part.
        table: What must stand between them, as Markdown.
    """
    path = _DOCS / page
    text = path.read_text()
    before, begin, rest = text.partition(f"<!-- {name}: made by tests, renewed by pytest --renew-docs -->\n")
    found, end, after = rest.partition(f"<!-- {name} ends -->\n")
    assert begin, f"docs/{page} has lost the comment with which {name} begins"
    assert end, f"docs/{page} has lost the comment with which {name} ends"
    if config.getoption("--renew-docs"):
        path.write_text(f"{before}{begin}\n{table.strip()}\n\n{end}{after}")
    else:
        assert found.strip() == table.strip(), (
            f"docs/{page}: {name} is stale; renew it by pytest --renew-docs"
        )
