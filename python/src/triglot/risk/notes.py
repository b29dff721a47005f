"""What a report's figures say and what they do not, in sentences."""

from collections.abc import Sequence

from triglot.risk.contributions import FEW_TAIL_SCENARIOS
from triglot.risk.kernel import Spec
from triglot.risk.report import BacktestSection, ReplaySection
from triglot.risk.wording import format_count, format_days

_WHOLE = 10_000


def write_notes(
    spec: Spec,
    scenario_count: int,
    confidences_bp: Sequence[int],
    replay: ReplaySection,
    backtest: BacktestSection,
) -> list[str]:
    """Returns the sentences.

    Args:
        spec: The model.
        scenario_count: How many scenarios were simulated.
        confidences_bp: The confidences of the measures.
        replay: What the contributions rest on.
        backtest: The backtest.
    """
    notes = [
        f"Intervals are 95 % Monte Carlo intervals: they cover the error of drawing {scenario_count:,} "
        "scenarios from this history, and nothing else.",
        f"They do not cover that the history itself is a sample of {format_days(spec.day_count)}, an error "
        "that is larger, nor that the future may differ from it.",
        f"Positions are held unchanged over {format_days(spec.horizon)}; trading costs and currency effects "
        "are left out.",
        _draws(spec),
        _contributions(replay, scenario_count),
        _backtest(backtest, spec),
    ]
    if min((_WHOLE - bp) * scenario_count for bp in confidences_bp) < FEW_TAIL_SCENARIOS * _WHOLE:
        notes.append(
            f"At the highest confidence fewer than {FEW_TAIL_SCENARIOS} scenarios lie in the tail: its "
            "intervals are rough."
        )
    return notes


def _draws(spec: Spec) -> str:
    if spec.block == 1:
        return (
            "Each day is drawn on its own. In reality bad days cluster, which such independent draws ignore, "
            "so these figures understate the tail; drawing blocks of days shows by how much."
        )
    return (
        f"Days are drawn in blocks of {spec.block:,}, which keeps clusters of bad days up to that length; "
        "longer ones are broken up."
    )


def _contributions(replay: ReplaySection, scenario_count: int) -> str:
    fewest = min(tail.scenario_count for tail in replay.tails)
    if replay.scenario_count == scenario_count:
        text = "Contributions to expected shortfall rest on all scenarios, replayed by position"
    else:
        text = (
            f"Contributions to expected shortfall rest on the first {replay.scenario_count:,} scenarios, "
            "replayed by position and adjusted so that they add up to the expected shortfall of all"
        )
    rough = ", too few for more than a rough picture" if fewest < FEW_TAIL_SCENARIOS else ""
    return f"{text}. At the highest confidence the tail has {fewest:,} of them{rough}."


def _backtest(backtest: BacktestSection, spec: Spec) -> str:
    windows = format_count(backtest.window_count, "window")
    return (
        f"The backtest is in sample: it asks how often the present positions, held over {windows} of "
        f"{format_days(spec.horizon)} of the very history that scenarios are drawn from, would have lost "
        "more. It can refute the way scenarios are drawn, and says nothing of days to come."
    )
