"""Write episodes and samples as .mp4 or .gif, one frame at a time."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import UsageError, bad_value
from lab.files.atomic import temporary_sibling
from lab.files.faults import unwritable
from lab.media.encoding import Encoder
from lab.media.images import as_rgb

SUFFIXES = (".mp4", ".gif")


class VideoWriter:
    """Streams frames of one shape into a video; use it in a `with` block.

    Memory stays flat however long the video is. The file appears under its name only when the block ends well.

    Args:
        path: File that ends in .mp4 (H.264 that browsers play) or .gif (loops for ever).
        fps: Frames a second, 0.01 to 1000. A GIF leaves out frames above 50 a second and keeps its speed.

    Raises:
        ValueError: For another suffix or fps, for frames that differ in shape, and at the end for no frame at all.
        VideoError: If ffmpeg fails; the message holds its words.
        RunDirectoryError: If the disk refuses the file its name.
    """

    def __init__(self, path: str | os.PathLike[str], fps: float) -> None:
        self.path = Path(path)
        if self.path.suffix.lower() not in SUFFIXES:
            raise bad_value("video", "path", str(path), "a name that ends in .mp4 or .gif")
        if not (math.isfinite(fps) and 0.01 <= fps <= 1000):
            raise bad_value("video", "fps", fps, "frames a second above 0 (0.01 to 1000)")
        self.fps = Fraction(fps).limit_denominator(100_000)
        self.frames = 0
        self._shape: tuple[int, ...] | None = None
        self._encoder: Encoder | None = None
        self._partial: Path | None = None

    def append(self, frame: NDArray[Any]) -> None:
        """Add one frame.

        Args:
            frame: uint8 (H, W, 3), or gray as (H, W) or (H, W, 1); the same shape each time.
        """
        pixels = as_rgb(frame)
        if self._shape is None or self._encoder is None:
            self._shape = np.shape(frame)
            self._encoder = self._open()
        elif np.shape(frame) != self._shape:
            fix = "resize the frames, or write one video for each shape"
            raise bad_value("video", f"frame {self.frames}", np.shape(frame), f"the first frame's {self._shape}", fix)
        self._encoder.append(pixels)
        self.frames += 1

    def close(self) -> None:
        """Finish the file and give it its name."""
        if self._encoder is None or self._partial is None:
            raise UsageError(f"video: received no frame for {self.path}; expected at least one. Fix: append frames")
        try:
            self._encoder.close()
            os.replace(self._partial, self.path)
        except OSError as error:
            self.discard()
            raise unwritable(self.path, error) from error
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        """Stop and remove what was written; an older file of that name stays."""
        try:
            if self._encoder is not None:
                self._encoder.discard()
        finally:
            if self._partial is not None:
                with contextlib.suppress(OSError):
                    self._partial.unlink(missing_ok=True)

    def _open(self) -> Encoder:
        self._partial = temporary_sibling(self.path)
        return Encoder(self._partial, self.path.suffix.lower()[1:], self.fps)

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()


def write_video(path: str | os.PathLike[str], frames: Iterable[NDArray[Any]], fps: float) -> Path:
    """Write frames as a video and return its path; see `VideoWriter`."""
    with VideoWriter(path, fps) as video:
        for frame in frames:
            video.append(frame)
    return video.path
