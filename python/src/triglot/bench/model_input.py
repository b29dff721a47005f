"""The model that kernels are measured with: the default run's."""

import json

from google.protobuf import json_format

from triglot.risk import codec, defaults, kernel, prices
from triglot.risk.analytics import build_spec
from triglot.risk.portfolio import read_portfolio
from triglot.risk.shard import digest
from triglot.risk.v1.analytics_pb2 import PrepareMarketDataRequest
from triglot.risk.v1.market_pb2 import PriceHistory, PriceWindow, SimulationParameters
from triglot.risk.v1.simulation_pb2 import SimulationSpec


def default_input() -> tuple[PrepareMarketDataRequest, PriceHistory]:
    """Returns what the default run's model is made of, from the files of the repository.

    Raises:
        InputError: If they cannot be read.
    """
    portfolio = read_portfolio(defaults.default_portfolio())
    symbols = [position.symbol for position in portfolio.positions]
    history = prices.read_prices(defaults.default_prices(), symbols)
    request = PrepareMarketDataRequest(
        portfolio=portfolio,
        window=PriceWindow(from_date=defaults.FROM_DATE, as_of_date=history.dates[-1]),
        parameters=SimulationParameters(
            # How many does not enter the model.
            scenario_count=defaults.SCENARIO_COUNT,
            horizon_days=defaults.HORIZON_DAYS,
            block_days=defaults.BLOCK_DAYS,
            seed=defaults.SEED,
        ),
    )
    return request, history


def default_spec() -> SimulationSpec:
    """Returns the default run's model.

    Raises:
        InputError: If the files of the repository cannot be read.
    """
    return build_spec(*default_input())


def spec_line(spec: SimulationSpec) -> str:
    """Returns a model as executors read it: proto JSON on one line."""
    return json_format.MessageToJson(spec, indent=None)


def committed_digests() -> dict[int, str]:
    """Returns the digests of the default run that are committed, by number of scenarios."""
    committed: dict[str, str] = json.loads(defaults.expected_path().read_text())["digests"]
    return {int(count): digest for count, digest in committed.items()}


class ExpectedDigests:
    """What kernels must find: the committed digests of the default run, and those of the definition."""

    def __init__(self, spec: SimulationSpec) -> None:
        self._spec = codec.spec_from_message(spec)
        self._digests = committed_digests()

    def of(self, count: int) -> str:
        """Returns the digest of the first scenarios.

        Where none is committed, the NumPy kernel simulates them, which takes about a second a million.
        """
        if count not in self._digests:
            self._digests[count] = digest(kernel.simulate(self._spec, 0, count))
        return self._digests[count]
