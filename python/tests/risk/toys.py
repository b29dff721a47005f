"""Small models that the risk tests share."""

import numpy as np

from triglot.risk.kernel import Spec

# docs/kernel.md, Vectors: three assets, six days.
VECTOR_PRICES = np.array(
    [
        [100.00, 50.00, 20.00],
        [101.00, 49.50, 20.10],
        [99.99, 51.25, 19.85],
        [103.50, 50.75, 20.40],
        [102.10, 52.00, 19.99],
        [98.40, 53.30, 21.05],
    ]
)
VECTOR_FACTORS = VECTOR_PRICES[1:] / VECTOR_PRICES[:-1]


def vector_spec(exposures: list[int], horizon: int, block: int, seed: int) -> Spec:
    return Spec(VECTOR_FACTORS, np.array(exposures), horizon, block, seed)


def toy_spec(seed: int = 1, days: int = 50, assets: int = 3, horizon: int = 3, block: int = 1) -> Spec:
    random = np.random.default_rng(days * assets)
    factors = 1 + random.uniform(-0.03, 0.03, (days, assets))
    return Spec(factors, np.arange(1, assets + 1) * 100_000, horizon, block, seed)
