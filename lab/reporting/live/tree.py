"""The parts of a page as trees, which its script builds without ever reading HTML."""

from __future__ import annotations

import functools
from html.parser import HTMLParser
from typing import Any

from lab.reporting.html.markup import VOID

# The parser lowers the letters of names, and SVG wants them back.
NAMES = {"viewbox": "viewBox"}
PART = "data-part"


@functools.lru_cache(maxsize=128)
def parts_of(markup: str) -> dict[str, list[Any]]:
    """Return the elements of our own markup that have a `data-part`, by it.

    A tree is a text, or a list of an element's name, its attributes and its children's trees. Those of sections that
    have not changed are kept: nobody may write into them.
    """
    parser = _Parser()
    parser.feed(markup)
    parser.close()
    return parser.parts


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: dict[str, list[Any]] = {}
        self.open: list[list[Any]] = [["", {}]]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {NAMES.get(name, name): "" if value is None else value for name, value in attrs}
        node: list[Any] = [tag, given]
        self.open[-1].append(node)
        if PART in given:
            self.parts[given[PART]] = node
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].append(data)
