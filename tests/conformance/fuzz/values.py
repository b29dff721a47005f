"""Random messages of any descriptor, with the values at which languages differ favoured."""

import math
import random
import struct
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.wrappers_pb2 import StringValue

Field = FieldDescriptor

_DEPTH = 4
_INT32 = (0, 1, -1, 127, 128, -128, 2**31 - 1, -(2**31))
_UINT32 = (0, 1, 127, 128, 2**31, 2**32 - 1)
_INT64 = (*_INT32, 2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63))
_UINT64 = (*_UINT32, 2**53, 2**53 + 1, 2**63, 2**64 - 1)
_DOUBLES = (
    0.0, -0.0, 1.0, -1.5, 0.1, 1 / 3, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1e16, 1e17,
    1e21, -1e22, 1e-5, 1e-7, 123456789012345680.0, 2.0**53, math.nan, math.inf, -math.inf,
)  # fmt: skip
_FLOATS = (0.0, -0.0, 1.0, 0.1, 16777216.0, 1e10, 1e21, 1.1754943508222875e-38, 1e-45, 3.4028234663852886e38,
           -3.4028234663852886e38, 1e-7, math.nan, math.inf, -math.inf)  # fmt: skip
_STRINGS = (
    "", "a", "NaN", "null", "1", "true", "\x00", "\t\n\r\x1b\x7f", 'quote " and \\', "</script>&amp;",
    "ü", "e\u0301", "\u2028\u2029", "\ufeffmark", "\ufffd", "\uffff", "\U0001f600", "\U0010ffff", "__proto__",
    "constructor", "@type", "$typeName", "a.b", "[0]", " space ",
)  # fmt: skip
_BYTES = (b"", b"\x00", b"a", b"ab", b"abc", b"\xfb\xff\xfe", b"\xff" * 17, bytes(range(256)))
_SECONDS = (0, 1, -1, 253402300799, -62135596800, 951782400, 1709164800, 2**31, -(2**31) - 1)
_BAD_SECONDS = (253402300800, -62135596801, 2**63 - 1, -(2**63))
_NANOS = (0, 1, 999999999, 1000, 1000000, 500000000, 123456789, 120000000)
_BAD_NANOS = (-1, 1000000000, -999999999, 2**31 - 1)
_SPAN = (0, 1, -1, 315576000000, -315576000000, 59, 3600)
_BAD_SPAN = (315576000001, -315576000001, 2**63 - 1)
_PATHS = ("a", "foo_bar", "foo.bar_baz", "a.b.c", "x1", "some_field_2x")
# Not "a,b": the JSON of a mask has no way to say it, and all three read back two paths.
_BAD_PATHS = ("fooBar", "foo__bar", "", "_a", "a_", "a_1", "a b", "ü")
_PREFIXES = ("type.googleapis.com/", "type.googleapis.com/", "example.com/types/", "/", "")
# Types that each language's converter knows. The schemas' own are not among them.
_TRAVELLERS: tuple[type[Message], ...] = (Timestamp, StringValue, Struct)


class Values:
    """Draws messages. Values outside a type's limits come with a probability of `bad`."""

    def __init__(self, chance: random.Random, bad: float = 0.04) -> None:
        self.chance = chance
        self.bad = bad
        self._well_known: dict[str, Callable[[Any, int], None]] = {
            "google.protobuf.Timestamp": lambda message, depth: self._time(message, _SECONDS, _BAD_SECONDS),
            "google.protobuf.Duration": self._duration,
            "google.protobuf.FieldMask": self._mask,
            "google.protobuf.Any": self._any,
            "google.protobuf.Value": self._value,
            "google.protobuf.Struct": self._struct,
            "google.protobuf.ListValue": self._list,
        }

    def fill(self, message: Message, depth: int = 0) -> Message:
        """Sets some of a message's fields."""
        if fill := self._well_known.get(message.DESCRIPTOR.full_name):
            fill(message, depth)
            return message
        density = self.chance.choice((0.3, 0.6, 0.9)) / (1 + depth / 2)
        for field in message.DESCRIPTOR.fields:
            if self.chance.random() < density and not (field.message_type and depth >= _DEPTH):
                self._set(message, field, depth)
        if self.chance.random() < 0.06:
            message.MergeFromString(self._unknown(message.DESCRIPTOR))
        return message

    def scalar(self, field: FieldDescriptor) -> Any:  # noqa: PLR0911 - a table
        """Draws a value of a field that is no message."""
        draw = self.chance.random()
        match field.type:
            case Field.TYPE_BOOL:
                return draw < 0.5
            case Field.TYPE_STRING:
                return self._string() if draw < 0.3 else self.chance.choice(_STRINGS)
            case Field.TYPE_BYTES:
                return (
                    self.chance.randbytes(self.chance.randint(0, 40))
                    if draw < 0.3
                    else self.chance.choice(_BYTES)
                )
            case Field.TYPE_DOUBLE:
                return self._bits("<Q", "<d") if draw < 0.3 else self.chance.choice(_DOUBLES)
            case Field.TYPE_FLOAT:
                return self._bits("<I", "<f") if draw < 0.3 else self.chance.choice(_FLOATS)
            case Field.TYPE_ENUM:
                return self._enum(field)
        edges = self._edges(field)
        return self.chance.randint(min(edges), max(edges)) if draw < 0.2 else self.chance.choice(edges)

    @staticmethod
    def _edges(field: FieldDescriptor) -> tuple[int, ...]:
        if field.type in (Field.TYPE_INT32, Field.TYPE_SINT32, Field.TYPE_SFIXED32):
            return _INT32
        if field.type in (Field.TYPE_UINT32, Field.TYPE_FIXED32):
            return _UINT32
        return _UINT64 if field.type in (Field.TYPE_UINT64, Field.TYPE_FIXED64) else _INT64

    def _enum(self, field: FieldDescriptor) -> int:
        known = [value.number for value in field.enum_type.values]
        if not field.enum_type.is_closed and self.chance.random() < 0.2:
            return self.chance.choice((3, -7, 2**31 - 2, -(2**31) + 1))
        return self.chance.choice(known)

    def _bits(self, bits: str, number: str) -> float:
        size = struct.calcsize(bits)
        value: float = struct.unpack(number, self.chance.randbytes(size))[0]
        return value

    def _string(self) -> str:
        planes = (
            (0x20, 0x7E),
            (0, 0x1F),
            (0x80, 0x7FF),
            (0x800, 0xD7FF),
            (0xE000, 0xFFFF),
            (0x10000, 0x10FFFF),
        )
        return "".join(
            chr(self.chance.randint(*self.chance.choice(planes))) for _ in range(self.chance.randint(0, 9))
        )

    def _set(self, message: Message, field: FieldDescriptor, depth: int) -> None:
        holder = getattr(message, field.name)
        if field.message_type and field.message_type.GetOptions().map_entry:
            key, value = field.message_type.fields_by_name["key"], field.message_type.fields_by_name["value"]
            for _ in range(self.chance.randint(0, 3)):
                if value.message_type:
                    self.fill(holder[self.scalar(key)], depth + 1)
                else:
                    holder[self.scalar(key)] = self.scalar(value)
        elif field.is_repeated:
            for _ in range(self.chance.randint(0, 4)):
                if field.message_type:
                    self.fill(holder.add(), depth + 1)
                else:
                    holder.append(self.scalar(field))
        elif field.message_type:
            holder.SetInParent()
            self.fill(holder, depth + 1)
        else:
            setattr(message, field.name, self.scalar(field))

    def _unknown(self, descriptor: Descriptor) -> bytes:
        number = self.chance.choice(
            [n for n in (100, 5000, 536870910) if n not in descriptor.fields_by_number]
        )
        return self.chance.choice(
            (
                varint(number << 3) + varint(self.chance.choice((0, 1, 2**64 - 1))),
                varint(number << 3 | 1) + self.chance.randbytes(8),
                varint(number << 3 | 2) + b"\x03abc",
                varint(number << 3 | 3) + b"\x08\x01" + varint(number << 3 | 4),
                varint(number << 3 | 5) + self.chance.randbytes(4),
            )
        )

    def _is_bad(self) -> bool:
        return self.chance.random() < self.bad

    def _time(self, message: Any, good: tuple[int, ...], bad: tuple[int, ...]) -> None:
        random_second = self.chance.randint(-62135596800, 253402300799)
        message.seconds = self.chance.choice(bad if self._is_bad() else (*good, random_second))
        message.nanos = self.chance.choice(_BAD_NANOS if self._is_bad() else _NANOS)

    def _duration(self, message: Any, depth: int) -> None:
        message.seconds = self.chance.choice(
            _BAD_SPAN if self._is_bad() else (*_SPAN, self.chance.randint(-9999, 9999))
        )
        nanos = self.chance.choice(_NANOS)
        negative = message.seconds < 0 or (message.seconds == 0 and self.chance.random() < 0.5)
        message.nanos = -nanos if negative else nanos
        if self._is_bad():
            message.nanos = self.chance.choice((-message.nanos, *_BAD_NANOS))

    def _mask(self, message: Any, depth: int) -> None:
        for _ in range(self.chance.randint(0, 3)):
            message.paths.append(self.chance.choice(_BAD_PATHS if self._is_bad() else _PATHS))

    def _any(self, message: Any, depth: int) -> None:
        draw = self.chance.random()
        if draw < 0.1:
            return
        content = self.chance.choice(_TRAVELLERS)()
        message.value = self.fill(content, depth + 1).SerializeToString(deterministic=True)
        message.type_url = self.chance.choice(_PREFIXES[:3]) + content.DESCRIPTOR.full_name
        if self._is_bad():
            message.type_url = self.chance.choice(
                (*_PREFIXES, "type.googleapis.com/acme.Unknown", "no slash")
            )
        if self._is_bad():
            message.value = self.chance.choice((b"\xff", b"\x08", b""))

    def _value(self, message: Any, depth: int) -> None:
        if self._is_bad():
            return
        kinds = ["null", "number", "number", "string", "bool"] + (
            ["struct", "list"] if depth < _DEPTH else []
        )
        match self.chance.choice(kinds):
            case "null":
                message.null_value = 0
            case "number":
                finite = [number for number in _DOUBLES if math.isfinite(number)]
                message.number_value = self.chance.choice(_DOUBLES[-3:] if self._is_bad() else finite)
            case "string":
                message.string_value = self.chance.choice(_STRINGS)
            case "bool":
                message.bool_value = self.chance.random() < 0.5
            case "struct":
                message.struct_value.SetInParent()
                self._struct(message.struct_value, depth + 1)
            case "list":
                message.list_value.SetInParent()
                self._list(message.list_value, depth + 1)

    def _struct(self, message: Any, depth: int) -> None:
        for _ in range(self.chance.randint(0, 3)):
            self._value(message.fields[self.chance.choice(_STRINGS)], depth + 1)

    def _list(self, message: Any, depth: int) -> None:
        for _ in range(self.chance.randint(0, 3)):
            self._value(message.values.add(), depth + 1)


def varint(number: int) -> bytes:
    """A number in protobuf's variable-length form."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
