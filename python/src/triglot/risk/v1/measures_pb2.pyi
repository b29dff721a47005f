# mypy: ignore-errors
from buf.validate import validate_pb2 as _validate_pb2
from triglot.store.v1 import object_pb2 as _object_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RiskSummary(_message.Message):
    __slots__ = ("scenario_count", "digest", "bitsum", "measures")
    SCENARIO_COUNT_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    BITSUM_FIELD_NUMBER: _ClassVar[int]
    MEASURES_FIELD_NUMBER: _ClassVar[int]
    scenario_count: int
    digest: str
    bitsum: int
    measures: _containers.RepeatedCompositeFieldContainer[RiskMeasure]
    def __init__(self, scenario_count: _Optional[int] = ..., digest: _Optional[str] = ..., bitsum: _Optional[int] = ..., measures: _Optional[_Iterable[_Union[RiskMeasure, _Mapping]]] = ...) -> None: ...

class RiskMeasure(_message.Message):
    __slots__ = ("confidence_bp", "value_at_risk", "expected_shortfall")
    CONFIDENCE_BP_FIELD_NUMBER: _ClassVar[int]
    VALUE_AT_RISK_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_SHORTFALL_FIELD_NUMBER: _ClassVar[int]
    confidence_bp: int
    value_at_risk: Estimate
    expected_shortfall: Estimate
    def __init__(self, confidence_bp: _Optional[int] = ..., value_at_risk: _Optional[_Union[Estimate, _Mapping]] = ..., expected_shortfall: _Optional[_Union[Estimate, _Mapping]] = ...) -> None: ...

class Estimate(_message.Message):
    __slots__ = ("value_minor", "lower_minor", "upper_minor")
    VALUE_MINOR_FIELD_NUMBER: _ClassVar[int]
    LOWER_MINOR_FIELD_NUMBER: _ClassVar[int]
    UPPER_MINOR_FIELD_NUMBER: _ClassVar[int]
    value_minor: int
    lower_minor: int
    upper_minor: int
    def __init__(self, value_minor: _Optional[int] = ..., lower_minor: _Optional[int] = ..., upper_minor: _Optional[int] = ...) -> None: ...

class ReportFiles(_message.Message):
    __slots__ = ("json", "html", "chart")
    JSON_FIELD_NUMBER: _ClassVar[int]
    HTML_FIELD_NUMBER: _ClassVar[int]
    CHART_FIELD_NUMBER: _ClassVar[int]
    json: _object_pb2.ObjectRef
    html: _object_pb2.ObjectRef
    chart: _object_pb2.ObjectRef
    def __init__(self, json: _Optional[_Union[_object_pb2.ObjectRef, _Mapping]] = ..., html: _Optional[_Union[_object_pb2.ObjectRef, _Mapping]] = ..., chart: _Optional[_Union[_object_pb2.ObjectRef, _Mapping]] = ...) -> None: ...
