# mypy: ignore-errors
import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from triglot.notification.v1 import notification_pb2 as _notification_pb2
from triglot.store.v1 import object_pb2 as _object_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Portfolio(_message.Message):
    __slots__ = ("id", "name", "currency", "positions", "limit")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    currency: str
    positions: _containers.RepeatedCompositeFieldContainer[Position]
    limit: RiskLimit
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., currency: _Optional[str] = ..., positions: _Optional[_Iterable[_Union[Position, _Mapping]]] = ..., limit: _Optional[_Union[RiskLimit, _Mapping]] = ...) -> None: ...

class Position(_message.Message):
    __slots__ = ("symbol", "exposure_minor", "labels")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    EXPOSURE_MINOR_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    exposure_minor: int
    labels: _containers.ScalarMap[str, str]
    def __init__(self, symbol: _Optional[str] = ..., exposure_minor: _Optional[int] = ..., labels: _Optional[_Mapping[str, str]] = ...) -> None: ...

class RiskLimit(_message.Message):
    __slots__ = ("confidence_bp", "value_at_risk_minor", "approvers", "decide_within", "escalation")
    CONFIDENCE_BP_FIELD_NUMBER: _ClassVar[int]
    VALUE_AT_RISK_MINOR_FIELD_NUMBER: _ClassVar[int]
    APPROVERS_FIELD_NUMBER: _ClassVar[int]
    DECIDE_WITHIN_FIELD_NUMBER: _ClassVar[int]
    ESCALATION_FIELD_NUMBER: _ClassVar[int]
    confidence_bp: int
    value_at_risk_minor: int
    approvers: _containers.RepeatedScalarFieldContainer[str]
    decide_within: _duration_pb2.Duration
    escalation: _containers.RepeatedCompositeFieldContainer[_notification_pb2.Recipient]
    def __init__(self, confidence_bp: _Optional[int] = ..., value_at_risk_minor: _Optional[int] = ..., approvers: _Optional[_Iterable[str]] = ..., decide_within: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., escalation: _Optional[_Iterable[_Union[_notification_pb2.Recipient, _Mapping]]] = ...) -> None: ...

class PriceWindow(_message.Message):
    __slots__ = ("prices", "from_date", "as_of_date", "or_last_before")
    PRICES_FIELD_NUMBER: _ClassVar[int]
    FROM_DATE_FIELD_NUMBER: _ClassVar[int]
    AS_OF_DATE_FIELD_NUMBER: _ClassVar[int]
    OR_LAST_BEFORE_FIELD_NUMBER: _ClassVar[int]
    prices: _object_pb2.ObjectRef
    from_date: str
    as_of_date: str
    or_last_before: bool
    def __init__(self, prices: _Optional[_Union[_object_pb2.ObjectRef, _Mapping]] = ..., from_date: _Optional[str] = ..., as_of_date: _Optional[str] = ..., or_last_before: _Optional[bool] = ...) -> None: ...

class PriceHistory(_message.Message):
    __slots__ = ("symbols", "dates", "decimals", "prices")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    DATES_FIELD_NUMBER: _ClassVar[int]
    DECIMALS_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    dates: _containers.RepeatedScalarFieldContainer[str]
    decimals: int
    prices: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., dates: _Optional[_Iterable[str]] = ..., decimals: _Optional[int] = ..., prices: _Optional[_Iterable[int]] = ...) -> None: ...

class SimulationParameters(_message.Message):
    __slots__ = ("scenario_count", "horizon_days", "block_days", "seed")
    SCENARIO_COUNT_FIELD_NUMBER: _ClassVar[int]
    HORIZON_DAYS_FIELD_NUMBER: _ClassVar[int]
    BLOCK_DAYS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    scenario_count: int
    horizon_days: int
    block_days: int
    seed: int
    def __init__(self, scenario_count: _Optional[int] = ..., horizon_days: _Optional[int] = ..., block_days: _Optional[int] = ..., seed: _Optional[int] = ...) -> None: ...
