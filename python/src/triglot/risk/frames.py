"""What a worker and the processes that compute for it say to each other: frames over a pair of pipes.

A frame is the lengths of its two parts, a header in JSON, and content as bytes: shards of hundreds of
megabytes pass as they are.
"""

import asyncio
import json
import os
import select
import struct
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

_LENGTHS: Final = struct.Struct("!IQ")


@dataclass
class Frame:
    """One message.

    Attributes:
        kind: What it is.
        fields: Its small parts.
        content: Its large one.
    """

    kind: str
    fields: dict[str, Any] = field(default_factory=dict)
    content: bytes = b""

    def take(self) -> bytes:
        """Returns the content, which the frame holds no longer: whoever keeps the frame keeps little."""
        content, self.content = self.content, b""
        return content


def _head(frame: Frame) -> bytes:
    header = json.dumps({"kind": frame.kind, "fields": frame.fields}).encode()
    return _LENGTHS.pack(len(header), len(frame.content)) + header


def _frame(header: bytes, content: bytes) -> Frame:
    return Frame(**json.loads(header), content=content)


async def read_frame(reader: asyncio.StreamReader) -> Frame | None:
    """Returns the next frame; None at the pipe's end."""
    try:
        header_length, content_length = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
        header = await reader.readexactly(header_length)
        return _frame(header, await reader.readexactly(content_length))
    except asyncio.IncompleteReadError:
        return None


async def write_frame(writer: asyncio.StreamWriter, frame: Frame) -> None:
    """Sends a frame; nothing of it if nobody reads any more, which shows when one reads."""
    try:
        writer.write(_head(frame))
        writer.write(frame.content)
        await writer.drain()
    except ConnectionError:
        pass


class Channel:
    """The computing process's end."""

    def __init__(self, reader: BinaryIO, writer: BinaryIO) -> None:
        """Takes the pipes.

        Args:
            reader: Unbuffered, so that what has come can be seen in the pipe.
            writer: Buffered.
        """
        self._reader, self._writer = reader, writer

    def has_frame(self) -> bool:
        """Returns whether something has come, be it the end; it does not wait."""
        return bool(select.select([self._reader], [], [], 0)[0])

    def receive(self) -> Frame:
        """Waits for a frame.

        Raises:
            EOFError: If the worker has ended.
        """
        header_length, content_length = _LENGTHS.unpack(self._read(_LENGTHS.size))
        return _frame(self._read(header_length), self._read(content_length))

    def send(self, kind: str, content: bytes = b"", **fields: object) -> None:
        """Sends a frame.

        Raises:
            BrokenPipeError: If the worker has ended.
        """
        self._writer.write(_head(Frame(kind, fields, content)))
        self._writer.write(content)
        self._writer.flush()

    def _read(self, length: int) -> bytes:
        buffer = bytearray(length)
        view, done = memoryview(buffer), 0
        while done < length:
            read = os.readv(self._reader.fileno(), [view[done:]])
            if not read:
                raise EOFError
            done += read
        return bytes(buffer)
