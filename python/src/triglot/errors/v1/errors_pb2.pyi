# mypy: ignore-errors
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_TYPE_UNSPECIFIED: _ClassVar[ErrorType]
    ERROR_TYPE_INVALID_ARGUMENT: _ClassVar[ErrorType]
    ERROR_TYPE_OBJECT_NOT_FOUND: _ClassVar[ErrorType]
    ERROR_TYPE_OBJECT_CORRUPT: _ClassVar[ErrorType]
    ERROR_TYPE_STORE_UNAVAILABLE: _ClassVar[ErrorType]
    ERROR_TYPE_DELIVERY_REJECTED: _ClassVar[ErrorType]
    ERROR_TYPE_DELIVERY_FAILED: _ClassVar[ErrorType]
    ERROR_TYPE_INTERRUPTED: _ClassVar[ErrorType]
    ERROR_TYPE_REPORT_WITHDRAWN: _ClassVar[ErrorType]
    ERROR_TYPE_ALREADY_DECIDED: _ClassVar[ErrorType]
    ERROR_TYPE_NO_DECISION_NEEDED: _ClassVar[ErrorType]
    ERROR_TYPE_UNKNOWN_APPROVER: _ClassVar[ErrorType]
    ERROR_TYPE_ALREADY_PUBLISHED: _ClassVar[ErrorType]
ERROR_TYPE_UNSPECIFIED: ErrorType
ERROR_TYPE_INVALID_ARGUMENT: ErrorType
ERROR_TYPE_OBJECT_NOT_FOUND: ErrorType
ERROR_TYPE_OBJECT_CORRUPT: ErrorType
ERROR_TYPE_STORE_UNAVAILABLE: ErrorType
ERROR_TYPE_DELIVERY_REJECTED: ErrorType
ERROR_TYPE_DELIVERY_FAILED: ErrorType
ERROR_TYPE_INTERRUPTED: ErrorType
ERROR_TYPE_REPORT_WITHDRAWN: ErrorType
ERROR_TYPE_ALREADY_DECIDED: ErrorType
ERROR_TYPE_NO_DECISION_NEEDED: ErrorType
ERROR_TYPE_UNKNOWN_APPROVER: ErrorType
ERROR_TYPE_ALREADY_PUBLISHED: ErrorType
