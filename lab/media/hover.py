"""Points of a figure that say what they are under the pointer: kept in its PNG, shown by reports without script."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import struct
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value, printable
from lab.files.reading.schema import SchemaError, check, entries, items, optional, parse, real, text, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The keyword of the text chunk that holds them.
KEYWORD = "lab hover"
MOST_POINTS = 2_000
LONGEST_TEXT = 120
LARGEST = 4_000_000
LONGEST_SIDE = 64
# Looked at before a PNG's pixels; honest ones have a handful, and a stranger's could have millions of empty ones.
MOST_CHUNKS = 100
# Of all small pictures together: what a page holds without growing slow.
MOST_PIXELS = 600_000
PNG = b"\x89PNG\r\n\x1a\n"

_DESCRIPTION = entries(
    {
        "x": items(real(0.0, 1.0), MOST_POINTS),
        "y": items(real(0.0, 1.0), MOST_POINTS),
        "texts": items(text(LONGEST_TEXT), MOST_POINTS),
        "tiles": optional(text(LARGEST)),
        "side": whole(1, LONGEST_SIDE),
        "columns": whole(1, MOST_POINTS),
    }
)


@dataclasses.dataclass(frozen=True)
class Hover:
    """What the points of a picture say.

    Attributes:
        x, y: Of each point, as fractions of the picture's width and height, from its upper left corner.
        texts: Of each point.
        tiles: One PNG with a small picture of each point in rows, or None.
        side: Of a small picture, in pixels.
        columns: Small pictures in a row of `tiles`.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    texts: tuple[str, ...]
    tiles: bytes | None = None
    side: int = 1
    columns: int = 1


@dataclasses.dataclass(frozen=True)
class _Marked:
    axes: Axes
    points: NDArray[np.float64]
    texts: tuple[str, ...]
    tiles: NDArray[np.uint8] | None


# A figure is somebody else's class; what is told of it goes with it.
_marked: weakref.WeakKeyDictionary[Figure, _Marked] = weakref.WeakKeyDictionary()


def mark(axes: Axes, points: ArrayLike, texts: Sequence[str], tiles: NDArray[np.uint8] | None = None) -> None:
    """Say what the points of one panel of a figure are; of more than 2,000 the first are marked.

    Args:
        axes: The panel.
        points: In its coordinates, (N, 2).
        texts: Of each point, cut to 120 characters.
        tiles: A picture of each point, uint8 (N, H, W) or (N, H, W, 3), or None.

    Raises:
        UsageError: When they are not as many.
    """
    places = np.asarray(points, np.float64)
    counts = (len(places), len(texts), len(places) if tiles is None else len(tiles))
    if places.ndim != 2 or places.shape[1] != 2 or len({*counts}) > 1:
        raise bad_value("mark", "points, texts and tiles", counts, "points (N, 2), and as many of all")
    legible = (printable(text) for text in texts[:MOST_POINTS])
    shown = tuple(t if len(t) <= LONGEST_TEXT else t[: LONGEST_TEXT - 1] + "…" for t in legible)
    figure: Any = axes.figure
    small = None if tiles is None or not len(tiles) else tiles[:MOST_POINTS]
    _marked[figure] = _Marked(axes, places[:MOST_POINTS], shown, small)


def is_marked(figure: Figure) -> bool:
    """Return whether anything was said of a figure's points."""
    return figure in _marked and len(_marked[figure].points) > 0


def metadata(figure: Figure) -> dict[str, str]:
    """Return what to save with a figure's PNG, whose layout must be final; empty where nothing is marked."""
    if not is_marked(figure):
        return {}
    found = _marked[figure]
    places = found.axes.transData.transform(found.points) / (figure.bbox.width, figure.bbox.height)
    corners = np.clip(places, 0.0, 1.0)
    values: dict[str, Any] = {
        "x": np.round(corners[:, 0], 5).tolist(),
        "y": np.round(1.0 - corners[:, 1], 5).tolist(),
        "texts": list(found.texts),
        "tiles": None,
        "side": 1,
        "columns": 1,
    }
    if found.tiles is not None:
        sheet, side, columns = _sheet(found.tiles)
        values |= {"tiles": base64.b64encode(sheet).decode(), "side": side, "columns": columns}
    return {KEYWORD: json.dumps(values)}


def of_png(content: bytes) -> Hover | None:
    """Return what the points of a PNG say, or None where it says nothing that can be read."""
    found = _chunk(content)
    if found is None:
        return None
    try:
        values = check(parse(found, LARGEST), _DESCRIPTION)
        tiles = base64.b64decode(values["tiles"], validate=True) if values["tiles"] is not None else None
    except (SchemaError, ValueError):
        return None
    x, y, texts = (tuple(values[name]) for name in ("x", "y", "texts"))
    if not len(x) == len(y) == len(texts) or not (tiles is None or tiles.startswith(PNG)):
        return None
    return Hover(x, y, texts, tiles, int(values["side"]), int(values["columns"]))


def _sheet(tiles: NDArray[np.uint8]) -> tuple[bytes, int, int]:
    """Return one PNG of all tiles, each a square of the same side, the side, and how many stand in a row."""
    from PIL import Image

    side = min(LONGEST_SIDE, max(tiles.shape[1:3]), int(np.sqrt(MOST_PIXELS / len(tiles))))
    columns = int(np.ceil(np.sqrt(len(tiles))))
    rows = -(-len(tiles) // columns)
    sheet = Image.new("L" if tiles.ndim == 3 else "RGB", (columns * side, rows * side), 0)
    for i, tile in enumerate(tiles):
        picture = Image.fromarray(np.ascontiguousarray(tile))
        if max(picture.size) != side:
            width, height = (max(1, round(n * side / max(picture.size))) for n in picture.size)
            picture = picture.resize((width, height))
        sheet.paste(picture, (i % columns * side, i // columns * side))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue(), side, columns


def _chunk(content: bytes) -> bytes | None:
    """Return the text that stands under our keyword before a PNG's pixels, or None."""
    place, keyword = len(PNG), KEYWORD.encode() + b"\0"
    for _ in range(MOST_CHUNKS if content.startswith(PNG) else 0):
        if place + 8 > len(content):
            return None
        length, kind = struct.unpack(">I4s", content[place : place + 8])
        if kind == b"IDAT":
            return None
        start = place + 8
        if kind == b"tEXt" and content[start : start + len(keyword)] == keyword:
            return content[start + len(keyword) : start + length]
        place = start + length + 4
    return None
