"""docs/comparing-sdks.md says what its committed run measured."""

from pathlib import Path
from typing import Any

import pytest

from documents import check_table
from triglot.bench import command
from triglot.bench.decisions import QUESTIONS, answer
from triglot.bench.files import read_result, write_result
from triglot.bench.markdown import picture_name
from triglot.bench.model import Run
from triglot.bench.page import FOLDER, page_parts, unfit
from triglot.bench.plots import draw
from triglot.bench.sections import SECTIONS, BenchError

PAGE = "comparing-sdks.md"
# The first scale of the kernel's aim, and the main job's.
LEAST_TO_C, MOST_OVERHEAD = 0.8, 0.10


@pytest.fixture(scope="module")
def committed() -> Run:
    run = read_result(FOLDER)
    if reason := unfit(run):
        pytest.fail(f"docs/bench/result.json is no run for a page: {reason}", pytrace=False)
    return run


def test_the_committed_run_is_a_whole_one(committed: Run) -> None:
    assert [section.name for section in committed.sections] == [entry.name for entry in SECTIONS]


@pytest.mark.parametrize("name", ["decisions", "where", *(entry.name for entry in SECTIONS)])
def test_the_page_is_made_from_it(pytestconfig: pytest.Config, committed: Run, name: str) -> None:
    check_table(pytestconfig, PAGE, name, page_parts(committed)[name])


def test_its_pictures_are_made_from_it(committed: Run) -> None:
    drawn = {
        f"{picture_name(section.name, table)}.svg": picture.svg
        for section in committed.sections
        for table in section.tables
        if (picture := draw(table))
    }
    assert drawn
    assert {path.name for path in FOLDER.glob("*.svg")} == set(drawn)
    stale = [name for name, svg in drawn.items() if (FOLDER / name).read_bytes() != svg]
    assert stale == [], "renew them: triglot bench render docs/bench --output docs/bench"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"quick": True}, "it was a quick one"),
        ({"problem": "another digest"}, "it has failed: kernel: another digest"),
        ({"idle": 0.89}, "before it the machine was 89% idle, not 90%"),
        ({"lacks": "job"}, "it lacks job"),
    ],
)
def test_a_run_that_is_no_good_is_not_rendered_for_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any], reason: str
) -> None:
    good = read_result(FOLDER)
    load = good.load_before.model_copy(update={"idle": fault.get("idle", 0.9)})
    sections = [
        section.model_copy(update={"problems": [fault["problem"]] if "problem" in fault else []})
        for section in good.sections
        if section.name != fault.get("lacks")
    ]
    update = {"quick": "quick" in fault, "load_before": load, "sections": sections}
    write_result(tmp_path, good.model_copy(update=update))
    page = tmp_path / "page"
    monkeypatch.setattr(command, "FOLDER", page)
    with pytest.raises(BenchError, match=f"^this run is not for docs/comparing-sdks.md: {reason}"):
        command.render(tmp_path, page)
    assert not page.exists()


def test_every_decision_has_rows_that_were_measured(committed: Run) -> None:
    missing = [one.activity for one in QUESTIONS if answer(committed, one) == "not measured in this run"]
    assert missing == []


def test_go_is_near_c_and_a_billion_scenarios_keep_the_machine_busy(committed: Run) -> None:
    to_c = committed.section("kernel").table("speed").row("go-avx2").measures["ratio to C"]
    assert to_c.interval.low >= LEAST_TO_C
    overhead = committed.section("job").table("sizes").row("1000000000").measures["fanout_overhead"]
    assert overhead.interval.value < MOST_OVERHEAD
