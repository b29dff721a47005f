"""What is odd in damaged bytes: by this one knows which difference a language may make of them."""

from collections.abc import Iterator

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from fuzz.exchange import Difference

_VARINT, _FIXED64, _BYTES, _GROUP, _END, _FIXED32 = range(6)
_WIRE = {
    FieldDescriptor.CPPTYPE_MESSAGE: _BYTES,
    FieldDescriptor.CPPTYPE_STRING: _BYTES,
}
_FIXED = {
    FieldDescriptor.TYPE_DOUBLE: _FIXED64,
    FieldDescriptor.TYPE_FIXED64: _FIXED64,
    FieldDescriptor.TYPE_SFIXED64: _FIXED64,
    FieldDescriptor.TYPE_FLOAT: _FIXED32,
    FieldDescriptor.TYPE_FIXED32: _FIXED32,
    FieldDescriptor.TYPE_SFIXED32: _FIXED32,
    FieldDescriptor.TYPE_GROUP: _GROUP,
}


class _EndError(Exception):
    """The bytes are no message."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.found = set[str]()

    def varint(self) -> int:
        number = 0
        for i in range(10):
            if self.at >= len(self.data):
                raise _EndError
            byte = self.data[self.at]
            self.at += 1
            number |= (byte & 0x7F) << 7 * i
            if byte < 0x80:
                if number >> 64:
                    self.found.add("long varint")
                return number & 2**64 - 1
        self.found.add("endless varint")
        raise _EndError

    def take(self, size: int) -> bytes:
        taken = self.data[self.at : self.at + size]
        if len(taken) < size:
            raise _EndError
        self.at += size
        return taken


def oddities(difference: Difference) -> set[str]:
    """Names what is odd in the payload of a binary difference, up to where its bytes end."""
    if difference.encoding != "binary" or not difference.case.encoding:
        return set()
    reader = _Reader(difference.payload)
    try:
        _message(reader, difference.case.schema.descriptor(difference.case.type), 0)
    except _EndError:
        reader.found.add("end")
    return reader.found


def _message(reader: _Reader, descriptor: Descriptor | None, group: int) -> None:
    while reader.at < len(reader.data):
        tag = reader.varint()
        number, wire = tag >> 3, tag & 7
        if number == 0 or number >= 2**29:
            reader.found.add("number")
        if wire == _END:
            if number != group:
                reader.found.add("group end")
                raise _EndError
            return
        field = descriptor.fields_by_number.get(number) if descriptor else None
        is_odd = field is not None and wire not in _expected(field)
        if is_odd:
            reader.found.add("wire type")
        if (is_odd or not field) and descriptor and descriptor.GetOptions().map_entry:
            reader.found.add("map entry")
        _value(reader, field, number, wire)
    if group:
        raise _EndError


def _expected(field: FieldDescriptor) -> Iterator[int]:
    own = _FIXED.get(field.type, _WIRE.get(field.cpp_type, _VARINT))
    yield own
    if field.is_repeated and own not in (_BYTES, _GROUP):
        yield _BYTES


def _value(reader: _Reader, field: FieldDescriptor | None, number: int, wire: int) -> None:
    match wire:
        case 0:
            reader.varint()
        case 1:
            reader.take(8)
        case 5:
            reader.take(4)
        case 3:
            _message(reader, field.message_type if field else None, number)
        case 2:
            content = _Reader(reader.take(reader.varint()))
            content.found = reader.found
            try:
                _content(content, field)
            except _EndError:
                reader.found.add("nested end")
                raise
        case _:
            raise _EndError


def _content(reader: _Reader, field: FieldDescriptor | None) -> None:
    if field and field.message_type:
        _message(reader, field.message_type, 0)
    elif field and field.is_repeated and field.cpp_type != FieldDescriptor.CPPTYPE_STRING:
        _packed(reader, field)


def _packed(reader: _Reader, field: FieldDescriptor) -> None:
    while reader.at < len(reader.data):
        if field.type in _FIXED:
            reader.take(8 if _FIXED[field.type] == _FIXED64 else 4)
        else:
            reader.varint()
