"""Characters of matplotlib's own fonts as distance fields, from which any size, slant and weight can be drawn."""

from __future__ import annotations

import functools
import string
from typing import Any, NamedTuple

import numpy as np

CHARACTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
FONTS = (
    *(f"DejaVuSans{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSansMono{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSerif{style}" for style in ("", "-Bold", "-Italic", "-BoldItalic")),
    *(f"STIXGeneral{style}" for style in ("", "Bol", "Italic", "BolIta")),
    *("cmr10", "cmb10", "cmss10", "cmti10", "cmtt10"),
)
# Texels along a field's side, of which each is the mean of FINE x FINE: more than two a pixel of a 28-pixel frame.
TEXELS = 64
FINE = 2
MARGIN = 0.15
EXTREMES = 32


class Outlines(NamedTuple):
    """Every character of every font; lengths in cap heights of its font, y upwards, origin at the character's centre.

    Attributes:
        fields: float32 (fonts, characters, TEXELS, TEXELS), signed distance to the edge, positive in the ink.
        half: float64 (fonts, characters), half the side of the square that a field covers.
        extremes: float64 (fonts, characters, EXTREMES, 2), its outermost points: they bound it however it turns.
    """

    fields: np.ndarray
    half: np.ndarray
    extremes: np.ndarray


@functools.cache
def outlines() -> Outlines:
    """Draw all characters once a process; about 20 MB."""
    fonts = [_font(name) for name in FONTS]
    return Outlines(*(np.stack([np.stack(part) for part in parts]) for parts in zip(*fonts, strict=True)))


def _font(name: str) -> tuple[list[np.ndarray], list[float], list[np.ndarray]]:
    from matplotlib import get_data_path
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    properties = FontProperties(fname=f"{get_data_path()}/fonts/ttf/{name}.ttf")
    fields, halves, extremes = [], [], []
    cap = 0.0
    for character in "H" + CHARACTERS:
        # Outlines without hinting, so that no rasteriser's version has a say in a pixel.
        path: Any = TextPath((0, 0), character, size=200, prop=properties)
        rings = [ring for ring in path.to_polygons() if len(ring) > 2]
        points = np.concatenate(rings)
        low, high = points.min(axis=0), points.max(axis=0)
        if not cap:
            cap = float(high[1] - low[1])
            continue
        centre = (low + high) / 2.0
        rings = [(ring - centre) / cap for ring in rings]
        half = float((high - low).max() / cap) * (0.5 + MARGIN)
        fields.append(_distance_field(rings, half))
        halves.append(half)
        extremes.append(_extremes(np.concatenate(rings)))
    return fields, halves, extremes


def _distance_field(rings: list[np.ndarray], half: float) -> np.ndarray:
    from scipy.ndimage import distance_transform_edt

    size = TEXELS * FINE
    step = 2.0 * half / size
    ink = _inside([(ring * (1.0, -1.0) + half) / step for ring in rings], size)
    distance = (distance_transform_edt(ink) - distance_transform_edt(~ink)) * step
    # The transform measures to the nearest texel's centre, half a texel beyond the edge.
    distance -= np.sign(distance) * (step / 2.0)
    return distance.reshape(TEXELS, FINE, TEXELS, FINE).mean(axis=(1, 3)).astype(np.float32)


def _inside(rings: list[np.ndarray], size: int) -> np.ndarray:
    """Return which texels' centres the rings wind around, bool (size, size); x and y count texels, y downwards."""
    starts = np.concatenate([ring[:-1] for ring in rings])
    ends = np.concatenate([ring[1:] for ring in rings])
    rows = np.arange(size)[:, None] + 0.5
    rising = (starts[:, 1] <= rows).astype(np.int64) - (ends[:, 1] <= rows)
    at_row, edge = np.nonzero(rising)
    (x, y), (x_end, y_end) = starts[edge].T, ends[edge].T
    crossing = x + (rows[at_row, 0] - y) / (y_end - y) * (x_end - x)
    column = np.clip(np.ceil(crossing - 0.5), 0, size).astype(np.int64)
    winding = np.zeros((size, size + 1), np.int64)
    np.add.at(winding, (at_row, column), rising[at_row, edge])
    return np.cumsum(winding, axis=1)[:, :size] != 0


def _extremes(points: np.ndarray) -> np.ndarray:
    angles = np.arange(EXTREMES) * (2.0 * np.pi / EXTREMES)
    directions = np.stack([np.cos(angles), np.sin(angles)])
    return points[(points @ directions).argmax(axis=0)]
