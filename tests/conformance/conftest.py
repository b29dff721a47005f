"""What conformance tests share: the executors."""

from collections.abc import Iterator

import pytest

from languages import Languages, languages


@pytest.fixture(scope="session")
def payload_languages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Languages]:
    """The three languages' payload executors, built from this very tree."""
    with languages(tmp_path_factory.mktemp("languages")) as running:
        yield running
