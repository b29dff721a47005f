from bench_runs import row, run
from triglot.bench.decisions import QUESTIONS, Question, answer
from triglot.bench.model import Row
from triglot.bench.statistics import single

QUESTION = Question("does things", "things", "times", ("a", "b", "c"), "time")


def test_the_best_is_named_where_intervals_part() -> None:
    found = answer(run([row("a", 2), row("b"), row("c", 3)]), QUESTION)
    assert found == "**b**: b 1.00 s; then a 2.00 s, c 3.00 s"


def test_nobody_is_preferred_where_they_do_not() -> None:
    found = answer(run([row("a", 1.002), row("b"), row("c", 3)]), QUESTION)
    assert found == "**b, a** (no difference is claimed between them): b 1.00 s, a 1.00 s; then c 3.00 s"
    assert answer(run([row("a"), row("b"), row("c")]), QUESTION).startswith("any: no difference is claimed")


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
