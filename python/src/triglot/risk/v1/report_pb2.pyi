# mypy: ignore-errors
from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import empty_pb2 as _empty_pb2
from triglot.notification.v1 import notification_pb2 as _notification_pb2
from triglot.risk.v1 import decision_pb2 as _decision_pb2
from triglot.risk.v1 import market_pb2 as _market_pb2
from triglot.risk.v1 import measures_pb2 as _measures_pb2
from triglot.risk.v1 import publication_pb2 as _publication_pb2
from triglot.risk.v1 import simulation_pb2 as _simulation_pb2
from triglot.store.v1 import object_pb2 as _object_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ReportOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REPORT_OUTCOME_UNSPECIFIED: _ClassVar[ReportOutcome]
    REPORT_OUTCOME_FINAL: _ClassVar[ReportOutcome]
    REPORT_OUTCOME_REJECTED: _ClassVar[ReportOutcome]
    REPORT_OUTCOME_EXPIRED: _ClassVar[ReportOutcome]
    REPORT_OUTCOME_CANCELLED: _ClassVar[ReportOutcome]

class ReportStage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REPORT_STAGE_UNSPECIFIED: _ClassVar[ReportStage]
    REPORT_STAGE_PREPARING: _ClassVar[ReportStage]
    REPORT_STAGE_SIMULATING: _ClassVar[ReportStage]
    REPORT_STAGE_AGGREGATING: _ClassVar[ReportStage]
    REPORT_STAGE_NOTIFYING: _ClassVar[ReportStage]
    REPORT_STAGE_COMPLETED: _ClassVar[ReportStage]
    REPORT_STAGE_AWAITING_DECISION: _ClassVar[ReportStage]
    REPORT_STAGE_WITHDRAWING: _ClassVar[ReportStage]
REPORT_OUTCOME_UNSPECIFIED: ReportOutcome
REPORT_OUTCOME_FINAL: ReportOutcome
REPORT_OUTCOME_REJECTED: ReportOutcome
REPORT_OUTCOME_EXPIRED: ReportOutcome
REPORT_OUTCOME_CANCELLED: ReportOutcome
REPORT_STAGE_UNSPECIFIED: ReportStage
REPORT_STAGE_PREPARING: ReportStage
REPORT_STAGE_SIMULATING: ReportStage
REPORT_STAGE_AGGREGATING: ReportStage
REPORT_STAGE_NOTIFYING: ReportStage
REPORT_STAGE_COMPLETED: ReportStage
REPORT_STAGE_AWAITING_DECISION: ReportStage
REPORT_STAGE_WITHDRAWING: ReportStage

class GenerateRiskReportRequest(_message.Message):
    __slots__ = ("portfolio", "window", "parameters", "confidences_bp", "shard_size", "recipients")
    PORTFOLIO_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCES_BP_FIELD_NUMBER: _ClassVar[int]
    SHARD_SIZE_FIELD_NUMBER: _ClassVar[int]
    RECIPIENTS_FIELD_NUMBER: _ClassVar[int]
    portfolio: _market_pb2.Portfolio
    window: _market_pb2.PriceWindow
    parameters: _market_pb2.SimulationParameters
    confidences_bp: _containers.RepeatedScalarFieldContainer[int]
    shard_size: int
    recipients: _containers.RepeatedCompositeFieldContainer[_notification_pb2.Recipient]
    def __init__(self, portfolio: _Optional[_Union[_market_pb2.Portfolio, _Mapping]] = ..., window: _Optional[_Union[_market_pb2.PriceWindow, _Mapping]] = ..., parameters: _Optional[_Union[_market_pb2.SimulationParameters, _Mapping]] = ..., confidences_bp: _Optional[_Iterable[int]] = ..., shard_size: _Optional[int] = ..., recipients: _Optional[_Iterable[_Union[_notification_pb2.Recipient, _Mapping]]] = ...) -> None: ...

class GenerateRiskReportResponse(_message.Message):
    __slots__ = ("summary", "files", "shares", "notifications", "undelivered", "outcome", "publication_state", "window", "breach", "decision", "cancellation", "compensations")
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    NOTIFICATIONS_FIELD_NUMBER: _ClassVar[int]
    UNDELIVERED_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    PUBLICATION_STATE_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    BREACH_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    CANCELLATION_FIELD_NUMBER: _ClassVar[int]
    COMPENSATIONS_FIELD_NUMBER: _ClassVar[int]
    summary: _measures_pb2.RiskSummary
    files: _measures_pb2.ReportFiles
    shares: _containers.RepeatedCompositeFieldContainer[_simulation_pb2.WorkerShare]
    notifications: _containers.RepeatedCompositeFieldContainer[_notification_pb2.SendNotificationResponse]
    undelivered: _containers.RepeatedCompositeFieldContainer[UndeliveredNotification]
    outcome: ReportOutcome
    publication_state: _publication_pb2.PublicationState
    window: _market_pb2.PriceWindow
    breach: _decision_pb2.LimitBreach
    decision: _decision_pb2.RecordedDecision
    cancellation: _decision_pb2.CancelReportRequest
    compensations: _containers.RepeatedCompositeFieldContainer[Compensation]
    def __init__(self, summary: _Optional[_Union[_measures_pb2.RiskSummary, _Mapping]] = ..., files: _Optional[_Union[_measures_pb2.ReportFiles, _Mapping]] = ..., shares: _Optional[_Iterable[_Union[_simulation_pb2.WorkerShare, _Mapping]]] = ..., notifications: _Optional[_Iterable[_Union[_notification_pb2.SendNotificationResponse, _Mapping]]] = ..., undelivered: _Optional[_Iterable[_Union[UndeliveredNotification, _Mapping]]] = ..., outcome: _Optional[_Union[ReportOutcome, str]] = ..., publication_state: _Optional[_Union[_publication_pb2.PublicationState, str]] = ..., window: _Optional[_Union[_market_pb2.PriceWindow, _Mapping]] = ..., breach: _Optional[_Union[_decision_pb2.LimitBreach, _Mapping]] = ..., decision: _Optional[_Union[_decision_pb2.RecordedDecision, _Mapping]] = ..., cancellation: _Optional[_Union[_decision_pb2.CancelReportRequest, _Mapping]] = ..., compensations: _Optional[_Iterable[_Union[Compensation, _Mapping]]] = ...) -> None: ...

class Compensation(_message.Message):
    __slots__ = ("step", "action", "error")
    STEP_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    step: str
    action: str
    error: str
    def __init__(self, step: _Optional[str] = ..., action: _Optional[str] = ..., error: _Optional[str] = ...) -> None: ...

class UndeliveredNotification(_message.Message):
    __slots__ = ("recipient_index", "error_type", "message", "topic")
    RECIPIENT_INDEX_FIELD_NUMBER: _ClassVar[int]
    ERROR_TYPE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    recipient_index: int
    error_type: str
    message: str
    topic: str
    def __init__(self, recipient_index: _Optional[int] = ..., error_type: _Optional[str] = ..., message: _Optional[str] = ..., topic: _Optional[str] = ...) -> None: ...

class SimulateShardsRequest(_message.Message):
    __slots__ = ("spec", "range", "shard_size")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    RANGE_FIELD_NUMBER: _ClassVar[int]
    SHARD_SIZE_FIELD_NUMBER: _ClassVar[int]
    spec: _object_pb2.ObjectRef
    range: _simulation_pb2.ScenarioRange
    shard_size: int
    def __init__(self, spec: _Optional[_Union[_object_pb2.ObjectRef, _Mapping]] = ..., range: _Optional[_Union[_simulation_pb2.ScenarioRange, _Mapping]] = ..., shard_size: _Optional[int] = ...) -> None: ...

class SimulateShardsResponse(_message.Message):
    __slots__ = ("shard", "shares")
    SHARD_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    shard: _object_pb2.ObjectRef
    shares: _containers.RepeatedCompositeFieldContainer[_simulation_pb2.WorkerShare]
    def __init__(self, shard: _Optional[_Union[_object_pb2.ObjectRef, _Mapping]] = ..., shares: _Optional[_Iterable[_Union[_simulation_pb2.WorkerShare, _Mapping]]] = ...) -> None: ...

class GetProgressRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetReportRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetReportResponse(_message.Message):
    __slots__ = ("report",)
    REPORT_FIELD_NUMBER: _ClassVar[int]
    report: GenerateRiskReportResponse
    def __init__(self, report: _Optional[_Union[GenerateRiskReportResponse, _Mapping]] = ...) -> None: ...

class GetProgressResponse(_message.Message):
    __slots__ = ("stage", "shards_total", "shards_completed", "shards_in_flight", "scenarios_completed", "shares", "notifications_total", "notifications_sent", "notifications_undelivered")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    SHARDS_TOTAL_FIELD_NUMBER: _ClassVar[int]
    SHARDS_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    SHARDS_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    SCENARIOS_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    NOTIFICATIONS_TOTAL_FIELD_NUMBER: _ClassVar[int]
    NOTIFICATIONS_SENT_FIELD_NUMBER: _ClassVar[int]
    NOTIFICATIONS_UNDELIVERED_FIELD_NUMBER: _ClassVar[int]
    stage: ReportStage
    shards_total: int
    shards_completed: int
    shards_in_flight: int
    scenarios_completed: int
    shares: _containers.RepeatedCompositeFieldContainer[_simulation_pb2.WorkerShare]
    notifications_total: int
    notifications_sent: int
    notifications_undelivered: int
    def __init__(self, stage: _Optional[_Union[ReportStage, str]] = ..., shards_total: _Optional[int] = ..., shards_completed: _Optional[int] = ..., shards_in_flight: _Optional[int] = ..., scenarios_completed: _Optional[int] = ..., shares: _Optional[_Iterable[_Union[_simulation_pb2.WorkerShare, _Mapping]]] = ..., notifications_total: _Optional[int] = ..., notifications_sent: _Optional[int] = ..., notifications_undelivered: _Optional[int] = ...) -> None: ...
