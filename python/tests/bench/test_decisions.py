from bench_runs import changing, row, run
from triglot.bench.decisions import QUESTIONS, Question, answer
from triglot.bench.model import Interval, Measure, Row, Run, Table
from triglot.bench.ranking import rank
from triglot.bench.statistics import MIN_SAMPLES, single

QUESTION = Question("does things", "things", "times", ("a", "b", "c"), "time")


def test_the_best_is_named_where_intervals_part() -> None:
    found = answer(run([row("a", 2), row("b"), row("c", 3)]), QUESTION)
    assert found == "**b**: b 1.00 s; then a 2.00 s, c 3.00 s"


def test_nobody_is_preferred_where_they_do_not() -> None:
    found = answer(run([row("a", 1.002), row("b"), row("c", 3)]), QUESTION)
    assert found == "**b, a** (no difference is claimed between them): b 1.00 s, a 1.00 s; then c 3.00 s"
    assert answer(run([row("a"), row("b"), row("c")]), QUESTION).startswith("any: no difference is claimed")


def spread(key: str, low: float, value: float, high: float) -> Row:
    interval = Interval(value=value, low=low, high=high, count=MIN_SAMPLES)
    measures = {"time": Measure(unit="s", better="lower", interval=interval)}
    return Row(key=key, labels={"language": key}, measures=measures)


def test_who_is_worse_than_the_best_is_no_leader_for_a_wide_neighbour() -> None:
    chain = [spread("a", 0.9, 1, 1.5), spread("b", 1.4, 2, 3.2), spread("c", 3.0, 3.5, 4.0)]
    found = answer(run(chain), QUESTION)
    assert found == "nobody stands out: a 1.00 s, b 2.00 s; worse than the best of them: c 3.50 s"


def test_a_wide_best_leads_nobody() -> None:
    wide = [spread("a", 0.5, 1, 9), spread("b", 1.4, 1.5, 1.6), spread("c", 2.8, 3, 3.2)]
    assert rank(wide, "time").parted == [False, False]
    assert answer(run(wide), QUESTION) == "any: no difference is claimed between a 1.00 s, b 1.50 s, c 3.00 s"


def test_nobody_is_best_whom_a_held_back_row_beats() -> None:
    found = answer(run([row("a", 0.4, server_bound=True), row("b"), row("c", 3)]), QUESTION)
    assert found == "a 400 ms, as fast as this server; then b 1.00 s, c 3.00 s; a: server-bound"


def test_nobody_is_best_before_a_row_that_still_changed() -> None:
    halves = "still changing: first half 760 ms, second half 520 ms"
    found = answer(run([changing("a", 0.4), row("b"), row("c", 3)]), QUESTION)
    assert found == f"a 640 ms, still changing; then b 1.00 s, c 3.00 s; a: {halves}"

    slowest = answer(run([changing("a", 9), row("b"), row("c", 3)]), QUESTION)
    assert slowest.startswith("**b**: b 1.00 s; then c 3.00 s; a: still changing: ")


def test_of_what_a_given_server_may_have_paced_nothing_is_decided_but_of_all_else() -> None:
    measured = run([row("a"), row("b", 2), row("c", 3)]).model_copy(update={"server": "127.0.0.1:7233"})
    # Nothing of it has to do with a server, so its order stands, though no sentence below the table says it.
    table = measured.sections[0].tables[0].model_copy(update={"rank_by": None})
    assert answer(_of(measured, table), QUESTION) == "**a**: a 1.00 s; then b 2.00 s, c 3.00 s"

    paced = table.model_copy(update={"unranked": "nobody knows the server"})
    assert answer(_of(measured, paced), QUESTION) == "not ranked in this run: nobody knows the server"


def _of(measured: Run, table: Table) -> Run:
    section = measured.sections[0].model_copy(update={"tables": [table]})
    return measured.model_copy(update={"sections": [section]})


def test_of_few_samples_nothing_is_chosen() -> None:
    few = [
        row(key).model_copy(update={"measures": {"time": single(value, "s", "lower")}})
        for value, key in enumerate("abc", start=1)
    ]
    assert answer(run(few), QUESTION) == "too few samples for a choice: a 1.00 s, b 2.00 s, c 3.00 s"


def test_what_the_server_bounds_or_is_missing_does_not_decide() -> None:
    absent = Row(key="c", labels={"language": "c"}, absent="not built")
    found = answer(run([row("a", 0.1, server_bound=True), row("b"), absent]), QUESTION)
    assert found == "nothing can be compared: b 1.00 s; a: server-bound; c: not built"


def test_what_was_not_measured_is_no_answer() -> None:
    assert answer(run([row("a"), row("b")]), QUESTION) == "not measured in this run"
    assert answer(run([row("a")]), QUESTIONS[0]) == "not measured in this run"
