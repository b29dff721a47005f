"""Containers in tests: whether there is an engine, and images for it."""

import os

import pytest

import engine as engines

# Its image is one more to pull; what the tests start, they remove.
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")

_ENGINELESS = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the choice of what the integration tests run in, and whether tables in docs are renewed."""
    parser.addoption(
        "--environment",
        action="append",
        choices=("embedded", "containers", "compose", "cluster"),
        help="what the integration tests' stack runs in; may be given more than once (default: all)",
    )
    parser.addoption(
        "--renew-docs",
        action="store_true",
        help="write the tables in docs that tests make, where they would be compared otherwise",
    )


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> None:
    """A container engine with compose and buildx; without one a test is skipped, and says so.

    Where `REQUIRE_ENGINE` is set, it fails instead.
    """
    missing = engines.missing()
    if missing and engines.is_required():
        pytest.fail(f"REQUIRE_ENGINE is set, and {missing}")
    if missing:
        # Reports need no containers, and whoever has none can run all other tests; CI sets REQUIRE_ENGINE.
        request.config.stash[_ENGINELESS] = missing
        pytest.skip(missing)


@pytest.fixture(scope="session")
def images(engine: None) -> engines.Images:
    """Images of this very tree."""
    return engines.build_images()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Ends by saying what was left out."""
    if missing := config.stash.get(_ENGINELESS, None):
        terminalreporter.write_sep("=", "the tests in containers did not run", yellow=True)
        terminalreporter.write_line(f"{missing}; REQUIRE_ENGINE=1 makes that a failure", yellow=True)
