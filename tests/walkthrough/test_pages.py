"""The pages that teach by doing, acted out from beginning to end."""

import tempfile
from pathlib import Path

import pytest

from acting import act_out
from scratch import copy_repository


@pytest.mark.parametrize(("page", "steps"), [("docs/extending.md", 5), ("docs/walkthrough.md", 10)])
def test_all_is_as_the_page_says(page: str, steps: int) -> None:
    # Not pytest's own folders: it would keep three copies with all that was built in them.
    with tempfile.TemporaryDirectory(prefix="triglot-page-") as folder:
        scratch = copy_repository(Path(folder))
        assert len(act_out(scratch.root / page, scratch, lambda _: None)) == steps
