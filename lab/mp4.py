"""An H.264 writer that pipes frames to ffmpeg."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class Mp4Encoder:
    """Pipes frames to the ffmpeg of imageio-ffmpeg, as yuv420p with the index in front, which browsers play.

    imageio's own writer rescales odd sizes to multiples of 16 and rounds the frame rate to two digits.

    Args:
        path: File to write, in place.
        shape: (height, width) of the frames, in pixels; an odd side gets one more row or column.
        fps: Frames a second.
    """

    def __init__(self, path: Path, shape: tuple[int, int], fps: Fraction) -> None:
        import imageio_ffmpeg

        height, width = (side + side % 2 for side in shape)
        source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-framerate", str(fps), "-i", "-"]
        # Untagged colours are read as BT.601 or BT.709 according to the size; tags leave no guess.
        colours = ["-vf", "scale=out_color_matrix=bt709:out_range=tv", "-colorspace", "bt709"]
        colours += ["-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]
        target = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "20", "-movflags", "+faststart", "-f", "mp4"]
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error", *source, *colours, *target, str(path)]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        # A session of its own: Ctrl-C goes to the experiment, which then decides what becomes of the video.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._log, start_new_session=True
        )

    def append(self, frame: NDArray[np.uint8]) -> None:
        height, width = frame.shape[:2]
        if height % 2 or width % 2:
            # yuv420p needs even sides; a doubled edge row keeps every pixel in place, a rescale would blur them all.
            frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        try:
            self._process.stdin.write(np.ascontiguousarray(frame).data)  # type: ignore[union-attr]
        except OSError as error:
            raise self._failure() from error

    def close(self) -> None:
        try:
            self._process.stdin.close()  # type: ignore[union-attr]
        except OSError as error:
            raise self._failure() from error
        if self._process.wait():
            raise self._failure()
        self._log.close()

    def discard(self) -> None:
        self._process.kill()
        with contextlib.suppress(OSError):
            self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait()
        self._log.close()

    def _failure(self) -> RuntimeError:
        self._process.wait()
        self._log.seek(0)
        words = self._log.read().decode(errors="replace").strip()
        return RuntimeError(f"ffmpeg stopped with status {self._process.returncode}: {words or 'no message'}")
