# mypy: ignore-errors
import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from triglot.risk.v1 import measures_pb2 as _measures_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PublicationState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PUBLICATION_STATE_UNSPECIFIED: _ClassVar[PublicationState]
    PUBLICATION_STATE_PROVISIONAL: _ClassVar[PublicationState]
    PUBLICATION_STATE_FINAL: _ClassVar[PublicationState]
    PUBLICATION_STATE_WITHDRAWN: _ClassVar[PublicationState]
PUBLICATION_STATE_UNSPECIFIED: PublicationState
PUBLICATION_STATE_PROVISIONAL: PublicationState
PUBLICATION_STATE_FINAL: PublicationState
PUBLICATION_STATE_WITHDRAWN: PublicationState

class PublishReportRequest(_message.Message):
    __slots__ = ("publication",)
    PUBLICATION_FIELD_NUMBER: _ClassVar[int]
    publication: Publication
    def __init__(self, publication: _Optional[_Union[Publication, _Mapping]] = ...) -> None: ...

class PublishReportResponse(_message.Message):
    __slots__ = ("state",)
    STATE_FIELD_NUMBER: _ClassVar[int]
    state: PublicationState
    def __init__(self, state: _Optional[_Union[PublicationState, str]] = ...) -> None: ...

class PromoteReportRequest(_message.Message):
    __slots__ = ("publication", "reason")
    PUBLICATION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    publication: Publication
    reason: str
    def __init__(self, publication: _Optional[_Union[Publication, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class PromoteReportResponse(_message.Message):
    __slots__ = ("state",)
    STATE_FIELD_NUMBER: _ClassVar[int]
    state: PublicationState
    def __init__(self, state: _Optional[_Union[PublicationState, str]] = ...) -> None: ...

class WithdrawReportRequest(_message.Message):
    __slots__ = ("publication", "reason")
    PUBLICATION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    publication: Publication
    reason: str
    def __init__(self, publication: _Optional[_Union[Publication, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class WithdrawReportResponse(_message.Message):
    __slots__ = ("state",)
    STATE_FIELD_NUMBER: _ClassVar[int]
    state: PublicationState
    def __init__(self, state: _Optional[_Union[PublicationState, str]] = ...) -> None: ...

class Publication(_message.Message):
    __slots__ = ("report_id", "portfolio_id", "as_of_date", "files")
    REPORT_ID_FIELD_NUMBER: _ClassVar[int]
    PORTFOLIO_ID_FIELD_NUMBER: _ClassVar[int]
    AS_OF_DATE_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    report_id: str
    portfolio_id: str
    as_of_date: str
    files: _measures_pb2.ReportFiles
    def __init__(self, report_id: _Optional[str] = ..., portfolio_id: _Optional[str] = ..., as_of_date: _Optional[str] = ..., files: _Optional[_Union[_measures_pb2.ReportFiles, _Mapping]] = ...) -> None: ...

class PublicationMark(_message.Message):
    __slots__ = ("publication", "state", "reason", "marked_at")
    PUBLICATION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MARKED_AT_FIELD_NUMBER: _ClassVar[int]
    publication: Publication
    state: PublicationState
    reason: str
    marked_at: _timestamp_pb2.Timestamp
    def __init__(self, publication: _Optional[_Union[Publication, _Mapping]] = ..., state: _Optional[_Union[PublicationState, str]] = ..., reason: _Optional[str] = ..., marked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
