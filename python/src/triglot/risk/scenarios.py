"""The worst scenarios, replayed: of which days they are made, and which position lost most in each."""

from collections.abc import Sequence

import numpy as np

from triglot.risk import kernel
from triglot.risk.kernel import Spec
from triglot.risk.report import PositionPnlSection, ScenarioSection, StretchSection
from triglot.risk.shard import Ints


class ReplayError(ValueError):
    """A replayed scenario gives another result than it had."""


def describe_scenarios(
    spec: Spec, numbers: Ints, pnl: Ints, dates: Sequence[str], symbols: Sequence[str]
) -> list[ScenarioSection]:
    """Replays scenarios.

    Args:
        spec: The model.
        numbers: int64[n]: the scenarios.
        pnl: int64[n]: what the simulation said of them, in minor units.
        dates: T + 1 dates of prices; historical day t is the day from dates[t] to dates[t + 1].
        symbols: A symbols of the positions.

    Raises:
        ReplayError: If one gives another result than `pnl` says.
    """
    by_position = kernel.position_pnl(spec, numbers)
    if not np.array_equal(kernel.round_minor(kernel.add_positions(by_position)), pnl):
        raise ReplayError("replayed, the worst scenarios give other results: wrong spec or kernel")
    least = by_position.argmin(axis=1)
    days = kernel.draw_days(spec, numbers)
    return [
        ScenarioSection(
            scenario=number,
            pnl_minor=total,
            worst_position=PositionPnlSection(
                symbol=symbols[least[index]], pnl_minor=round(float(by_position[index, least[index]]))
            ),
            drawn_days=_stretches(days[:, index].tolist(), spec.block, dates),
        )
        for index, (number, total) in enumerate(zip(numbers.tolist(), pnl.tolist(), strict=True))
    ]


def _stretches(days: Sequence[int], block: int, dates: Sequence[str]) -> list[StretchSection]:
    """Joins the days of each block; one that wraps around the end of the history is two stretches."""
    stretches: list[list[int]] = []
    for ahead, day in enumerate(days):
        if ahead % block and day == days[ahead - 1] + 1:
            stretches[-1].append(day)
        else:
            stretches.append([day])
    return [StretchSection(first_date=dates[stretch[0] + 1], day_count=len(stretch)) for stretch in stretches]
