"""Folders called train and test are parts of the data, not classes."""

from __future__ import annotations

from pathlib import Path

import pytest

from generative.datasets import folder, load
from tests.generative.datasets.test_folder import fill


def rows_of(rows: object) -> list[bytes]:
    return sorted(row.tobytes() for row in rows)  # type: ignore[attr-defined]


@pytest.mark.parametrize("names", [("train", "test"), ("Training", "Testing"), ("train", "val"), ("train", "valid")])
def test_a_test_folder_is_what_is_held_out(names: tuple[str, str], tmp_path: Path) -> None:
    train, test = fill(tmp_path / names[0], 12), fill(tmp_path / names[1], 3)
    data = load(f"folder:{tmp_path}")
    assert data.spec.classes is None and data.train_labels is None
    assert rows_of(data.train[..., 0]) == rows_of(train) and rows_of(data.test[..., 0]) == rows_of(test)


def test_classes_within_parts(tmp_path: Path) -> None:
    for part, count in (("train", 10), ("test", 2)):
        for name in ("cat", "dog"):
            fill(tmp_path / part / name, count)
    data = folder.load(tmp_path)
    assert data.spec.class_names == ("cat", "dog") and (len(data.train), len(data.test)) == (20, 4)
    assert data.train_labels.tolist() == [0] * 10 + [1] * 10 and data.test_labels.tolist() == [0, 0, 1, 1]


def test_a_validation_part_beside_a_test_part_is_left_out_with_a_word(tmp_path: Path) -> None:
    fill(tmp_path / "train", 12)
    fill(tmp_path / "validation", 4)
    fill(tmp_path / "test", 3)
    with pytest.warns(UserWarning, match="left out 4 images of validation/"):
        data = folder.load(tmp_path)
    assert (len(data.train), len(data.test)) == (12, 3)


def test_one_folder_alone_is_no_class(tmp_path: Path) -> None:
    fill(tmp_path / "dataset" / "train", 12)
    with pytest.warns(UserWarning, match=r"all images are in dataset/.*all images are in train/"):
        data = folder.load(tmp_path)
    assert data.spec.classes is None and (len(data.train), len(data.test)) == (10, 2)


def test_trains_among_other_vehicles_are_a_class(tmp_path: Path) -> None:
    for name in ("car", "train"):
        fill(tmp_path / name, 6)
    assert folder.load(tmp_path).spec.class_names == ("car", "train")


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        (("train", "test", "cat"), r"sub-folders.*expected train/ and test/"),
        (("train", "training", "test"), "sub-folders"),
        (("train", "test/cat"), "classes in one of train/ and test/"),
        (("train/cat", "test/cat", "test/dog"), "classes of test/ received 'dog'"),
    ],
)
def test_parts_that_do_not_go_together(folders: tuple[str, ...], message: str, tmp_path: Path) -> None:
    for name in folders:
        fill(tmp_path / name, 10)
    with pytest.raises(ValueError, match=message):
        folder.load(tmp_path)


def test_a_part_to_train_on_that_is_too_small(tmp_path: Path) -> None:
    fill(tmp_path / "train", 3)
    fill(tmp_path / "test", 9)
    with pytest.raises(ValueError, match="received 3; expected at least 10"):
        folder.load(tmp_path)
