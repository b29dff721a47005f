# mypy: ignore-errors
from buf.validate import validate_pb2 as _validate_pb2
from triglot.risk.v1 import market_pb2 as _market_pb2
from triglot.risk.v1 import measures_pb2 as _measures_pb2
from triglot.risk.v1 import simulation_pb2 as _simulation_pb2
from triglot.store.v1 import object_pb2 as _object_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PrepareMarketDataRequest(_message.Message):
    __slots__ = ("portfolio", "window", "parameters")
    PORTFOLIO_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    portfolio: _market_pb2.Portfolio
    window: _market_pb2.PriceWindow
    parameters: _market_pb2.SimulationParameters
    def __init__(self, portfolio: _Optional[_Union[_market_pb2.Portfolio, _Mapping]] = ..., window: _Optional[_Union[_market_pb2.PriceWindow, _Mapping]] = ..., parameters: _Optional[_Union[_market_pb2.SimulationParameters, _Mapping]] = ...) -> None: ...

class PrepareMarketDataResponse(_message.Message):
    __slots__ = ("spec", "day_count", "asset_count", "provenance", "window")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    DAY_COUNT_FIELD_NUMBER: _ClassVar[int]
    ASSET_COUNT_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    spec: _object_pb2.ObjectRef
    day_count: int
    asset_count: int
    provenance: _simulation_pb2.Provenance
    window: _market_pb2.PriceWindow
    def __init__(self, spec: _Optional[_Union[_object_pb2.ObjectRef, _Mapping]] = ..., day_count: _Optional[int] = ..., asset_count: _Optional[int] = ..., provenance: _Optional[_Union[_simulation_pb2.Provenance, _Mapping]] = ..., window: _Optional[_Union[_market_pb2.PriceWindow, _Mapping]] = ...) -> None: ...

class MergeShardsRequest(_message.Message):
    __slots__ = ("shards",)
    SHARDS_FIELD_NUMBER: _ClassVar[int]
    shards: _containers.RepeatedCompositeFieldContainer[_object_pb2.ObjectRef]
    def __init__(self, shards: _Optional[_Iterable[_Union[_object_pb2.ObjectRef, _Mapping]]] = ...) -> None: ...

class MergeShardsResponse(_message.Message):
    __slots__ = ("shard", "scenario_count", "provenance")
    SHARD_FIELD_NUMBER: _ClassVar[int]
    SCENARIO_COUNT_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    shard: _object_pb2.ObjectRef
    scenario_count: int
    provenance: _simulation_pb2.Provenance
    def __init__(self, shard: _Optional[_Union[_object_pb2.ObjectRef, _Mapping]] = ..., scenario_count: _Optional[int] = ..., provenance: _Optional[_Union[_simulation_pb2.Provenance, _Mapping]] = ...) -> None: ...

class AggregateRiskRequest(_message.Message):
    __slots__ = ("portfolio", "window", "parameters", "confidences_bp", "spec", "shards", "preparation", "simulation")
    PORTFOLIO_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCES_BP_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    SHARDS_FIELD_NUMBER: _ClassVar[int]
    PREPARATION_FIELD_NUMBER: _ClassVar[int]
    SIMULATION_FIELD_NUMBER: _ClassVar[int]
    portfolio: _market_pb2.Portfolio
    window: _market_pb2.PriceWindow
    parameters: _market_pb2.SimulationParameters
    confidences_bp: _containers.RepeatedScalarFieldContainer[int]
    spec: _object_pb2.ObjectRef
    shards: _containers.RepeatedCompositeFieldContainer[_object_pb2.ObjectRef]
    preparation: _simulation_pb2.Provenance
    simulation: _containers.RepeatedCompositeFieldContainer[_simulation_pb2.WorkerShare]
    def __init__(self, portfolio: _Optional[_Union[_market_pb2.Portfolio, _Mapping]] = ..., window: _Optional[_Union[_market_pb2.PriceWindow, _Mapping]] = ..., parameters: _Optional[_Union[_market_pb2.SimulationParameters, _Mapping]] = ..., confidences_bp: _Optional[_Iterable[int]] = ..., spec: _Optional[_Union[_object_pb2.ObjectRef, _Mapping]] = ..., shards: _Optional[_Iterable[_Union[_object_pb2.ObjectRef, _Mapping]]] = ..., preparation: _Optional[_Union[_simulation_pb2.Provenance, _Mapping]] = ..., simulation: _Optional[_Iterable[_Union[_simulation_pb2.WorkerShare, _Mapping]]] = ...) -> None: ...

class AggregateRiskResponse(_message.Message):
    __slots__ = ("summary", "files", "provenance")
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    summary: _measures_pb2.RiskSummary
    files: _measures_pb2.ReportFiles
    provenance: _simulation_pb2.Provenance
    def __init__(self, summary: _Optional[_Union[_measures_pb2.RiskSummary, _Mapping]] = ..., files: _Optional[_Union[_measures_pb2.ReportFiles, _Mapping]] = ..., provenance: _Optional[_Union[_simulation_pb2.Provenance, _Mapping]] = ...) -> None: ...
