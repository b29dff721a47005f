import json
from pathlib import Path

import pytest

from triglot.settings import Settings
from triglot.store.location import BucketLocation, FolderLocation, parse_location

TABLE = json.loads((Path(__file__).parents[3] / "tests/conformance/store-urls.json").read_text())


@pytest.mark.parametrize("case", TABLE["good"], ids=lambda case: case["url"])
def test_a_url_says_where_the_store_lies(case: dict[str, str]) -> None:
    expected = (
        FolderLocation(Path(case["folder"]))
        if "folder" in case
        else BucketLocation(case["bucket"], case["prefix"], case["endpoint"], case["region"])
    )

    assert parse_location(case["url"]) == expected


@pytest.mark.parametrize("case", TABLE["bad"], ids=lambda case: case["url"])
def test_what_is_no_stores_url_is_refused_in_one_sentence(case: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"^(must|may) ") as caught:
        parse_location(case["url"])

    assert str(caught.value) == TABLE["sentences"][case["sentence"]]


def test_a_worker_refuses_it_too_and_tells_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIGLOT_STORE_URL", "s3://AKIAEXAMPLE:hidden@triglot")
    with pytest.raises(ValueError, match=TABLE["sentences"]["credentials"]) as caught:
        Settings()

    # What `load` makes of it for the log.
    assert [problem["msg"] for problem in caught.value.errors()] == [TABLE["sentences"]["credentials"]]
