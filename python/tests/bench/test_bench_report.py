from pathlib import Path

import pytest
from pydantic import ValidationError

from bench_runs import changing, row, run, table
from triglot.bench import statistics
from triglot.bench.comparison import NO_CLAIM, compare
from triglot.bench.files import read_result, write_report, write_result
from triglot.bench.markdown import ranking_sentence, run_markdown, table_markdown
from triglot.bench.model import Row
from triglot.bench.plots import draw, make_figure
from triglot.bench.ranking import rank, rank_table
from triglot.bench.sections import BenchError
from triglot.bench.wording import format_measure, format_value

ABSENT = Row(key="c", labels={"language": "c"}, absent="not installed")


def test_the_best_comes_first_and_only_parted_intervals_are_a_claim() -> None:
    ranking = rank([row("slow", 2), row("fast"), row("about as fast", 1.005)], "time")
    assert [one.key for one in ranking.rows] == ["fast", "about as fast", "slow"]
    assert ranking.parted == [False, True]
    assert [one.key for one in ranking.leaders()] == ["fast", "about as fast"]


def test_what_the_server_bounds_is_never_ranked() -> None:
    ranking = rank_table(table([row("bound", 0.1, server_bound=True), row("slow", 2), row("fast"), ABSENT]))
    assert ranking is not None
    assert [one.key for one in ranking.rows] == ["fast", "slow"]
    sentence = ranking_sentence("time", ranking)
    assert "fast > slow; not ranked: bound (server-bound); not ranked: c (not installed)" in sentence


def test_a_table_says_everything_of_a_row() -> None:
    lines = table_markdown(table([row("bound", server_bound=True), ABSENT])).splitlines()
    assert lines[:4] == [
        "| language | time |   |",
        "| --- | --- | --- |",
        "| bound | 1.00 s (0.990 to 1.02) | server-bound, not ranked |",
        "| c |  | not installed |",
    ]


def test_what_still_changed_says_so_and_is_not_ranked() -> None:
    text = table_markdown(table([changing("restless", 0.1), row("fast"), row("slow", 2)]))
    halves = "still changing: first half 190 ms, second half 130 ms"
    assert f"| time {halves}, not ranked |" in text
    assert f"fast > slow; not ranked: restless ({halves})." in text


def test_of_few_samples_the_number_is_said() -> None:
    assert format_measure(statistics.measure([1, 2, 3], "s", name="x")).endswith("3 samples)")
    assert format_measure(statistics.single(2, "s")) == "2.00 s"
    assert format_measure(statistics.exact(1_536, "B")) == "1.54 kB"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0123, "s", "12.3 ms"),
        (7_412_345, "1/s", "7.41 M/s"),
        (900, "1/s", "900/s"),
        (1_500, "scenarios/s", "1.50 k scenarios/s"),
        (0.8764, "", "0.876"),
        (12_345, "", "12,345"),
        (0, "s", "0 s"),
        (2.5, "cores", "2.50 cores"),
    ],
)
def test_numbers_have_three_digits(value: float, unit: str, text: str) -> None:
    assert format_value(value, unit) == text


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = run([row("fast"), row("slow", 2), ABSENT])
    write_result(tmp_path, written)
    write_report(tmp_path, written)
    assert read_result(tmp_path) == written
    assert {path.name for path in tmp_path.iterdir()} == {
        "result.json",
        "report.md",
        "things-times.png",
        "things-times.svg",
    }
    # A list of samples is a line.
    assert "[1.0, 1.02, 0.99, 1.01, 1.03, 0.98, 1.0]" in (tmp_path / "result.json").read_text()


def test_equal_tables_are_equal_pictures() -> None:
    rows = [row("fast"), row("slow", 2, server_bound=True), ABSENT]
    first, second = draw(table(rows)), draw(table(rows))
    assert first is not None
    assert first == second
    assert draw(table([ABSENT])) is None


def test_a_picture_tells_what_is_not_ranked_from_what_is() -> None:
    drawn = table([row("fast"), changing("restless"), row("bound", server_bound=True)])
    assert drawn.plot
    (axes,) = make_figure(drawn, drawn.plot).axes
    words = [text.get_text() for text in axes.texts]
    assert words == ["1.00 s (server-bound)", "1.60 s (still changing)", "1.00 s"]
    colours = [bar.get_facecolor() for bar in axes.patches]
    assert colours[0] == colours[1] != colours[2]
    assert axes.get_xlabel() == "time, with 95 % intervals"


def test_an_axis_has_one_unit() -> None:
    drawn = table([row("fast", 0.02), row("slow", 2)])
    assert drawn.plot
    figure = make_figure(drawn, drawn.plot)
    figure.draw_without_rendering()
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels[0] == "0 s"
    assert all(label.endswith(" s") for label in labels)


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="there is no run"):
        read_result(tmp_path)
    (tmp_path / "result.json").write_text('{"schema_version": 2}')
    with pytest.raises(BenchError, match="is no run of the benchmark: schema_version"):
        read_result(tmp_path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"a":', "invalid JSON: EOF while parsing"),
        ("[]", "input should be an object"),
        ("", "invalid JSON: EOF"),
    ],
)
def test_what_is_no_json_or_no_object_is_named_without_a_place_in_it(
    tmp_path: Path, content: str, problem: str
) -> None:
    file = tmp_path / "broken.json"
    file.write_text(content)
    with pytest.raises(BenchError, match=f"^{file} is no run of the benchmark: {problem}"):
        read_result(file)


def test_of_a_table_that_may_not_be_ranked_it_is_said_why() -> None:
    unranked = table([row("fast"), row("slow", 2)]).model_copy(update={"unranked": "nobody knows the server"})
    assert rank_table(unranked) is None
    assert table_markdown(unranked).endswith("\n\nNot ranked: nobody knows the server.")


def test_a_row_has_measures_or_a_reason() -> None:
    for fields in ({}, {"absent": "x", "measures": row("a").measures}):
        with pytest.raises(ValidationError, match="must have measures"):
            Row(key="a", labels={}, samples={"time": [1.0]}, **fields)


def test_a_report_begins_with_what_was_wrong() -> None:
    text = run_markdown(run([row("a")], problems=["another digest"]))
    assert text.index("**This run has failed:**\n\n- things: another digest") < text.index("| machine |")


def test_two_runs_differ_where_intervals_part() -> None:
    before = run([row("same"), row("slower"), row("faster"), row("bound", server_bound=True), row("gone")])
    after = run(
        [row("same", 1.005), row("slower", 1.5), row("faster", 0.5), row("bound", 9), ABSENT], version="2"
    )
    comparison = compare(before, after)
    assert {change.row: change.verdict for change in comparison.changes} == {
        "same": NO_CLAIM,
        "slower": "slower",
        "faster": "faster",
        "bound": "server-bound: nothing is claimed",
    }
    (slower,) = [change for change in comparison.changes if change.row == "slower"]
    assert slower.ratio is not None
    assert slower.ratio.low < 1.5 < slower.ratio.high
    assert comparison.machine == []
    assert comparison.versions == ["thing: 1, then 2"]
    assert comparison.missing == [
        "things, Times: gone is in the first run only",
        "things, Times: c is in the second run only",
    ]


def test_of_what_still_changed_nothing_is_claimed_between_runs() -> None:
    (change,) = compare(run([changing("a")]), run([row("a", 9)])).changes
    assert change.verdict == "still changing: nothing is claimed"


def test_another_machine_is_named() -> None:
    assert compare(run([row("a")]), run([row("a")], cores=4)).machine == ["cores: 2, then 4"]
