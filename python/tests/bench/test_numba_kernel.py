"""Numba is not among what the other tests need; where it is missing, the benchmark's row says so too."""

import numpy as np
import pytest

pytest.importorskip("numba")

from triglot.bench import numba_kernel
from triglot.risk import kernel
from triglot.risk.kernel import Spec
from triglot.risk.shard import digest


@pytest.mark.parametrize(
    ("horizon", "block", "seed", "first"),
    [(1, 1, 0, 0), (3, 1, 1, 7), (5, 2, 2**64 - 1, 2**32 - 300), (10, 7, 2**40 + 3, 65_500)],
)
def test_it_is_the_kernel_bit_for_bit(horizon: int, block: int, seed: int, first: int) -> None:
    factors = 1 + np.random.default_rng(50).uniform(-0.03, 0.03, (50, 3))
    spec = Spec(factors, np.array([5_000_000, -1_234_567, 99]), horizon=horizon, block=block, seed=seed)
    assert digest(numba_kernel.simulate(spec, first, 300)) == digest(kernel.simulate(spec, first, 300))
