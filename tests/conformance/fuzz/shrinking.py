"""Makes a case smaller, in its message and in its schema, as long as it shows the same."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto
from google.protobuf.message import DecodeError, Message

from fuzz.exchange import Case
from fuzz.schemas import Schema

_ROUNDS = 40
_BATCH = 40


def shrink(case: Case, shows: Callable[[Sequence[Case]], list[bool]]) -> Case:
    """Takes away what isn't needed.

    Args:
        case: What shows something.
        shows: Whether each of some cases shows the same.
    """
    for _ in range(_ROUNDS):
        smaller = _first(_smaller(case), shows)
        if smaller is None:
            return case
        case = smaller
    return case


def _first(cases: Iterator[Case], shows: Callable[[Sequence[Case]], list[bool]]) -> Case | None:
    batch: list[Case] = []
    for case in cases:
        batch.append(case)
        if len(batch) == _BATCH:
            if found := _showing(batch, shows):
                return found
            batch = []
    return _showing(batch, shows)


def _showing(cases: list[Case], shows: Callable[[Sequence[Case]], list[bool]]) -> Case | None:
    return (
        next((case for case, shown in zip(cases, shows(cases), strict=True) if shown), None)
        if cases
        else None
    )


def _smaller(case: Case) -> Iterator[Case]:
    if case.encoding:
        pieces = (case.data[:at] + case.data[at + size :] for at, size in _spans(len(case.data)))
        yield from (
            Case(case.schema, case.type, piece, case.encoding) for piece in pieces if _is_text(case, piece)
        )
    else:
        message = case.schema.message(case.type, case.data)
        for part in _without_a_part(message):
            yield Case(case.schema, case.type, part.SerializePartialToString(deterministic=True))
    for schema in _smaller_schemas(case.schema, case.type):
        yield Case(schema, case.type, case.data, case.encoding)


def _is_text(case: Case, data: bytes) -> bool:
    try:
        return case.encoding == "binary" or bool(data.decode())
    except UnicodeDecodeError:
        return False


def _spans(length: int) -> Iterator[tuple[int, int]]:
    size = length // 2
    while size:
        yield from ((at, size) for at in range(0, length - size + 1, max(1, size // 2)))
        size //= 2


def _without_a_part(message: Message) -> Iterator[Message]:
    """Copies of a message, each of which lacks something."""
    known = _copy(message)
    known.DiscardUnknownFields()
    if known.ByteSize() < message.ByteSize():
        yield known
    for field, value in message.ListFields():
        copy = _copy(message)
        copy.ClearField(field.name)
        yield copy
        if field.message_type and field.message_type.GetOptions().map_entry:
            yield from _without_an_entry(message, field.name, value)
        elif field.is_repeated:
            yield from _without_an_item(message, field.name, len(value))
        elif field.message_type:
            for part in _without_a_part(value):
                copy = _copy(message)
                getattr(copy, field.name).CopyFrom(part)
                yield copy


def _without_an_entry(message: Message, name: str, entries: Any) -> Iterator[Message]:
    for key in entries:
        copy = _copy(message)
        del getattr(copy, name)[key]
        yield copy


def _without_an_item(message: Message, name: str, length: int) -> Iterator[Message]:
    for index in range(length):
        copy = _copy(message)
        del getattr(copy, name)[index]
        yield copy
    for index, item in enumerate(getattr(message, name)):
        if isinstance(item, Message):
            for part in _without_a_part(item):
                copy = _copy(message)
                getattr(copy, name)[index].CopyFrom(part)
                yield copy


def _copy(message: Message) -> Message:
    copy = type(message)()
    copy.CopyFrom(message)
    return copy


def _smaller_schemas(schema: Schema, wanted: str) -> Iterator[Schema]:
    for index, file in enumerate(schema.files):
        for smaller in _smaller_files(file):
            files = [*schema.files[:index], smaller, *schema.files[index + 1 :]]
            candidate = Schema(
                tuple(_importing(file, files) for file in files if file.message_type or file.enum_type)
            )
            if _is_whole(candidate, wanted):
                yield candidate


def _importing(file: FileDescriptorProto, files: Sequence[FileDescriptorProto]) -> FileDescriptorProto:
    """A copy of a file that imports what there is."""
    names = {file.name for file in files if file.message_type or file.enum_type}
    copy = FileDescriptorProto.FromString(file.SerializeToString())
    del copy.dependency[:]
    copy.dependency.extend(name for name in file.dependency if name.startswith("google/") or name in names)
    return copy


def _is_whole(schema: Schema, wanted: str) -> bool:
    try:
        schema.message(wanted)
    except (KeyError, TypeError, DecodeError):
        return False
    return True


def _smaller_files(file: FileDescriptorProto) -> Iterator[FileDescriptorProto]:
    for kind in ("message_type", "enum_type"):
        for index in range(len(getattr(file, kind))):
            copy = FileDescriptorProto.FromString(file.SerializeToString())
            del getattr(copy, kind)[index]
            yield copy
    for index, message in enumerate(file.message_type):
        for smaller in _smaller_messages(message):
            copy = FileDescriptorProto.FromString(file.SerializeToString())
            copy.message_type[index].CopyFrom(smaller)
            yield copy


def _smaller_messages(message: DescriptorProto) -> Iterator[DescriptorProto]:
    for kind in ("field", "nested_type", "enum_type"):
        for index in range(len(getattr(message, kind))):
            copy = DescriptorProto.FromString(message.SerializeToString())
            del getattr(copy, kind)[index]
            _tidy_oneofs(copy)
            yield copy
    for index, nested in enumerate(message.nested_type):
        for smaller in _smaller_messages(nested):
            copy = DescriptorProto.FromString(message.SerializeToString())
            copy.nested_type[index].CopyFrom(smaller)
            yield copy


def _tidy_oneofs(message: DescriptorProto) -> None:
    used = sorted({field.oneof_index for field in message.field if field.HasField("oneof_index")})
    kept = [message.oneof_decl[index] for index in used]
    for field in message.field:
        if field.HasField("oneof_index"):
            field.oneof_index = used.index(field.oneof_index)
    del message.oneof_decl[:]
    message.oneof_decl.extend(kept)
