"""What the options of a race say, and the one sentence where they say nothing sensible."""

import pytest
import typer

from triglot.cli.race.wishes import Kill, Moment, parse_kills, parse_languages, parse_slots

ALL = ("go", "python", "typescript")


def test_languages_come_in_the_usual_order() -> None:
    assert parse_languages("typescript, go") == ("go", "typescript")
    assert parse_languages("python") == ("python",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "say some of go, python, typescript"),
        ("go,", "say some of go, python, typescript"),
        ("rust", "say some of go, python, typescript"),
        ("go,python,go", "go is said twice"),
    ],
)
def test_what_are_no_languages_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(typer.BadParameter, match=sentence):
        parse_languages(text)


def test_slots_are_one_unless_they_are_said() -> None:
    assert parse_slots("1", ALL) == {"go": 1, "python": 1, "typescript": 1}
    assert parse_slots("4", ("go", "python")) == {"go": 4, "python": 4}
    assert parse_slots("python=3, go=2", ALL) == {"go": 2, "python": 3, "typescript": 1}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "say a number from 1 to 64"),
        ("0", "say a number from 1 to 64"),
        ("65", "say a number from 1 to 64"),
        ("go=", "say a number from 1 to 64"),
        ("go=1,2", "nobody does not take part"),
        ("rust=1", "rust does not take part; go, python, typescript do"),
    ],
)
def test_what_are_no_slots_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(typer.BadParameter, match=sentence):
        parse_slots(text, ALL)


def test_kills_say_who_when_and_when_they_come_back() -> None:
    kills = parse_kills(["go@5s", "python@30%..12.5s", "typescript@7s..40%", "go@20s.."], ALL)

    assert kills == [
        Kill("go", Moment(5, "s")),
        Kill("python", Moment(30, "%"), back=Moment(12.5, "s")),
        Kill("typescript", Moment(7, "s"), back=Moment(40, "%")),
        Kill("go", Moment(20, "s"), for_good=True),
    ]
    assert str(kills[1]) == "python at 30 %"


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["go"], "say a language and when"),
        (["go@5"], "say a language and when"),
        (["go@-5s"], "say a language and when"),
        (["go@5s..x"], "say a language and when"),
        (["go@5s...9s"], "say a language and when"),
        (["rust@5s"], "rust does not take part; go, python, typescript do"),
        (["go@100%"], "at 100 % the race is over"),
        (["go@5%..100%"], "at 100 % the race is over"),
        (["go@5s..5s"], "it would come back before it is killed"),
        (["go@50%..5%"], "it would come back before it is killed"),
        (["go@5s..", "go@9s"], "go is killed for good before"),
        (["go@9s", "go@5s.."], "go is killed at 9 s as well, and would be gone for good by then"),
        (["go@5s", "go@5.0s..9s"], "go is killed at 5 s already"),
        (["go@40%", "go@40%.."], "go is killed at 40 % already"),
        (["go@5s..", "python@5s..", "typescript@9%.."], "nobody would end the report"),
    ],
)
def test_what_is_no_kill_is_refused(texts: list[str], sentence: str) -> None:
    with pytest.raises(typer.BadParameter, match=sentence):
        parse_kills(texts, ALL)


def test_who_does_not_take_part_cannot_be_killed() -> None:
    with pytest.raises(typer.BadParameter, match="python does not take part; go does"):
        parse_kills(["python@5s"], ("go",))
    with pytest.raises(typer.BadParameter, match="nobody would end the report"):
        parse_kills(["go@5s.."], ("go",))


def test_a_moment_comes_by_the_clock_or_by_the_work() -> None:
    assert [Moment(5, "s").has_come(seconds, 0.99) for seconds in (4.9, 5.0)] == [False, True]
    assert [Moment(30, "%").has_come(99, share) for share in (0.299, 0.3)] == [False, True]
