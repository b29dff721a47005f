"""What conformance tests share: the executors."""

from collections.abc import Iterator

import pytest

from languages import Languages, languages


@pytest.fixture(scope="session")
def built_languages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Languages]:
    """The three languages' payload executors, built from this very tree."""
    with languages(tmp_path_factory.mktemp("languages")) as running:
        yield running


@pytest.fixture(scope="module")
def payload_languages(built_languages: Languages) -> Iterator[Languages]:
    """The executors, which know nothing of the messages that another module's tests have loaded."""
    yield built_languages
    for executor in built_languages.executors.values():
        executor.stop()
