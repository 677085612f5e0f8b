"""What the points of a picture say, laid over it: shown by the style sheet alone when the pointer is on one."""

from __future__ import annotations

import base64

from lab.media.hover import Hover
from lab.reporting.html.markup import Markup, join, tag

# Units across the picture, whatever its pixels; the style sheet sizes letters in them.
ACROSS = 1_000
RADIUS = 9
# Of a small picture, and how far it and the words stand from their point.
TILE, APART, LINE = 72, 14, 24
# Letters of a line of words: on a narrow screen, where they grow, so many fit beside a point in the middle.
LONGEST_LINE, MOST_LINES = 24, 5


def overlay(hover: Hover, width: int, height: int, name: str) -> Markup:
    """Return an <svg> of points to lay over a picture.

    Args:
        hover: The points.
        width, height: Of the picture, in pixels.
        name: Unlike that of any other picture of the page.
    """
    down = ACROSS * height / width
    sheet = _sheet(hover, name)
    points = [_point(hover, i, down, name) for i in range(len(hover.x))]
    return tag("svg", sheet, *points, viewBox=f"0 0 {ACROSS} {down:.1f}", class_="points", aria_hidden="true")


def _sheet(hover: Hover, name: str) -> Markup | None:
    """Return all small pictures once, for the points to show their part of."""
    if hover.tiles is None:
        return None
    address = f"data:image/png;base64,{base64.b64encode(hover.tiles).decode()}"
    rows = -(-len(hover.x) // hover.columns)
    size = {"width": hover.columns * hover.side, "height": rows * hover.side}
    return tag("defs", tag("image", id=name, href=address, **size))


def _point(hover: Hover, number: int, down: float, name: str) -> Markup:
    x, y = ACROSS * hover.x[number], down * hover.y[number]
    # Towards the middle, so that nothing is cut off at an edge.
    right, below = x < ACROSS / 2, y < down / 2
    lines = _lines(hover.texts[number])
    tall = LINE * len(lines)
    top = APART + LINE if below else -APART - tall + LINE - (TILE + 6 if hover.tiles is not None else 0)
    words = [
        tag("text", line, x=APART if right else -APART, y=top + LINE * i, text_anchor="start" if right else "end")
        for i, line in enumerate(lines)
    ]
    small = _tile(hover, number, right, top + tall - LINE + 6, name)
    tip = tag("g", join(words), small, class_="tip")
    return tag("g", tag("circle", r=RADIUS), tip, class_="point", transform=f"translate({x:.1f} {y:.1f})")


def _tile(hover: Hover, number: int, right: bool, top: float, name: str) -> Markup | None:
    if hover.tiles is None:
        return None
    side = hover.side
    column, row = number % hover.columns, number // hover.columns
    view = f"{column * side} {row * side} {side} {side}"
    return tag(
        "svg", tag("use", href=f"#{name}"), x=APART if right else -APART - TILE, y=top, width=TILE, height=TILE,
        viewBox=view,
    )  # fmt: skip


def _lines(words: str) -> list[str]:
    """Return words in a few lines."""
    lines = [""]
    for word in words.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= LONGEST_LINE and len(lines) < MOST_LINES:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return lines
