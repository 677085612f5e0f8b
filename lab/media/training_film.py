"""The film of a training: the pictures that a run wrote as it went on, one after another."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import UsageError, bad_value
from lab.files.links import read_bytes
from lab.files.numbered import by_kind, numbered
from lab.messages.notes import note

TRAINING = "training"
# A film of few pictures is slow enough to see each, one of many takes no longer than it must.
SLOWEST, FASTEST, SECONDS = 2.0, 20.0, 10.0
# Seconds for which the last picture stays, so that one sees where it ended before the film begins again.
REST = 1.5
LARGEST_PICTURE = 1 << 28


def chosen_target(
    path: str | os.PathLike[str] | None, kind: str | None, kinds: tuple[str, ...], suffix: str
) -> tuple[Path, str]:
    """Return the file that `Experiment.render` is to write and the kind of it, as far as they are left open.

    Args:
        path: The file, or None.
        kind: What to show, or None.
        kinds: What the task can show; the first is its default.
        suffix: The task's own.

    Raises:
        UsageError: On a kind that the task has not, or another suffix.
    """
    others, kinds = kinds[1:], (*kinds, TRAINING)
    suffix = ".gif" if kind == TRAINING else suffix
    if path is not None and not isinstance(path, (str, os.PathLike)):
        raise bad_value("render", "path", path, "a file name that ends in .mp4, .gif or .png")
    target = Path(path) if path is not None else Path(f"{kind or kinds[0]}{suffix}")
    if kind is None:
        kind = target.stem if target.stem in kinds else kinds[0]
        if target.stem not in kinds and others:
            # A map.png of what has no map would otherwise be taken for one.
            note(f"{target.name} shows {kind!r}; names that show something else: {', '.join(others)}")
    if kind not in kinds:
        raise bad_value("render", "kind", kind, "one of " + ", ".join(map(repr, kinds)))
    if target.suffix.lower() not in (".mp4", ".gif", ".png"):
        raise bad_value("render", "path", str(target), "a file name that ends in .mp4, .gif or .png")
    return target, kind


def write_training_film(path: Path, folder: Path | None, kinds: Sequence[str], unit: str) -> Path:
    """Write the pictures of a run, which `video_every` or a `RenderEvery` leaves behind, as one film; return its path.

    Args:
        path: A file that ends in .mp4 or .gif.
        folder: Where the pictures are, such as `samples-000000500.png`; None for a run that writes nothing.
        kinds: What pictures may show; the first of which there are two or more is taken.
        unit: What the number in their names counts, for the line under each.

    Raises:
        UsageError: On another suffix, or without two pictures of one kind.
    """
    from lab.media.video import SUFFIXES, write_video

    if path.suffix.lower() not in SUFFIXES:
        raise bad_value("render", "path", str(path), "a name that ends in .mp4 or .gif, for a film of the training")
    found = _pictures(folder) if folder is not None else {}
    some = next((found[kind] for kind in kinds if len(found.get(kind, ())) > 1), None)
    if some is None:
        raise UsageError(
            f"render: {TRAINING!r} received {'no run directory' if folder is None else f'{folder}, without pictures'}; "
            f"expected two or more of one kind, such as {numbered(kinds[0], 500, '.png')}. Fix: train with run_dir=... "
            'and video_every=... (--video-every), or the callback RenderEvery(..., suffix=".png").'
        )
    rate = float(np.clip(len(some) / SECONDS, SLOWEST, FASTEST))
    return write_video(path, _frames(some, unit, round(REST * rate)), rate)


def _pictures(folder: Path) -> dict[str, list[tuple[int, Path]]]:
    """Return a run's pictures of each kind by step. A link could lead out of the run, so none is followed."""

    def is_own(kind: str, step: int, path: Path) -> bool:
        return path.name == numbered(kind, step, ".png") and path.is_file() and not path.is_symlink()

    files = by_kind(folder, (".png",))
    return {
        kind: [(step, path) for step, path in some if is_own(kind, step, path)] for (kind, _), some in files.items()
    }


def _frames(pictures: Sequence[tuple[int, Path]], unit: str, rest: int) -> Iterator[NDArray[Any]]:
    from lab.media.captions import caption

    for step, path in (*pictures, *[pictures[-1]] * rest):
        yield caption(_read(path), f"{step:,} {unit}")


def _read(path: Path) -> NDArray[np.uint8]:
    from PIL import Image

    try:
        content = read_bytes(path, path.parent.parent, LARGEST_PICTURE)
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
                return np.asarray(image.convert("RGB"))
    except UsageError:
        raise
    except Exception as error:
        # Pillow meets broken pictures with errors of many kinds.
        raise UsageError(f"render: {path} cannot be read as a picture ({error}). Fix: remove it.") from error
