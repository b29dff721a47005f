"""Where the elements of a file stand, and what is said about them there."""

from __future__ import annotations

from google.protobuf.descriptor_pb2 import FileDescriptorProto, SourceCodeInfo

from triglot.contract.model import Location

Path = tuple[int, ...]
"""Field numbers of descriptor.proto and indices, as in `SourceCodeInfo.Location.path`."""
_UNSEEN = {"\ufeff", *map(chr, (*range(0x20), *range(0x7F, 0xA0)))} - {"\t"}


class Source:
    """The places of one file's elements, by path."""

    def __init__(self, file: FileDescriptorProto) -> None:
        self.name = file.name
        self.places: dict[Path, SourceCodeInfo.Location] = {}
        for place in file.source_code_info.location:
            self.places.setdefault(tuple(place.path), place)

    def location(self, path: Path) -> Location:
        """The place of an element, or of what it stands in if it stands nowhere itself."""
        for candidate in (place for place in self.places if place[: len(path)] == path):
            line, column = self.places[candidate].span[:2]
            return Location(self.name, line + 1, column + 1)
        # Without source information, or for an option that stands nowhere: where the element stands.
        return self.location(path[:-1]) if path else Location(self.name, 1, 1)

    def comment(self, path: Path) -> str:
        """The comment before an element, or else behind it; what is meant for buf's linter is left out."""
        place = self.places.get(path)
        text = (place.leading_comments or place.trailing_comments) if place else ""
        lines = [_seen(line).removeprefix(" ").rstrip() for line in text.strip("\n").splitlines()]
        return "\n".join(line for line in lines if not line.lstrip().startswith("buf:lint:")).strip()


def _seen(line: str) -> str:
    """The line without byte order marks and control characters, which compilers refuse even in comments."""
    return "".join(letter for letter in line if letter not in _UNSEEN)
