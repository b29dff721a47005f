"""A page as tests read it: its elements, and its text by section."""

import re
from html.parser import HTMLParser

from triglot.risk.authorship import Task

TASKS = [Task("Simulation", "Go", "4 shards", "1.23 s")]
VOID = {"meta", "br", "path"}
# Digests and dates are one figure each.
FIGURE = re.compile(r"\b[0-9a-f]{64}\b|\b[0-9a-f]{16}\b|\d{4}-\d\d-\d\d|-?\d+(?:,\d{3})*(?:\.\d+)?")


class Page(HTMLParser):
    """A page as its elements and, by section, its text with the alternative texts."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self._section = "header"
        self.texts[self._section] = []
        self.feed(page.decode())
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "section":
            self._section = attributes["id"]
        elif tag in ("header", "nav", "footer"):
            self._section = tag
        self.texts.setdefault(self._section, []).append(attributes.get("aria-label", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "head" not in self._open:
            self.texts[self._section].append(data)

    def text(self, section: str) -> str:
        return " ".join(" ".join(self.texts[section]).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]
