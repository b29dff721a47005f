# mypy: ignore-errors
import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from triglot.store.v1 import object_pb2 as _object_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SendNotificationRequest(_message.Message):
    __slots__ = ("idempotency_key", "recipient", "notification")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    RECIPIENT_FIELD_NUMBER: _ClassVar[int]
    NOTIFICATION_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    recipient: Recipient
    notification: Notification
    def __init__(self, idempotency_key: _Optional[str] = ..., recipient: _Optional[_Union[Recipient, _Mapping]] = ..., notification: _Optional[_Union[Notification, _Mapping]] = ...) -> None: ...

class SendNotificationResponse(_message.Message):
    __slots__ = ("delivery_id", "accepted_at")
    DELIVERY_ID_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_AT_FIELD_NUMBER: _ClassVar[int]
    delivery_id: str
    accepted_at: _timestamp_pb2.Timestamp
    def __init__(self, delivery_id: _Optional[str] = ..., accepted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Recipient(_message.Message):
    __slots__ = ("email", "webhook")
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_FIELD_NUMBER: _ClassVar[int]
    email: EmailRecipient
    webhook: WebhookRecipient
    def __init__(self, email: _Optional[_Union[EmailRecipient, _Mapping]] = ..., webhook: _Optional[_Union[WebhookRecipient, _Mapping]] = ...) -> None: ...

class EmailRecipient(_message.Message):
    __slots__ = ("address",)
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    address: str
    def __init__(self, address: _Optional[str] = ...) -> None: ...

class WebhookRecipient(_message.Message):
    __slots__ = ("url", "secret_name")
    URL_FIELD_NUMBER: _ClassVar[int]
    SECRET_NAME_FIELD_NUMBER: _ClassVar[int]
    url: str
    secret_name: str
    def __init__(self, url: _Optional[str] = ..., secret_name: _Optional[str] = ...) -> None: ...

class Notification(_message.Message):
    __slots__ = ("subject", "summary", "figures", "images", "topic")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    FIGURES_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    subject: str
    summary: str
    figures: _containers.RepeatedCompositeFieldContainer[Figure]
    images: _containers.RepeatedCompositeFieldContainer[Image]
    topic: str
    def __init__(self, subject: _Optional[str] = ..., summary: _Optional[str] = ..., figures: _Optional[_Iterable[_Union[Figure, _Mapping]]] = ..., images: _Optional[_Iterable[_Union[Image, _Mapping]]] = ..., topic: _Optional[str] = ...) -> None: ...

class Image(_message.Message):
    __slots__ = ("object", "description")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    object: _object_pb2.ObjectRef
    description: str
    def __init__(self, object: _Optional[_Union[_object_pb2.ObjectRef, _Mapping]] = ..., description: _Optional[str] = ...) -> None: ...

class Figure(_message.Message):
    __slots__ = ("label", "currency", "amount_minor", "lower_minor", "upper_minor")
    LABEL_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    LOWER_MINOR_FIELD_NUMBER: _ClassVar[int]
    UPPER_MINOR_FIELD_NUMBER: _ClassVar[int]
    label: str
    currency: str
    amount_minor: int
    lower_minor: int
    upper_minor: int
    def __init__(self, label: _Optional[str] = ..., currency: _Optional[str] = ..., amount_minor: _Optional[int] = ..., lower_minor: _Optional[int] = ..., upper_minor: _Optional[int] = ...) -> None: ...
