# mypy: ignore-errors
import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from triglot.store.v1 import object_pb2 as _object_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SimulateShardRequest(_message.Message):
    __slots__ = ("spec", "range")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    RANGE_FIELD_NUMBER: _ClassVar[int]
    spec: _object_pb2.ObjectRef
    range: ScenarioRange
    def __init__(self, spec: _Optional[_Union[_object_pb2.ObjectRef, _Mapping]] = ..., range: _Optional[_Union[ScenarioRange, _Mapping]] = ...) -> None: ...

class SimulateShardResponse(_message.Message):
    __slots__ = ("shard", "scenario_count", "digest", "provenance")
    SHARD_FIELD_NUMBER: _ClassVar[int]
    SCENARIO_COUNT_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    shard: _object_pb2.ObjectRef
    scenario_count: int
    digest: str
    provenance: Provenance
    def __init__(self, shard: _Optional[_Union[_object_pb2.ObjectRef, _Mapping]] = ..., scenario_count: _Optional[int] = ..., digest: _Optional[str] = ..., provenance: _Optional[_Union[Provenance, _Mapping]] = ...) -> None: ...

class ShardCheckpoint(_message.Message):
    __slots__ = ("next_scenario", "partial")
    NEXT_SCENARIO_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_FIELD_NUMBER: _ClassVar[int]
    next_scenario: int
    partial: _object_pb2.ObjectRef
    def __init__(self, next_scenario: _Optional[int] = ..., partial: _Optional[_Union[_object_pb2.ObjectRef, _Mapping]] = ...) -> None: ...

class SimulationSpec(_message.Message):
    __slots__ = ("day_count", "asset_count", "growth_factors", "exposures_minor", "horizon_days", "block_days", "seed")
    DAY_COUNT_FIELD_NUMBER: _ClassVar[int]
    ASSET_COUNT_FIELD_NUMBER: _ClassVar[int]
    GROWTH_FACTORS_FIELD_NUMBER: _ClassVar[int]
    EXPOSURES_MINOR_FIELD_NUMBER: _ClassVar[int]
    HORIZON_DAYS_FIELD_NUMBER: _ClassVar[int]
    BLOCK_DAYS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    day_count: int
    asset_count: int
    growth_factors: _containers.RepeatedScalarFieldContainer[float]
    exposures_minor: _containers.RepeatedScalarFieldContainer[int]
    horizon_days: int
    block_days: int
    seed: int
    def __init__(self, day_count: _Optional[int] = ..., asset_count: _Optional[int] = ..., growth_factors: _Optional[_Iterable[float]] = ..., exposures_minor: _Optional[_Iterable[int]] = ..., horizon_days: _Optional[int] = ..., block_days: _Optional[int] = ..., seed: _Optional[int] = ...) -> None: ...

class ScenarioRange(_message.Message):
    __slots__ = ("first", "count")
    FIRST_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    first: int
    count: int
    def __init__(self, first: _Optional[int] = ..., count: _Optional[int] = ...) -> None: ...

class Shard(_message.Message):
    __slots__ = ("scenario_count", "sum_minor", "min_minor", "max_minor", "bitsum", "histogram", "tail_minor", "worst")
    SCENARIO_COUNT_FIELD_NUMBER: _ClassVar[int]
    SUM_MINOR_FIELD_NUMBER: _ClassVar[int]
    MIN_MINOR_FIELD_NUMBER: _ClassVar[int]
    MAX_MINOR_FIELD_NUMBER: _ClassVar[int]
    BITSUM_FIELD_NUMBER: _ClassVar[int]
    HISTOGRAM_FIELD_NUMBER: _ClassVar[int]
    TAIL_MINOR_FIELD_NUMBER: _ClassVar[int]
    WORST_FIELD_NUMBER: _ClassVar[int]
    scenario_count: int
    sum_minor: int
    min_minor: int
    max_minor: int
    bitsum: int
    histogram: Histogram
    tail_minor: _containers.RepeatedScalarFieldContainer[int]
    worst: _containers.RepeatedCompositeFieldContainer[ScenarioResult]
    def __init__(self, scenario_count: _Optional[int] = ..., sum_minor: _Optional[int] = ..., min_minor: _Optional[int] = ..., max_minor: _Optional[int] = ..., bitsum: _Optional[int] = ..., histogram: _Optional[_Union[Histogram, _Mapping]] = ..., tail_minor: _Optional[_Iterable[int]] = ..., worst: _Optional[_Iterable[_Union[ScenarioResult, _Mapping]]] = ...) -> None: ...

class Histogram(_message.Message):
    __slots__ = ("low_minor", "width_minor", "counts")
    LOW_MINOR_FIELD_NUMBER: _ClassVar[int]
    WIDTH_MINOR_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    low_minor: int
    width_minor: int
    counts: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, low_minor: _Optional[int] = ..., width_minor: _Optional[int] = ..., counts: _Optional[_Iterable[int]] = ...) -> None: ...

class ScenarioResult(_message.Message):
    __slots__ = ("pnl_minor", "scenario")
    PNL_MINOR_FIELD_NUMBER: _ClassVar[int]
    SCENARIO_FIELD_NUMBER: _ClassVar[int]
    pnl_minor: int
    scenario: int
    def __init__(self, pnl_minor: _Optional[int] = ..., scenario: _Optional[int] = ...) -> None: ...

class Provenance(_message.Message):
    __slots__ = ("language", "runtime", "worker_version", "cpu_time")
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_FIELD_NUMBER: _ClassVar[int]
    WORKER_VERSION_FIELD_NUMBER: _ClassVar[int]
    CPU_TIME_FIELD_NUMBER: _ClassVar[int]
    language: str
    runtime: str
    worker_version: str
    cpu_time: _duration_pb2.Duration
    def __init__(self, language: _Optional[str] = ..., runtime: _Optional[str] = ..., worker_version: _Optional[str] = ..., cpu_time: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class WorkerShare(_message.Message):
    __slots__ = ("language", "shard_count", "scenario_count", "cpu_time")
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    SHARD_COUNT_FIELD_NUMBER: _ClassVar[int]
    SCENARIO_COUNT_FIELD_NUMBER: _ClassVar[int]
    CPU_TIME_FIELD_NUMBER: _ClassVar[int]
    language: str
    shard_count: int
    scenario_count: int
    cpu_time: _duration_pb2.Duration
    def __init__(self, language: _Optional[str] = ..., shard_count: _Optional[int] = ..., scenario_count: _Optional[int] = ..., cpu_time: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class KernelInput(_message.Message):
    __slots__ = ("spec", "range")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    RANGE_FIELD_NUMBER: _ClassVar[int]
    spec: SimulationSpec
    range: ScenarioRange
    def __init__(self, spec: _Optional[_Union[SimulationSpec, _Mapping]] = ..., range: _Optional[_Union[ScenarioRange, _Mapping]] = ...) -> None: ...

class KernelOutput(_message.Message):
    __slots__ = ("shard", "digest")
    SHARD_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    shard: Shard
    digest: str
    def __init__(self, shard: _Optional[_Union[Shard, _Mapping]] = ..., digest: _Optional[str] = ...) -> None: ...
