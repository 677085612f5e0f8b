"""The film of a training shows a run's pictures in the order of their steps, and says what it lacks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lab import Experiment
from lab.media.captions import caption
from lab.media.images import write_png
from lab.media.training_film import REST, SLOWEST, write_training_film
from tests.generative.tiny import Tiny, images

GRAYS = {500: 40, 1_000: 120, 10_500: 220}


def written(folder: Path, kind: str = "samples") -> dict[int, np.ndarray]:
    """Write pictures, the latest first, and return them by step."""
    pictures = {step: np.full((20, 240, 3), gray, np.uint8) for step, gray in GRAYS.items()}
    for step in reversed(pictures):
        write_png(folder / f"{kind}-{step:09d}.png", pictures[step])
    return pictures


def frames(path: Path) -> list[np.ndarray]:
    with Image.open(path) as image:
        found = []
        for i in range(image.n_frames):
            image.seek(i)
            found += [np.array(image.convert("RGB"))] * round(image.info["duration"] / 1_000 * SLOWEST)
        return found


def test_pictures_follow_each_other_by_step_and_the_last_stays(tmp_path: Path) -> None:
    pictures = written(tmp_path)
    found = frames(write_training_film(tmp_path / "a.gif", tmp_path, ("samples",), "updates"))
    expected = [caption(picture, f"{step:,} updates") for step, picture in pictures.items()]
    expected += expected[-1:] * round(REST * SLOWEST)
    assert len(found) == len(expected) == 3 + 3
    for frame, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(frame[:20].astype(int), wanted[:20], atol=4)
        # The line under it is there, and not the same for all.
        assert frame[20:].max() > 150
    assert not np.array_equal(found[0][20:], found[1][20:])


def test_the_first_kind_of_which_there_are_enough_is_shown(tmp_path: Path) -> None:
    written(tmp_path, "latent")
    write_png(tmp_path / "samples-000000500.png", np.zeros((20, 240, 3), np.uint8))
    for name in ("latent.png", "latent-5.png", "other-000000500.png"):
        write_png(tmp_path / name, np.zeros((9, 9, 3), np.uint8))
    found = frames(write_training_film(tmp_path / "a.gif", tmp_path, ("samples", "latent"), "updates"))
    assert found[0].shape == caption(np.zeros((20, 240, 3), np.uint8), "").shape and len(found) == 6


@pytest.mark.parametrize("where", ["nowhere", "no folder", "one picture", "links", "a linked folder"])
def test_without_pictures_it_says_how_to_get_them(tmp_path: Path, where: str) -> None:
    folder = None if where == "nowhere" else tmp_path / "samples"
    if where == "one picture":
        write_png(tmp_path / "samples" / "samples-000000500.png", np.zeros((9, 9, 3), np.uint8))
    # A stranger's run must not show files from elsewhere.
    written(tmp_path / "elsewhere")
    if where == "a linked folder":
        (tmp_path / "samples").symlink_to(tmp_path / "elsewhere")
    if where == "links":
        (tmp_path / "samples").mkdir()
        for path in (tmp_path / "elsewhere").iterdir():
            (tmp_path / "samples" / path.name).symlink_to(path)
    with pytest.raises(ValueError, match=r"two or more of one kind, such as samples-000000500\.png.*video_every"):
        write_training_film(tmp_path / "a.gif", folder, ("samples",), "updates")
    assert not (tmp_path / "a.gif").exists()


def test_what_is_no_picture_or_no_film_is_named(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "samples-000001000.png").write_bytes(b"GIF89a")
    with pytest.raises(ValueError, match=r"samples-000001000\.png cannot be read as a picture"):
        write_training_film(tmp_path / "a.gif", tmp_path, ("samples",), "updates")
    with pytest.raises(ValueError, match=r"ends in \.mp4 or \.gif, for a film of the training"):
        write_training_film(tmp_path / "a.png", tmp_path, ("samples",), "updates")
    assert not (tmp_path / "a.gif").exists()


def test_a_run_shows_its_training_and_each_kind_under_its_own_name(tmp_path: Path) -> None:
    made = Experiment(Tiny(), images(), run_dir=tmp_path / "run", video_every=20, progress=False)
    made.train(60)
    assert made.render("training.gif") == made.render(kind="training") == tmp_path / "run" / "videos" / "training.gif"
    assert len(frames(tmp_path / "run" / "videos" / "training.gif")) == 6
    assert made.render(kind="samples").name == "samples.png"
    with pytest.raises(ValueError, match="'samples', 'training'"):
        made.render(kind="latent")
