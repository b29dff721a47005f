"""Between the contract's messages and the kernel's arrays."""

import numpy as np

from triglot.risk.kernel import InvalidSpecError, Spec
from triglot.risk.shard import Shard
from triglot.risk.v1 import simulation_pb2 as pb


def spec_from_message(message: pb.SimulationSpec) -> Spec:
    """Reads a spec.

    Raises:
        KernelError: If a value lies outside the kernel's range.
    """
    factors = np.array(message.growth_factors, dtype=np.float64)
    if len(factors) != message.day_count * message.asset_count:
        raise InvalidSpecError(
            "growth_factors",
            f"{len(factors)} growth factors are not {message.day_count} days x {message.asset_count} assets",
        )
    return Spec(
        factors=factors.reshape(message.day_count, message.asset_count),
        exposures=np.array(message.exposures_minor, dtype=np.int64),
        horizon=message.horizon_days,
        block=message.block_days,
        seed=message.seed,
    )


def spec_to_message(spec: Spec) -> pb.SimulationSpec:
    """Writes a spec."""
    return pb.SimulationSpec(
        day_count=spec.day_count,
        asset_count=spec.asset_count,
        growth_factors=spec.factors.ravel().tolist(),
        exposures_minor=spec.exposures.tolist(),
        horizon_days=spec.horizon,
        block_days=spec.block,
        seed=spec.seed,
    )


def shard_from_message(message: pb.Shard) -> Shard:
    """Reads a shard.

    Raises:
        KernelError: If its parts contradict each other.
    """
    return Shard(
        count=message.scenario_count,
        total=message.sum_minor,
        minimum=message.min_minor,
        maximum=message.max_minor,
        bitsum=message.bitsum,
        low=message.histogram.low_minor,
        width=message.histogram.width_minor,
        bins=np.array(message.histogram.counts, dtype=np.int64),
        tail=np.array(message.tail_minor, dtype=np.int64),
        worst_pnl=np.array([result.pnl_minor for result in message.worst], dtype=np.int64),
        worst_scenario=np.array([result.scenario for result in message.worst], dtype=np.int64),
    )


def shard_to_message(shard: Shard) -> pb.Shard:
    """Writes a shard."""
    return pb.Shard(
        scenario_count=shard.count,
        sum_minor=shard.total,
        min_minor=shard.minimum,
        max_minor=shard.maximum,
        bitsum=shard.bitsum,
        histogram=pb.Histogram(low_minor=shard.low, width_minor=shard.width, counts=shard.bins.tolist()),
        tail_minor=shard.tail.tolist(),
        worst=[
            pb.ScenarioResult(pnl_minor=pnl, scenario=scenario)
            for pnl, scenario in zip(shard.worst_pnl.tolist(), shard.worst_scenario.tolist(), strict=True)
        ],
    )
