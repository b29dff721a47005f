"""The report: every figure that anybody is shown, and nothing that depends on when or where it was made.

Money is an integer of minor units, shares are basis points; the few figures that are no whole numbers are
rounded to four decimals, so that their text does not depend on a machine's mathematical library.
"""

import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Verdict = Literal["rejected", "not_rejected", "too_few_windows"]


class _Part(BaseModel):
    # The docstring beneath a field becomes its description in the published schema.
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class PortfolioSection(_Part):
    """What was evaluated."""

    id: str
    """The portfolio's identifier."""
    name: str
    """Its name for people."""
    currency: str
    """The ISO 4217 code of the currency of every amount; one with two decimals, so a minor unit is a cent."""
    gross_exposure_minor: int
    """Sum of the positions' magnitudes, in minor units."""
    net_exposure_minor: int
    """Sum of the signed positions, in minor units."""
    sha256: Digest
    """SHA-256 of the portfolio's message in deterministic binary form."""


class WindowSection(_Part):
    """Which prices were used."""

    from_date: str
    """The first day that was asked for, ISO 8601; empty means from the beginning of the history."""
    first_date: str
    """The first day whose price was used, ISO 8601."""
    as_of_date: str
    """The day of the report and the last whose price was used, ISO 8601."""
    return_count: int
    """How many daily returns scenarios are drawn from: one less than the days whose price was used."""
    prices_sha256: Digest
    """SHA-256 of the stored price history."""


class SimulationSection(_Part):
    """How it was simulated, and the witnesses of it."""

    scenario_count: int
    """How many scenarios were simulated."""
    horizon_days: int
    """Over how many trading days profit and loss are taken."""
    block_days: int
    """How many consecutive days are drawn at a time; 1 draws each day on its own."""
    # As text, because JavaScript's JSON numbers lose uint64.
    seed: str
    """The key of the random generator, an unsigned 64-bit integer as text."""
    spec_sha256: Digest
    """SHA-256 of the stored simulation spec: growth factors, exposures, horizon, blocks and seed."""
    digest: Digest
    """SHA-256 of all scenarios together, equal for any sharding and language."""
    bitsum: str
    """Sum modulo 2^64 of the raw bits of every unrounded result, 16 hexadecimal digits."""


class EstimateSection(_Part):
    """A figure with its 95 % Monte Carlo interval, given the history of prices."""

    value_minor: int
    """The figure in minor units; a loss is positive."""
    lower_minor: int
    """The lower end of the interval in minor units."""
    upper_minor: int
    """The upper end of the interval in minor units."""


class MeasureSection(_Part):
    """The measures at one confidence; losses are positive."""

    confidence_bp: int
    """The confidence in basis points: 9900 is 99 %."""
    value_at_risk: EstimateSection
    """The loss that is exceeded with probability one minus the confidence."""
    expected_shortfall: EstimateSection
    """The mean loss in the worst scenarios, those beyond the confidence."""


class HistogramSection(_Part):
    """Counts of profit and loss in bins of equal width; the outermost also count what lies beyond them."""

    low_minor: int
    """Where the first bin begins, in minor units."""
    width_minor: int
    """The width of a bin in minor units."""
    counts: list[int]
    """How many scenarios fell into each bin."""


class LimitSection(_Part):
    """The portfolio's limit on value at risk, and how much of it is used."""

    confidence_bp: int
    """The confidence of that value at risk, in basis points; it is among the measures."""
    limit_minor: int
    """The largest value at risk that nobody need decide on, in minor units."""
    value_at_risk_minor: int
    """The value at risk, in minor units."""
    used_bp: int
    """The value at risk in basis points of the limit; negative where it is a gain."""
    breached: bool
    """Whether the value at risk is above the limit; its interval does not count. What has been decided then,
    no report says: it was made before."""


class DistributionSection(_Part):
    """The distribution of profit and loss over the horizon; losses are negative."""

    mean_minor: int
    """The mean in minor units."""
    min_minor: int
    """The worst scenario in minor units."""
    max_minor: int
    """The best scenario in minor units."""
    histogram: HistogramSection
    """All scenarios in at most 250 bins."""


class StretchSection(_Part):
    """Consecutive historical days that a scenario drew together."""

    first_date: str
    """The first day, ISO 8601; its return is its price over that of the trading day before."""
    day_count: int
    """How many trading days of the history, the first included."""


class PositionPnlSection(_Part):
    """One position's profit or loss in one scenario."""

    symbol: str
    """The position."""
    pnl_minor: int
    """Its profit or loss in minor units; a loss is negative."""


class ScenarioSection(_Part):
    """One scenario; it can be replayed from its number alone."""

    scenario: int
    """Its number."""
    pnl_minor: int
    """The portfolio's profit or loss in minor units; a loss is negative."""
    worst_position: PositionPnlSection
    """The position that lost most in it."""
    drawn_days: list[StretchSection]
    """The historical days it is made of, in the order in which they follow each other. A block that runs over
    the end of the history goes on at its beginning, and so is two stretches."""


class ContributionSection(_Part):
    """A position's part of expected shortfall; a negative one is that of a hedge."""

    confidence_bp: int
    """The confidence in basis points."""
    expected_shortfall_minor: int
    """The part in minor units; the parts of all positions add up to the portfolio's expected shortfall."""
    share_bp: int | None
    """The part in basis points of the portfolio's expected shortfall; null where that is not above 0."""
    standard_error_minor: int | None
    """The Monte Carlo standard error of the part, before it was adjusted, in minor units; null where a single
    scenario lies in the tail."""


class PositionSection(_Part):
    """A position and what it contributes."""

    symbol: str
    """The position."""
    exposure_minor: int
    """Its signed value in minor units; negative when short."""
    labels: dict[str, str]
    """What other systems know it by, as the portfolio file says; empty where it says nothing."""
    contributions: list[ContributionSection]
    """Its parts of expected shortfall, by ascending confidence."""


class TailSection(_Part):
    """The scenarios that contributions at one confidence rest on."""

    confidence_bp: int
    """The confidence in basis points."""
    scenario_count: int
    """How many scenarios lie in the tail."""
    unadjusted_expected_shortfall_minor: int
    """Expected shortfall of the replayed scenarios alone, in minor units, to compare with the
    report's."""


class ReplaySection(_Part):
    """What contributions to expected shortfall rest on: the first scenarios, replayed by position."""

    scenario_count: int
    """How many scenarios were replayed; where these are all, nothing needed to be adjusted but roundings."""
    tails: list[TailSection]
    """The worst of them, by ascending confidence."""


class HistoricalWindowSection(_Part):
    """What the present positions would have made over one stretch of the history."""

    first_date: str
    """The first day whose return counts, ISO 8601."""
    last_date: str
    """The last day, ISO 8601."""
    pnl_minor: int
    """Profit or loss in minor units; a loss is negative."""


class BacktestMeasureSection(_Part):
    """How often the history exceeded the value at risk at one confidence (Kupiec's test)."""

    confidence_bp: int
    """The confidence in basis points."""
    exceedance_count: int
    """In how many windows the loss was larger than the value at risk."""
    expected_count: float
    """How many would be expected: windows times one minus the confidence."""
    likelihood_ratio: float | None
    """Kupiec's statistic, to four decimals; null where there is no window."""
    p_value: float | None
    """The probability of a statistic at least that large if value at risk is right, to four decimals."""
    verdict: Verdict
    """At a level of 5 %: `rejected`; `not_rejected`; or `too_few_windows` where the count is not rejected,
    but neither would a count of 0 be: then the test cannot tell a value at risk that is far too high."""


class BacktestSection(_Part):
    """Value at risk against the history it was drawn from, in windows as long as the horizon."""

    window_count: int
    """How many windows the history holds, cut from its end."""
    worst_window: HistoricalWindowSection | None
    """The one with the largest loss, the earlier of equal ones; null where there is none."""
    measures: list[BacktestMeasureSection]
    """The test, by ascending confidence."""


class Report(_Part):
    """A risk report; every amount is an integer of minor units of the portfolio's currency."""

    schema_version: Literal["triglot.report.v2"] = Field(alias="schema")
    """The version of this format."""
    portfolio: PortfolioSection
    """The portfolio and its size."""
    window: WindowSection
    """The window of prices that scenarios are drawn from."""
    simulation: SimulationSection
    """The parameters and the digests of the simulation."""
    measures: list[MeasureSection]
    """Value at risk and expected shortfall, by ascending confidence."""
    limit: LimitSection | None
    """The limit on value at risk; null where the portfolio has none."""
    distribution: DistributionSection
    """The distribution of profit and loss."""
    worst_scenarios: list[ScenarioSection]
    """The (at most) 100 worst scenarios, the worst first."""
    replay: ReplaySection
    """What the positions' contributions rest on."""
    positions: list[PositionSection]
    """The positions in the portfolio's order."""
    backtest: BacktestSection
    """Value at risk against the history."""
    notes: list[str]
    """What the figures say and what they do not, in sentences."""

    def to_json(self) -> bytes:
        """Returns `report.json`: equal bytes for equal reports."""
        content = self.model_dump(mode="json", by_alias=True)
        return f"{json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True)}\n".encode()
