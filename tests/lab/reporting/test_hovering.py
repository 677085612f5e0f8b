"""Points of a picture that say what they are: words and small pictures laid over it, without script."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from lab.media.hover import KEYWORD, MOST_CHUNKS, PNG, mark, of_png
from lab.media.plotting import write_figure
from lab.reporting import media, write_report
from tests.lab.reporting.test_report import CHROMIUM, Page, generator_run, open_in_chromium

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
WORDS = ["row 0: ant", f"row 1: {HOSTILE}", "row 2: a text of so many words that it takes more than one line"]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = generator_run(tmp_path_factory.mktemp("runs") / "digits")
    (run / "samples").mkdir()
    for name, points in (
        ("map", [[0.0, 0.0], [1.0, 0.4], [0.5, 2.0]]),
        ("other", [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]),
    ):
        figure = Figure(figsize=(4.0, 3.0), layout="constrained")
        axes = figure.add_subplot()
        axes.scatter(*np.transpose(points))
        mark(axes, points, WORDS, np.full((3, 8, 8), 200, np.uint8) if name == "map" else None)
        write_figure(figure, run / "samples" / f"{name}.png")
    return write_report([run], run / "report.html")


def test_each_point_says_what_it_is_and_shows_its_picture(report: Path) -> None:
    page = Page(report)
    assert len([a for a in page.all("g") if a.get("class") == "point"]) == 6 == len(page.all("circle"))
    lines = re.findall(r"<text [^>]*>([^<]*)</text>", page.source)
    assert lines[0] == "row 0: ant" and "row 2: a text of so many" in lines and "words that it takes more" in lines
    # One sheet, of which each point shows its part.
    (sheet,) = page.all("image")
    assert [a["href"] for a in page.all("use")] == [f"#{sheet['id']}"] * 3
    views = [a["viewbox"] for a in page.all("svg") if a.get("width") == "72"]
    assert views == ["0 0 8 8", "8 0 8 8", "0 8 8 8"]
    # Those at the left say it to their right, those at the right to their left.
    ends = dict.fromkeys(re.findall(r'text-anchor="(\w+)"', page.source))
    assert [*ends] == ["start", "end"]


def test_words_of_a_run_stay_words_and_nothing_is_loaded(report: Path) -> None:
    page = Page(report)
    assert page.source.count("<script") == 2 and not [a for a in page.all("img") if "onerror" in a]
    assert HOSTILE.replace(" ", "") in "".join(page.texts).replace(" ", "").replace("\n", "")
    for _, attributes in page.elements:
        assert not [key for key in attributes if key.startswith("on") or key == "style"]
        address = attributes.get("href") or "#"
        assert address.startswith(("#", "data:image/png;base64,", "data:,"))


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_browser_takes_it_without_a_complaint(report: Path, tmp_path: Path) -> None:
    found, console = open_in_chromium(report, tmp_path)
    assert min(found["images"]) > 0 and console == []


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """Return a PNG as far as a report reads one."""
    header = struct.pack(">II5B", 10, 10, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", b"")]
    return PNG + b"".join(struct.pack(">I", len(data)) + kind + data + b"\0" * 4 for kind, data in parts)


def described(count: int) -> tuple[bytes, bytes]:
    values = {"x": [0] * count, "y": [0] * count, "texts": [""] * count, "tiles": None, "side": 1, "columns": 1}
    return b"tEXt", KEYWORD.encode() + b"\0" + json.dumps(values).encode()


def test_few_bytes_of_a_strangers_pictures_make_no_page_that_is_endless(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    for name in ("a", "b", "c"):
        (tmp_path / "samples" / f"{name}.png").write_bytes(png(described(3)))
    notes: list[str] = []
    shown = media.figures(tmp_path, media.Budget(points=7), notes)
    assert [figure.count("<circle") for figure in shown] == [3, 3, 0]
    assert notes == ["samples/c.png: its points say nothing here; a page has at most 40,000 that do."]
    # What would be looked through for seconds is not.
    empty = [(b"tEXt", b"")] * MOST_CHUNKS
    assert of_png(png(*empty[:50], described(1))) is not None and of_png(png(*empty, described(1))) is None
