"""Captions, grids, sheets and pictures keep the pixels they are given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lab.media.captions import MINIMUM_WIDTH, caption
from lab.media.grids import GAP_COLOUR, contact_sheet, image_grid, sample_evenly
from lab.media.images import as_rgb, upscale, write_png
from lab.media.video import write_video

RNG = np.random.default_rng(0)
FRAME = RNG.integers(0, 256, (40, 300, 3), dtype=np.uint8)


def test_png_decodes_to_the_same_pixels(tmp_path: Path) -> None:
    for image in (FRAME, FRAME[..., 0], FRAME[..., :1], FRAME[::-2, ::3]):
        path = write_png(tmp_path / "deep" / "a.png", image)
        np.testing.assert_array_equal(np.array(Image.open(path)), as_rgb(image))
    assert [p.name for p in path.parent.iterdir()] == ["a.png"]


def test_png_refuses_what_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ends in \.png"):
        write_png(tmp_path / "a.jpg", FRAME)
    with pytest.raises(ValueError, match="expected uint8"):
        write_png(tmp_path / "a.png", FRAME / 255)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (np.zeros((4, 4), bool), r"frame.astype\(np.uint8\) \* 255"),
        (np.full((4, 4), 65535, np.uint16), "frame / 257.*16 bits"),
        (np.full((4, 4, 3), 0.5), r"np.rint\(frame \* 255\)"),
        (np.full((4, 4, 3), 200.0), r"np.rint\(frame\)"),
        (np.full((4, 4, 3), -0.5), r"\(frame \+ 1\) \* 127.5"),
        (np.full((4, 4, 3), np.nan), "scale, round"),
        (np.zeros((4, 4, 2), np.uint8), "nothing is transparent"),
        (np.zeros((4, 4, 4), np.uint8), r"frame\[..., :3\] where nothing is transparent"),
        (np.zeros((3, 8, 8), np.uint8), "channels come last"),
        (np.zeros((2, 4, 4, 3), np.uint8), "one image at a time"),
        ([[1, 2], [3]], "one uint8 array"),
    ],
)
def test_frames_of_other_kinds_are_refused_with_the_fix(frame: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        write_png(tmp_path / "a.png", frame)
    with pytest.raises(ValueError, match=message):
        write_video(tmp_path / "a.gif", [frame], 10)
    assert not list(tmp_path.iterdir())


def test_caption_adds_a_band_and_leaves_the_picture() -> None:
    captioned = caption(FRAME, "step 123   return 45.0")
    np.testing.assert_array_equal(captioned[:40], FRAME)
    band = captioned[40:]
    assert band.max() > 200 and np.median(band) < 40
    assert caption(FRAME, ["a", "b"]).shape[0] > captioned.shape[0]


def test_caption_shape_does_not_depend_on_the_text() -> None:
    assert caption(FRAME, "").shape == caption(FRAME, "x" * 500).shape


def test_caption_magnifies_tiny_frames() -> None:
    tiny = RNG.integers(0, 256, (10, 10, 3), dtype=np.uint8)
    captioned = caption(tiny, "step 1")
    factor = captioned.shape[1] // 10
    assert captioned.shape[1] >= MINIMUM_WIDTH
    np.testing.assert_array_equal(captioned[: 10 * factor : factor, ::factor], tiny)


def test_upscale_repeats_pixels_by_a_whole_factor() -> None:
    image = np.arange(6, dtype=np.uint8).reshape(2, 3)
    np.testing.assert_array_equal(upscale(image, 3)[::2, ::2], image)
    assert upscale(image, 3).shape == (4, 6)
    assert upscale(image, 2) is image


def test_image_grid_places_images_row_by_row() -> None:
    images = RNG.integers(0, 256, (5, 4, 6), dtype=np.uint8)
    grid = image_grid(images, columns=3, gap=2, minimum_cell=4)
    assert grid.shape == (2 * 6 + 2, 3 * 8 + 2, 3) and grid.dtype == np.uint8
    np.testing.assert_array_equal(grid[2:6, 2:8, 0], images[0])
    np.testing.assert_array_equal(grid[8:12, 10:16, 1], images[4])
    assert (grid[7:, 18:] == GAP_COLOUR).all()


@pytest.mark.parametrize("shape", [(7, 8, 8), (7, 8, 8, 1), (7, 8, 8, 3)])
def test_image_grid_takes_every_layout_and_makes_it_visible(shape: tuple[int, ...]) -> None:
    assert image_grid(np.zeros(shape, np.uint8)).shape == (3 * 66 + 2, 3 * 66 + 2, 3)


def test_image_grid_refuses_bad_input() -> None:
    with pytest.raises(ValueError, match="at least one image"):
        image_grid([])
    with pytest.raises(ValueError, match="images of one shape"):
        image_grid([np.zeros((4, 4), np.uint8), np.zeros((4, 5), np.uint8)])
    with pytest.raises(ValueError, match="columns received 0"):
        image_grid(np.zeros((2, 4, 4), np.uint8), columns=0)


def test_contact_sheet_shows_all_frames() -> None:
    sheet = contact_sheet([np.full((80, 90, 3), value, np.uint8) for value in (10, 20, 30)], columns=2)
    assert sheet.shape == (2 * 84 + 4, 2 * 94 + 4, 3)
    assert {10, 20, 30} <= set(np.unique(sheet).tolist())


@pytest.mark.parametrize("length", [1, 3, 7, 24, 25, 100, 101, 1000, 4097])
@pytest.mark.parametrize("count", [2, 5, 6])
def test_sample_evenly_is_nearly_even(length: int, count: int) -> None:
    chosen = sample_evenly(iter(range(length)), count)
    assert len(chosen) == min(length, count)
    if length > 1:
        assert (chosen[0], chosen[-1]) == (0, length - 1)
    ideal = np.linspace(0, length - 1, len(chosen))
    spacing = (length - 1) / max(1, len(chosen) - 1)
    assert np.abs(np.array(chosen) - ideal).max() <= max(0.5, spacing / 4)


def test_sample_evenly_keeps_few_items_alive() -> None:
    alive = most = 0

    class Frame:
        def __init__(self) -> None:
            nonlocal alive, most
            alive += 1
            most = max(most, alive)

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    assert len(sample_evenly((Frame() for _ in range(5000)), 5)) == 5
    assert most <= 4 * 5 + 3


def test_sample_evenly_of_nothing_is_nothing() -> None:
    assert sample_evenly([], 3) == []
    with pytest.raises(ValueError, match="count received 0"):
        sample_evenly([1], 0)
