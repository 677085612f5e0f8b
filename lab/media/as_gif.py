"""A film as a GIF, for those who show no other."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from lab.media.video import write_video

# Of a film that is turned into one; a longer one is shown with frames left out, as fast as it was.
MOST_FRAMES = 100


def as_gif(path: Path) -> bytes:
    """Return a .gif as it is, or an .mp4 as a GIF of at most `MOST_FRAMES` frames that takes as long.

    Args:
        path: A film that `lab.media.video` wrote.
    """
    if path.suffix.lower() == ".gif":
        return path.read_bytes()
    import imageio

    opened: Any = imageio.get_reader(path, "ffmpeg")
    with opened as reader:
        fps = float(reader.get_meta_data()["fps"])
        # The length that a reader reports is not one; frames are small beside what training holds.
        frames = [np.asarray(frame) for frame in reader]
    stride = -(-len(frames) // MOST_FRAMES)
    with tempfile.TemporaryDirectory() as folder:
        return write_video(Path(folder) / "film.gif", frames[::stride], fps / stride).read_bytes()
