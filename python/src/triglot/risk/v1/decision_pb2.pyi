# mypy: ignore-errors
import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from triglot.risk.v1 import market_pb2 as _market_pb2
from triglot.risk.v1 import measures_pb2 as _measures_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Decision(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DECISION_UNSPECIFIED: _ClassVar[Decision]
    DECISION_APPROVE: _ClassVar[Decision]
    DECISION_REJECT: _ClassVar[Decision]
DECISION_UNSPECIFIED: Decision
DECISION_APPROVE: Decision
DECISION_REJECT: Decision

class DecideReportRequest(_message.Message):
    __slots__ = ("decided_by", "decision", "reason")
    DECIDED_BY_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    decided_by: str
    decision: Decision
    reason: str
    def __init__(self, decided_by: _Optional[str] = ..., decision: _Optional[_Union[Decision, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class DecideReportResponse(_message.Message):
    __slots__ = ("decision",)
    DECISION_FIELD_NUMBER: _ClassVar[int]
    decision: RecordedDecision
    def __init__(self, decision: _Optional[_Union[RecordedDecision, _Mapping]] = ...) -> None: ...

class CancelReportRequest(_message.Message):
    __slots__ = ("cancelled_by", "reason")
    CANCELLED_BY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    cancelled_by: str
    reason: str
    def __init__(self, cancelled_by: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RecordedDecision(_message.Message):
    __slots__ = ("decided_by", "decision", "reason", "decided_at")
    DECIDED_BY_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_FIELD_NUMBER: _ClassVar[int]
    decided_by: str
    decision: Decision
    reason: str
    decided_at: _timestamp_pb2.Timestamp
    def __init__(self, decided_by: _Optional[str] = ..., decision: _Optional[_Union[Decision, str]] = ..., reason: _Optional[str] = ..., decided_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class LimitBreach(_message.Message):
    __slots__ = ("limit", "value_at_risk", "decide_by")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    VALUE_AT_RISK_FIELD_NUMBER: _ClassVar[int]
    DECIDE_BY_FIELD_NUMBER: _ClassVar[int]
    limit: _market_pb2.RiskLimit
    value_at_risk: _measures_pb2.Estimate
    decide_by: _timestamp_pb2.Timestamp
    def __init__(self, limit: _Optional[_Union[_market_pb2.RiskLimit, _Mapping]] = ..., value_at_risk: _Optional[_Union[_measures_pb2.Estimate, _Mapping]] = ..., decide_by: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
