import pytest

from triglot.risk.pace import Pace

BLOCKS = 8


@pytest.mark.parametrize(
    ("block_seconds", "save_seconds", "expected"),
    [
        pytest.param(1, 0, 7, id="a block a second"),
        pytest.param(0.5, 0, 3, id="two blocks a second"),
        pytest.param(1, 1, 1, id="it takes too long to do it again"),
        pytest.param(1, 0.11, 3, id="the pause is twenty times its cost"),
        pytest.param(0.1, 0, 0, id="the whole takes less than a second"),
        pytest.param(0.2, 0, 0, id="little is left after a second"),
    ],
)
def test_checkpoints_are_about_a_second_apart(
    block_seconds: float, save_seconds: float, expected: int
) -> None:
    now, made = 100.0, 0
    pace = Pace(first=1_000, end=1_000 + BLOCKS, clock=lambda: now)
    for block in range(1, BLOCKS):
        now += block_seconds
        if pace.is_due(1_000 + block):
            began = now
            now += save_seconds
            pace.made(began)
            made += 1
    assert made == expected
