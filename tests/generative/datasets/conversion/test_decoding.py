"""Images of every mode become the pixels that a viewer shows."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from generative.datasets import folder, load

RNG = np.random.default_rng(3)
ICON = RNG.integers(0, 256, (5, 6, 4), np.uint8)


def loaded(path: Path, image: Any, count: int = 10, **how: Any) -> np.ndarray:
    """Return what becomes of an image, by saving it so many times."""
    suffix = how.pop("suffix", ".png")
    save = {k: how.pop(k) for k in ("transparency",) if k in how}
    for i in range(count):
        image.save(path / f"{i}{suffix}", **save)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return folder.load(path, **how).train[0]


def over(icon: np.ndarray, background: tuple[int, ...]) -> np.ndarray:
    alpha = icon[..., -1:] / 255.0
    return icon[..., :-1] * alpha + np.asarray(background) * (1.0 - alpha)


@pytest.mark.parametrize(("name", "colour"), [("white", (255,) * 3), ("black", (0,) * 3), ("#10c0ff", (16, 192, 255))])
def test_transparent_pixels_lie_on_the_background(name: str, colour: tuple[int, ...], tmp_path: Path) -> None:
    row = loaded(tmp_path, Image.fromarray(ICON), background=name)
    assert abs(row - over(ICON, colour)).max() <= 1


def test_black_icons_that_differ_in_transparency_alone_stay_apart(tmp_path: Path) -> None:
    for i in range(40):
        alpha = np.where(RNG.random((8, 8, 1)) > 0.5, 255, 0)
        Image.fromarray(np.concatenate([np.zeros((8, 8, 3)), alpha], axis=2).astype(np.uint8)).save(
            tmp_path / f"{i:02}.png"
        )
    with pytest.warns(UserWarning, match=r"laid 40 transparent images on white"):
        data = load(f"folder:{tmp_path}")
    assert len({row.tobytes() for row in [*data.train, *data.test]}) == 40 and data.notes
    with pytest.warns(UserWarning, match="only 1 of|are equal"):
        load(f"folder:{tmp_path},background=black")


def test_a_background_that_is_no_colour(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="background received 'whiet'"):
        folder.load(tmp_path, background="whiet")


def test_gray_with_transparency_stays_gray_unless_the_background_is_coloured(tmp_path: Path) -> None:
    icon = ICON[..., 2:]
    row = loaded(tmp_path, Image.fromarray(icon, "LA"))
    assert row.shape == (5, 6, 1) and abs(row - over(icon, (255,))).max() <= 1
    assert loaded(tmp_path, Image.fromarray(icon, "LA"), background="red").shape == (5, 6, 3)


def test_palettes_with_and_without_a_transparent_entry(tmp_path: Path) -> None:
    image = Image.fromarray(np.arange(30, dtype=np.uint8).reshape(5, 6) % 4, "P")
    image.putpalette([10, 20, 30, 200, 0, 0, 0, 200, 0, 0, 0, 200])
    assert loaded(tmp_path, image)[0, 0].tolist() == [10, 20, 30]
    row = loaded(tmp_path, image, transparency=0)
    assert row[0, 0].tolist() == [255] * 3 and row[0, 1].tolist() == [200, 0, 0]


def test_a_transparent_gray_value_and_a_transparent_colour(tmp_path: Path) -> None:
    gray = Image.fromarray(np.arange(30, dtype=np.uint8).reshape(5, 6))
    assert loaded(tmp_path, gray, transparency=3)[0, :5, 0].tolist() == [0, 1, 2, 255, 4]
    colour = Image.fromarray(np.arange(90, dtype=np.uint8).reshape(5, 6, 3))
    assert loaded(tmp_path, colour, transparency=(3, 4, 5))[0, :2].tolist() == [[0, 1, 2], [255] * 3]


def test_sixteen_bits_are_scaled_by_their_depth(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 30).astype(np.uint16).reshape(5, 6)
    row = loaded(tmp_path, Image.fromarray(values))
    np.testing.assert_array_equal(row[..., 0], np.rint(values / 257.0))
    assert len(np.unique(row)) == 30
    with pytest.warns(UserWarning, match="rounded 10 images of 16 bits to 8"):
        folder.load(tmp_path)
    transparent = loaded(tmp_path, Image.fromarray(values), transparency=int(values[0, 0]))
    assert transparent[0, :2, 0].tolist() == [255, row[0, 1, 0]]


def test_one_bit_and_print_colours(tmp_path: Path) -> None:
    bits = RNG.random((5, 6)) > 0.5
    np.testing.assert_array_equal(loaded(tmp_path, Image.fromarray(bits))[..., 0], bits * 255)
    (tmp_path / "print").mkdir()
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    row = loaded(tmp_path / "print", red, suffix=".jpg")
    assert row.shape == (8, 8, 3) and abs(row[0, 0].astype(int) - [255, 0, 0]).max() <= 4


def test_the_first_of_several_frames_is_said(tmp_path: Path) -> None:
    frames = [Image.fromarray(RNG.integers(0, 256, (5, 6, 3), np.uint8)) for _ in range(3)]
    for i in range(10):
        frames[0].save(tmp_path / f"{i}.png", save_all=True, append_images=frames[1:])
    with pytest.warns(UserWarning, match="took the first frame of 10 animated images"):
        data = folder.load(tmp_path)
    np.testing.assert_array_equal(data.train[0], np.asarray(frames[0]))
