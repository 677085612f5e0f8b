"""Points that say what they are: where they lie in the PNG, and that a stranger's words stay words."""

from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from lab.errors import UsageError
from lab.media import hover
from lab.media.plotting import write_figure


def drawn(path: Path, points: np.ndarray, texts: list[str], tiles: np.ndarray | None = None) -> bytes:
    figure = Figure(figsize=(3.0, 2.0), layout="constrained")
    axes = figure.add_subplot()
    axes.scatter(points[:, 0], points[:, 1], s=30, color="red", linewidths=0)
    axes.set_axis_off()
    hover.mark(axes, points, texts, tiles)
    return write_figure(figure, path).read_bytes()


def test_points_lie_where_they_are_drawn(tmp_path: Path) -> None:
    points = np.array([[0.0, 0.0], [3.0, 1.0], [1.0, 5.0]])
    content = drawn(tmp_path / "map.png", points, ["a", "b\n", "c" * 200])
    found = hover.of_png(content)
    assert found is not None and found.texts == ("a", "b\\n", "c" * 119 + "…") and found.tiles is None
    picture = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), int)
    height, width = picture.shape[:2]
    for x, y in zip(found.x, found.y, strict=True):
        red = picture[round(y * height), round(x * width)]
        assert red[0] > 200 and red[1] < 60
    assert found.x[0] < found.x[2] < found.x[1] and found.y[2] < found.y[1] < found.y[0]


def test_small_pictures_stand_in_rows(tmp_path: Path) -> None:
    tiles = np.arange(3, dtype=np.uint8)[:, None, None] * np.full((3, 4, 4), 60, np.uint8)
    found = hover.of_png(drawn(tmp_path / "map.png", np.eye(3)[:, :2], ["a", "b", "c"], tiles))
    assert found is not None and found.tiles is not None and (found.side, found.columns) == (4, 2)
    sheet = np.asarray(Image.open(io.BytesIO(found.tiles)))
    assert [int(sheet[i // 2 * 4, i % 2 * 4]) for i in range(3)] == [0, 60, 120]
    # Large ones become small enough that a page holds them all.
    many = np.zeros((2_000, 40, 20, 3), np.uint8)
    found = hover.of_png(drawn(tmp_path / "many.png", np.random.default_rng(0).random((2_000, 2)), ["a"] * 2_000, many))
    assert found is not None and found.side == 17 and len(found.x) == 2_000


def with_chunk(content: bytes, text: bytes) -> bytes:
    body = b"tEXt" + hover.KEYWORD.encode() + b"\0" + text
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return content[:33] + chunk + content[33:]


GOOD = {"x": [0.5], "y": [0.5], "texts": ["a"], "tiles": None, "side": 1, "columns": 1}


@pytest.mark.parametrize(
    "changes",
    [
        {"x": [1.5]}, {"x": [0.1, 0.2]}, {"x": "a"}, {"texts": [3]}, {"texts": ["\u202e"]}, {"side": 0}, {"more": 1},
        {"tiles": "AAAA"}, {"tiles": "<svg>"}, {"columns": 10**9}, {"x": [0.5] * 3_000},
    ],
)  # fmt: skip
def test_what_a_stranger_wrote_is_taken_whole_or_not_at_all(tmp_path: Path, changes: dict[str, object]) -> None:
    buffer = io.BytesIO()
    Image.new("L", (4, 4)).save(buffer, "PNG")
    plain = buffer.getvalue()
    assert hover.of_png(plain) is None
    assert hover.of_png(with_chunk(plain, json.dumps(GOOD).encode())) is not None
    assert hover.of_png(with_chunk(plain, json.dumps({**GOOD, **changes}).encode())) is None
    for broken in (b"", b"{", b"[" * 100_000, json.dumps(GOOD).encode()[:-1] + b', "x": NaN}'):
        assert hover.of_png(with_chunk(plain, broken)) is None
    assert hover.of_png(with_chunk(plain, json.dumps(GOOD).encode())[:60]) is None and hover.of_png(b"GIF89a") is None


def test_a_figure_without_points_is_as_it_was(tmp_path: Path) -> None:
    figure = Figure()
    figure.add_subplot().plot([1, 2])
    assert hover.KEYWORD.encode() not in write_figure(figure, tmp_path / "a.png").read_bytes()
    with pytest.raises(UsageError, match=r"points, texts and tiles received \(2, 1, 2\); expected points \(N, 2\)"):
        hover.mark(figure.axes[0], [[0, 0], [1, 1]], ["a"])
