"""The protobuf wire format, as far as reading options of an unregistered schema needs it.

The annotation schema is read from raw bytes: a registered Python module of it would shut out a user's own,
fuller copy of the schema, and would hide the fields that only that copy declares.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum


class WireType(IntEnum):
    """How a field's value is laid out."""

    VARINT = 0
    FIXED64 = 1
    LENGTH = 2
    FIXED32 = 5


@dataclass(frozen=True)
class Record:
    """One field of an encoded message."""

    number: int
    wire_type: WireType
    value: int | bytes
    """A varint's unsigned value, or the bytes of any other."""
    encoded: bytes
    """The whole record, tag included."""


def records(data: bytes) -> Iterator[Record]:
    """Yields the records of an encoded message.

    Raises:
        ValueError: the bytes are cut short or use groups, which no options message has.
    """
    position = 0
    while position < len(data):
        start = position
        tag, position = _varint(data, position)
        wire_type = WireType(tag & 7)
        value, position = _value(data, position, wire_type)
        yield Record(tag >> 3, wire_type, value, data[start:position])


def without(data: bytes, numbers: frozenset[int]) -> bytes:
    """Returns an encoded message without the fields of these numbers."""
    return b"".join(record.encoded for record in records(data) if record.number not in numbers)


def signed(value: int) -> int:
    """Reads a varint as int32, int64 or enum."""
    return value - (1 << 64) if value >= 1 << 63 else value


def double(value: bytes) -> float:
    """Reads eight bytes as double, or four as the shortest decimal that is this float, as 0.1."""
    (result,) = struct.unpack("<d" if len(value) == 8 else "<f", value)
    decimals = (float(f"{result:.{digits}g}") for digits in range(6, 9))
    if len(value) == 4 and abs(result) < 1e38:
        return next((each for each in decimals if struct.pack("<f", each) == value), float(result))
    return float(result)


def _value(data: bytes, position: int, wire_type: WireType) -> tuple[int | bytes, int]:
    if wire_type is WireType.VARINT:
        return _varint(data, position)
    if wire_type is WireType.LENGTH:
        length, position = _varint(data, position)
    else:
        length = 8 if wire_type is WireType.FIXED64 else 4
    end = position + length
    if end > len(data):
        raise ValueError("encoded message is cut short")
    return data[position:end], end


def _varint(data: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        if position >= len(data):
            raise ValueError("encoded message is cut short")
        byte = data[position]
        result |= (byte & 0x7F) << shift
        position += 1
        shift += 7
        if byte < 0x80:
            return result, position
