import json
from dataclasses import replace
from pathlib import Path

import pytest

from triglot.cli.ends import BAD_INPUT, CommandError
from triglot.cli.preparing import prepare
from triglot.cli.request_options import RequestOptions


@pytest.fixture
def options(tmp_path: Path) -> RequestOptions:
    """A report on a portfolio with a limit at 97.5 %, without any confidence said."""
    portfolio = tmp_path / "portfolio.json"
    content = {
        "id": "one",
        "name": "One",
        "currency": "USD",
        "positions": [{"symbol": "A0001", "exposure_minor": 100_000}],
        "limit": {"confidence": 97.5, "value_at_risk_minor": 1_000, "approvers": ["risk-officer"]},
    }
    portfolio.write_text(json.dumps(content))
    return RequestOptions(
        portfolio=str(portfolio),
        prices="synthetic:1x20",
        from_date=None,
        scenario_count=10_000,
        horizon_days=1,
        block_days=1,
        confidences_bp=(),
        seed=1,
        shard_size=0,
        mails=(),
        webhooks=(),
    )


def refusal(options: RequestOptions) -> str:
    with pytest.raises(CommandError) as caught:
        prepare(options)
    assert caught.value.code == BAD_INPUT
    return str(caught.value)


def test_where_no_confidence_is_said_the_limits_is_measured(options: RequestOptions) -> None:
    assert list(prepare(options).request.confidences_bp) == [9_500, 9_750, 9_900]
    said = replace(options, confidences_bp=(9_750, 9_600))
    assert list(prepare(said).request.confidences_bp) == [9_750, 9_600]
    without = replace(options, portfolio="synthetic")
    assert list(prepare(without).request.confidences_bp) == [9_500, 9_900]


def test_the_limits_confidence_may_not_be_left_out(options: RequestOptions) -> None:
    assert refusal(replace(options, confidences_bp=(9_900,))) == (
        "--confidence: lacks 97.5, that of the portfolio's limit; say --confidence 97.5 too"
    )


def test_the_limits_confidence_needs_scenarios_too(options: RequestOptions) -> None:
    portfolio = Path(options.portfolio or "")
    portfolio.write_text(portfolio.read_text().replace("97.5", "99.99"))
    assert refusal(options).startswith("--scenarios 10,000: 99.99 %, the confidence of the portfolio's limit")
