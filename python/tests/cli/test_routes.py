"""Each check of a rollout passes where reports went as they should, and fails on the one fault it is for."""

from dataclasses import replace

import pytest

from triglot.cli import routes
from triglot.cli.routes import Route
from triglot.deployments import Routing


def went(build_id: str, **changes: object) -> Route:
    """A completed report that went to one version only."""
    return replace(Route("r", "completed", build_id, (build_id,)), **changes)  # type: ignore[arg-type]


def test_reports_on_the_version_that_was_meant_pass() -> None:
    check = routes.all_on("new reports", [went("v1"), went("v1")], "v1")
    assert (check.expected, check.seen, check.passed) == ("2 on v1", "2 on v1", True)


@pytest.mark.parametrize(
    ("route", "seen"),
    [
        (went("v2"), "1 on v1, 1 on v2"),
        (went("v1", status="failed"), "1 on v1, 1 on v1 (failed)"),
        (went("v1", pinned_to=None), "1 on no fixed version (tasks done by v1), 1 on v1"),
        (went("v1", done_by=("v1", "v2")), "1 on v1, 1 on v1 (tasks done by v1 and v2)"),
    ],
    ids=["another version", "it failed", "not pinned", "it moved"],
)
def test_one_report_that_went_elsewhere_fails(route: Route, seen: str) -> None:
    check = routes.all_on("new reports", [went("v1"), route], "v1")
    assert (check.seen, check.passed) == (seen, False)


@pytest.mark.parametrize(
    ("builds", "seen", "passed"),
    [
        (["v1", "v2", "v1"], "2 on v1, 1 on v2", True),
        (["v1", "v1", "v1"], "3 on v1", False),
        (["v2", "v2", "v2"], "3 on v2", False),
        (["v1", "v2", "v3"], "1 on v1, 1 on v2, 1 on v3", False),
    ],
)
def test_a_ramp_needs_reports_on_each_version_and_no_other(
    builds: list[str], seen: str, passed: bool
) -> None:
    check = routes.on_each("new reports", [went(build) for build in builds], ("v1", "v2"))
    assert (check.expected, check.seen, check.passed) == ("3, some on v1 and some on v2", seen, passed)


def test_a_report_that_runs_is_held_against_status_and_version() -> None:
    running = went("v1", status="running")
    assert routes.still("it is", running, "running", "v1").passed
    assert not routes.still("it is", running, "completed", "v1").passed
    assert not routes.still("it is", running, "running", "v2").passed


def test_a_report_that_no_worker_has_touched_is_on_no_fixed_version() -> None:
    assert (
        routes.still("it is", Route("r", "running", None, ()), "running", "v1").seen
        == "running on no fixed version"
    )


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (Routing("v1", "v2", 50), "v1, 50 %; v2, 50 %"),
        (Routing("v1", "v2", 5), "v1, 95 %; v2, 5 %"),
        (Routing("v1"), "v1, 100 %"),
        (Routing("v1", None, 5), "v1, 95 %; no version, 5 %"),
        (Routing(None), "no version, 100 %"),
        (None, "nobody"),
    ],
)
def test_routing_is_said_in_shares(seen: Routing | None, words: str) -> None:
    check = routes.tasks_to(Routing("v1", "v2", 50), seen)
    assert (check.expected, check.seen) == ("v1, 50 %; v2, 50 %", words)
    assert check.passed is (seen == Routing("v1", "v2", 50))
