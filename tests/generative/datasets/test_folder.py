"""Images in folders, with their labels, sizes and faults."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from generative.datasets import folder, load

RNG = np.random.default_rng(3)


def fill(path: Path, count: int, size: tuple[int, ...] = (6, 8), suffix: str = ".png") -> np.ndarray:
    """Write images of height and width `size[:2]` and return them."""
    path.mkdir(parents=True, exist_ok=True)
    rows = RNG.integers(0, 256, (count, *size), np.uint8)
    for i, row in enumerate(rows):
        Image.fromarray(row).save(path / f"{i:03}{suffix}")
    return rows


def all_rows(data: object) -> list[bytes]:
    return sorted(row.tobytes() for row in [*data.train, *data.test])


def test_loose_gray_images(tmp_path: Path) -> None:
    rows = fill(tmp_path / "pets", 15)
    (tmp_path / "pets" / "notes.txt").write_text("no image")
    (tmp_path / "pets" / ".hidden.png").write_bytes(b"no image either")
    data = load(f"folder:{tmp_path}/pets")
    assert data.train.shape == (12, 6, 8, 1) and data.test.shape == (3, 6, 8, 1) and data.train_labels is None
    assert all_rows(data) == sorted(row.tobytes() for row in rows)
    assert data.spec.name == "pets" and data.kind == "folder" and (data.spec.low, data.spec.high) == (0.0, 255.0)
    assert folder.load(tmp_path / "pets").fingerprint() == data.fingerprint()


def test_sub_folders_are_classes(tmp_path: Path) -> None:
    dogs, cats = fill(tmp_path / "dog" / "more", 10, (6, 6, 3)), fill(tmp_path / "cat", 10, (6, 6, 3))
    data = folder.load(tmp_path)
    assert data.spec.class_names == ("cat", "dog") and data.spec.classes == 2
    names = {row.tobytes(): name for rows, name in ((dogs, "dog"), (cats, "cat")) for row in rows}
    for rows, labels in ((data.train, data.train_labels), (data.test, data.test_labels)):
        assert [names[row.tobytes()] for row in rows] == [data.spec.label_name(label) for label in labels]


def test_gray_and_transparent_ones_among_coloured_become_rgb(tmp_path: Path) -> None:
    fill(tmp_path, 10, (4, 4, 3))
    Image.fromarray(np.full((4, 4), 9, np.uint8)).save(tmp_path / "a.png")
    Image.fromarray(np.full((4, 4, 4), 7, np.uint8)).save(tmp_path / "b.png")
    rows = all_rows(folder.load(tmp_path))
    assert bytes([9] * 48) in rows and bytes([248] * 48) in rows


def test_sizes_that_differ_need_a_size(tmp_path: Path) -> None:
    fill(tmp_path / "a", 10, (6, 8))
    fill(tmp_path / "b", 10, (12, 12), ".jpg")
    with pytest.raises(ValueError, match=r"\(6, 8\) in 000.png and \(12, 12\) in 000.jpg.*one size.*size=64"):
        folder.load(tmp_path)
    assert load(f"folder:{tmp_path},size=5").train.shape[1:] == (5, 5, 1)
    assert folder.load(tmp_path, size=(4, 6)).train.shape[1:] == (4, 6, 1)


def test_scaling_crops_around_the_centre(tmp_path: Path) -> None:
    wide = np.zeros((8, 16), np.uint8)
    wide[:, 4:12] = 200
    for i in range(10):
        Image.fromarray(wide).save(tmp_path / f"{i}.png")
    assert abs(folder.load(tmp_path, size=4).train.astype(int) - 200).max() <= 12


def test_a_camera_held_upright(tmp_path: Path) -> None:
    row = RNG.integers(0, 256, (4, 6), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to see it upright
    for i in range(10):
        Image.fromarray(row).save(tmp_path / f"{i}.png", exif=exif)
    np.testing.assert_array_equal(folder.load(tmp_path).train[0, :, :, 0], np.rot90(row, -1))


@pytest.mark.parametrize(
    ("count", "size", "message"),
    [
        (0, None, "received 0; expected at least 10"),
        (9, None, "received 9"),
        (10, 0, "size received 0"),
        (10, (1, 2, 3), "size"),
    ],
)
def test_numbers_that_do_not_fit(count: int, size: object, message: str, tmp_path: Path) -> None:
    fill(tmp_path, count)
    with pytest.raises(ValueError, match=message):
        folder.load(tmp_path, size=size)


def test_folders_that_do_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="expected a folder of images"):
        load(f"folder:{tmp_path}/nowhere")
    fill(tmp_path, 10)
    monkeypatch.setattr(folder, "MOST_BYTES", 100)
    with pytest.raises(ValueError, match="GiB of pixels"):
        folder.load(tmp_path)
    monkeypatch.undo()
    (tmp_path / "a").mkdir()
    (tmp_path / "000.png").rename(tmp_path / "a" / "000.png")
    with pytest.raises(ValueError, match="9 loose images and 1 in sub-folders"):
        folder.load(tmp_path)


@pytest.mark.parametrize("part", [0.0, 0.2, 0.6])
def test_a_damaged_image_is_left_out_and_named(part: float, tmp_path: Path) -> None:
    rows = fill(tmp_path, 12)
    whole = (tmp_path / "007.png").read_bytes()
    (tmp_path / "007.png").write_bytes(whole[: int(part * len(whole))])
    with pytest.warns(UserWarning, match=r"left out 1 unreadable images: 007.png \("):
        data = folder.load(tmp_path)
    assert all_rows(data) == sorted(row.tobytes() for i, row in enumerate(rows) if i != 7)
    assert "left out 1 unreadable" in data.notes[0]
    for i in range(3):
        (tmp_path / f"{i:03}.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match="received [89] and [34] that cannot be read as an image.*mend or"):
        folder.load(tmp_path)


def test_what_is_left_out_is_counted_and_said_once(tmp_path: Path) -> None:
    fill(tmp_path, 12)
    for name in ("a.txt", "b.txt", "c.gif", ".hidden.png", "readme"):
        (tmp_path / name).write_text("no image")
    with pytest.warns(UserWarning) as caught:
        data = folder.load(tmp_path)
    words = "left out 5 files: 1 .gif, 2 .txt, 1 hidden, 1 without a suffix"
    assert data.notes == (words,) and [str(w.message) for w in caught] == [f"{data.spec.name}: {words}"]
