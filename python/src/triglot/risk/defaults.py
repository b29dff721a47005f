"""The default run: what `triglot demo` computes."""

from pathlib import Path

SCENARIO_COUNT = 10_000_000
HORIZON_DAYS = 10
BLOCK_DAYS = 1
SEED = 20_260_101
CONFIDENCES_BP = (9_500, 9_900)
FROM_DATE = "2010-01-05"
"""Before 2010, prices of three decimals are too coarse: their returns err by up to 0.5 %."""


def default_data_dir() -> Path:
    """Returns the folder `data` of the repository that this package runs from.

    Raises:
        FileNotFoundError: If the package was installed elsewhere.
    """
    folder = Path(__file__).resolve().parents[4] / "data"
    if not (folder / "portfolio.json").is_file():
        raise FileNotFoundError(f"no default data in {folder}: run from a clone of the repository")
    return folder


def default_prices() -> Path:
    """Returns where the default prices lie; their last day is the default as-of date."""
    return default_data_dir() / "us-stocks.csv.gz"


def default_portfolio() -> Path:
    """Returns where the default portfolio lies."""
    return default_data_dir() / "portfolio.json"


def expected_path() -> Path:
    """Returns where the digests lie that the default run must give."""
    return default_data_dir() / "expected.json"


def expected_race_path() -> Path:
    """Returns where the digests lie that a race must give, which is over another horizon."""
    return default_data_dir() / "expected-race.json"
