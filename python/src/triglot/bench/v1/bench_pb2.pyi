# mypy: ignore-errors
from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RunCallsRequest(_message.Message):
    __slots__ = ("task_queue", "call_count", "concurrency", "call", "pause_milliseconds")
    TASK_QUEUE_FIELD_NUMBER: _ClassVar[int]
    CALL_COUNT_FIELD_NUMBER: _ClassVar[int]
    CONCURRENCY_FIELD_NUMBER: _ClassVar[int]
    CALL_FIELD_NUMBER: _ClassVar[int]
    PAUSE_MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    task_queue: str
    call_count: int
    concurrency: int
    call: CallRequest
    pause_milliseconds: int
    def __init__(self, task_queue: _Optional[str] = ..., call_count: _Optional[int] = ..., concurrency: _Optional[int] = ..., call: _Optional[_Union[CallRequest, _Mapping]] = ..., pause_milliseconds: _Optional[int] = ...) -> None: ...

class RunCallsResponse(_message.Message):
    __slots__ = ("answered_bytes",)
    ANSWERED_BYTES_FIELD_NUMBER: _ClassVar[int]
    answered_bytes: int
    def __init__(self, answered_bytes: _Optional[int] = ...) -> None: ...

class CallRequest(_message.Message):
    __slots__ = ("noop", "echo", "compute", "fetch", "wait")
    NOOP_FIELD_NUMBER: _ClassVar[int]
    ECHO_FIELD_NUMBER: _ClassVar[int]
    COMPUTE_FIELD_NUMBER: _ClassVar[int]
    FETCH_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    noop: Noop
    echo: Echo
    compute: Compute
    fetch: Fetch
    wait: Wait
    def __init__(self, noop: _Optional[_Union[Noop, _Mapping]] = ..., echo: _Optional[_Union[Echo, _Mapping]] = ..., compute: _Optional[_Union[Compute, _Mapping]] = ..., fetch: _Optional[_Union[Fetch, _Mapping]] = ..., wait: _Optional[_Union[Wait, _Mapping]] = ...) -> None: ...

class Noop(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Echo(_message.Message):
    __slots__ = ("payload",)
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    payload: bytes
    def __init__(self, payload: _Optional[bytes] = ...) -> None: ...

class Compute(_message.Message):
    __slots__ = ("iterations",)
    ITERATIONS_FIELD_NUMBER: _ClassVar[int]
    iterations: int
    def __init__(self, iterations: _Optional[int] = ...) -> None: ...

class Fetch(_message.Message):
    __slots__ = ("url",)
    URL_FIELD_NUMBER: _ClassVar[int]
    url: str
    def __init__(self, url: _Optional[str] = ...) -> None: ...

class Wait(_message.Message):
    __slots__ = ("milliseconds",)
    MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    milliseconds: int
    def __init__(self, milliseconds: _Optional[int] = ...) -> None: ...

class CallResponse(_message.Message):
    __slots__ = ("payload",)
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    payload: bytes
    def __init__(self, payload: _Optional[bytes] = ...) -> None: ...
