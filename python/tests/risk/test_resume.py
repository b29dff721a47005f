"""Simulations that stop and go on elsewhere."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from triglot.risk import kernel
from triglot.risk.kernel import Simulation, Spec, check_partial
from triglot.risk.shard import InvalidShardError, Shard, digest

FIRST, COUNT, BLOCK = 1_000, 2_500, 400


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "BLOCK_SCENARIOS", BLOCK)


def left_after(spec: Spec, blocks: int, partial: Shard | None = None) -> Shard:
    simulation = Simulation(spec, FIRST, COUNT, partial, chunk=150)
    for _ in range(blocks):
        assert simulation.next_block()
    return simulation.snapshot()


def finished(simulation: Simulation) -> Shard:
    while simulation.next_block():
        pass
    return simulation.snapshot()


def test_blocks_end_with_the_range(toy: Spec) -> None:
    simulation = Simulation(toy, FIRST, COUNT)
    reached = [simulation.next_scenario]
    while simulation.next_block():
        reached.append(simulation.next_scenario)
    assert reached == list(range(FIRST, FIRST + COUNT, BLOCK))
    assert simulation.next_scenario == FIRST + COUNT


def test_a_scenario_of_many_factors_makes_blocks_short() -> None:
    spec = Spec(np.full((1, 1_000), 1.0), np.ones(1_000), horizon=1_000, block=1, seed=0)
    simulation = Simulation(spec, 0, 100)
    assert simulation.next_block()
    assert simulation.next_scenario == 16


def test_a_snapshot_is_the_shard_of_the_scenarios_before(toy: Spec) -> None:
    simulation = Simulation(toy, FIRST, COUNT)
    simulation.next_block()
    simulation.next_block()
    snapshot = simulation.snapshot()
    assert digest(snapshot) == digest(kernel.simulate(toy, FIRST, 2 * BLOCK))
    # It has taken nothing away.
    assert digest(finished(simulation)) == digest(kernel.simulate(toy, FIRST, COUNT))


@pytest.mark.parametrize("blocks", [1, 2, 6])
def test_another_goes_on_where_one_stopped(toy: Spec, blocks: int) -> None:
    partial = left_after(toy, blocks)
    check_partial(toy, FIRST, COUNT, partial)
    simulation = Simulation(toy, FIRST, COUNT, partial)
    assert simulation.next_scenario == FIRST + blocks * BLOCK
    assert digest(simulation.snapshot()) == digest(partial)
    assert digest(finished(simulation)) == digest(kernel.simulate(toy, FIRST, COUNT))


def test_many_go_on_from_each_other(toy: Spec) -> None:
    partial = None
    for _ in range(6):
        partial = left_after(toy, 1, partial)
    assert partial is not None
    assert partial.count == 6 * BLOCK
    assert digest(finished(Simulation(toy, FIRST, COUNT, partial))) == digest(
        kernel.simulate(toy, FIRST, COUNT)
    )


@pytest.mark.parametrize(
    ("changes", "first", "count", "problem"),
    [
        ({}, FIRST, BLOCK, "scenario_count: 400 is not within 1 to 399"),
        ({}, FIRST + 200, COUNT, "worst: they are not scenarios of 1200 to 1599"),
        ({}, 0, COUNT, "worst: they are not scenarios of 0 to 399"),
        ({"exposures": np.array([100_000, 200_000, 400_000])}, FIRST, COUNT, "histogram: .* another model"),
    ],
)
def test_what_is_no_part_of_the_range_is_refused(
    toy: Spec, changes: dict[str, Any], first: int, count: int, problem: str
) -> None:
    with pytest.raises(InvalidShardError, match=problem):
        check_partial(replace(toy, **changes), first, count, left_after(toy, 1))
