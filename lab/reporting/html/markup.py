"""HTML built from elements, so that no text of a run's files can become markup."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

VOID = frozenset({"img", "link", "meta"})
LONGEST = 400
# Control, format and surrogate characters: they reorder text, or cannot be written as UTF-8 at all.
ILLEGIBLE = frozenset({"Cc", "Cf", "Cs"})


class Markup(str):
    """Text that is HTML already; only this package's own words ever become it."""

    __slots__ = ()


class Sorted(NamedTuple):
    """A cell of a table that is sorted by another value than it shows."""

    shown: object
    by: float | None


def legible(value: object, limit: int = LONGEST) -> str:
    """Return a value as one line of printable text.

    Args:
        value: Anything, from a file that may be a stranger's.
        limit: Characters kept; more become an ellipsis.
    """
    shown = str(value)
    if len(shown) > limit:
        shown = shown[: limit - 1] + "…"
    return "".join("\ufffd" if unicodedata.category(c) in ILLEGIBLE else c for c in re.sub(r"\s+", " ", shown))


def join(children: Iterable[object]) -> Markup:
    """Put children behind each other: `Markup` as it is, None as nothing, anything else as escaped text."""
    return Markup("".join(_child(child) for child in children))


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """Return an element.

    Args:
        name: Of the element.
        children: As for `join`.
        attributes: Values are escaped; True stands alone, None and False leave the attribute out. A trailing
            underscore keeps clear of Python's words: `class_`.
    """
    head = name
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key.rstrip("_").replace("_", "-")
        # Only addresses are long: data URIs, which we encoded.
        text = str(value) if key in ("src", "href", "poster") else legible(value)
        head += f" {key}" if value is True else f' {key}="{html.escape(text, quote=True)}"'
    return Markup(f"<{head}>" if name in VOID else f"<{head}>{join(children)}</{name}>")


def table(
    head: Iterable[object], rows: Iterable[Iterable[object]], *, texts: int = 1, caption: str = "", class_: str = ""
) -> Markup:
    """Return a table that scrolls sideways where the window is narrow, and says so there.

    Args:
        head: Column titles.
        rows: Cells, in lines as long as `head`.
        texts: How many columns from the left hold text; the others are numbers, set flush right.
        caption: A line above the table.
        class_: Of the table.
    """
    titles = [tag("th", cell, scope="col", class_=_side(i, texts)) for i, cell in enumerate(head)]
    lines = [tag("tr", *(_cell(cell, _side(i, texts)) for i, cell in enumerate(row))) for row in rows]
    body = [tag("thead", tag("tr", *titles)), tag("tbody", *lines)]
    title = tag("caption", caption) if caption else None
    hint = tag("p", "The table goes on to the right: scroll it sideways.", class_="hint")
    inner = tag("div", tag("table", title, *body, class_=class_ or None), class_="scroll", tabindex="0")
    return tag("div", hint, inner, class_="wide-table")


def _cell(cell: object, side: str | None) -> Markup:
    if isinstance(cell, Sorted):
        return tag("td", cell.shown, class_=side, data_sort=cell.by)
    return tag("td", cell, class_=side)


def pairs(title: str, items: Iterable[tuple[object, object]]) -> Markup:
    """Return a titled list of names and values, or one that says it is empty."""
    rows = [tag("div", tag("dt", name), tag("dd", value)) for name, value in items] or [tag("div", tag("dt", "none"))]
    return tag("section", tag("h4", title), tag("dl", *rows), class_="pairs")


def _side(column: int, texts: int) -> str | None:
    return None if column < texts else "number"


def _child(child: object) -> str:
    if child is None:
        return ""
    return str(child) if isinstance(child, Markup) else html.escape(legible(child), quote=True)
