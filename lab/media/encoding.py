"""MP4 and GIF through imageio's ffmpeg writer, which streams: each frame is encoded as it comes."""

from __future__ import annotations

import contextlib
import inspect
import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import VideoError

# Browsers play a GIF's delays below 2 hundredths of a second as 10.
FASTEST_GIF = 50
# Each frame gets a palette of its own. Dither would flicker, as it falls anew in each frame.
PALETTE = "split[a][b];[a]palettegen=stats_mode=single:reserve_transparent=0[p];[b][p]paletteuse=new=1:dither=none"

_environment = threading.Lock()


class Encoder:
    """Encodes frames of one shape into one file, in place.

    .mp4 is H.264 in yuv420p with the index in front, which browsers play; an odd side gets one more row or column.
    .gif loops for ever; each frame has the 256 colours that suit it, each within one level of 255 where there are no
    more. Delays are hundredths of a second whose rounding errors do not add up, and above 50 frames a second frames
    are left out.

    Args:
        path: File to write; imageio wants a name that ends in .mp4, whatever the format.
        format: "mp4" or "gif".
        fps: Frames a second.
    """

    def __init__(self, path: Path, format: str, fps: Fraction) -> None:
        import imageio.v2

        options = _mp4_options() if format == "mp4" else _gif_options(fps)
        # Older imageio-ffmpeg rounds its own -r to two digits; the later of two counts.
        self._writer: Any = imageio.v2.get_writer(
            path.absolute(), format="FFMPEG", mode="I", fps=float(fps), input_params=["-r", str(fps)], quality=None,
            macro_block_size=1, ffmpeg_log_level="quiet", **options,
        )  # fmt: skip
        self._path = path
        self._pads = format == "mp4"
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="lab-video-")
        self._report = Path(self._folder.name) / "ffmpeg.log"

    def append(self, frame: NDArray[np.uint8]) -> None:
        """Add a frame, uint8 (H, W, 3).

        Raises:
            VideoError: If ffmpeg has stopped; the message holds its words.
        """
        height, width = frame.shape[:2]
        if self._pads and (height % 2 or width % 2):
            # yuv420p needs even sides; a doubled edge row keeps every pixel in place, a rescale would blur them all.
            frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        if self._process is None:
            self._start(frame)
            return
        try:
            self._writer.append_data(frame)
        except OSError as error:
            raise self._failure() from error

    def close(self) -> None:
        """Finish the file; raises what `append` raises."""
        if self._process is not None:
            # imageio's own close waits as well, but does not look how ffmpeg ended.
            try:
                self._process.stdin.close()  # type: ignore[union-attr]
            except OSError as error:
                raise self._failure() from error
            if self._process.wait():
                raise self._failure()
        self._clean()
        # ffmpeg has been seen to end well without a picture in its file.
        if not self._path.is_file() or not self._path.stat().st_size:
            raise VideoError(f"ffmpeg wrote nothing into {self._path}. Fix: see that there is space.")

    def discard(self) -> None:
        """Stop ffmpeg, in whatever state it is."""
        if self._process is not None:
            self._process.kill()
            self._wait()
        self._clean()

    def _start(self, frame: NDArray[np.uint8]) -> None:
        """Write the first frame, with which imageio starts ffmpeg."""
        # imageio lets ffmpeg's messages go to the terminal; a report file is the one other place they can go to.
        name = re.sub(r"([\\:' ])", r"\\\1", str(self._report)).replace("%", "%%")
        try:
            with _environment, _variable("FFREPORT", f"file={name}:level=16"):
                self._writer.append_data(frame)
        except OSError as error:
            raise self._failure() from error
        # Neither imageio nor imageio-ffmpeg hands out the process, whose status tells whether the file is whole.
        self._process = inspect.getgeneratorlocals(self._writer._write_gen)["p"]

    def _wait(self) -> int:
        with contextlib.suppress(OSError):
            self._process.stdin.close()  # type: ignore[union-attr]
        return self._process.wait()  # type: ignore[union-attr]

    def _failure(self) -> VideoError:
        status = "" if self._process is None else f" with status {self._wait()}"
        report = self._report.read_text(errors="replace").strip() if self._report.exists() else ""
        return VideoError(f"ffmpeg stopped{status}: {report or 'no message'}")

    def _clean(self) -> None:
        self._writer.close()
        self._folder.cleanup()


def _mp4_options() -> dict[str, Any]:
    # Untagged colours are read as BT.601 or BT.709 according to the size; tags leave no guess.
    colours = ["-vf", "scale=out_color_matrix=bt709:out_range=tv", "-colorspace", "bt709"]
    colours += ["-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]
    output = [*colours, "-crf", "20", "-movflags", "+faststart", "-f", "mp4"]
    return {"codec": "libx264", "pixelformat": "yuv420p", "output_params": output}


def _gif_options(fps: Fraction) -> dict[str, Any]:
    graph = f"fps={FASTEST_GIF},{PALETTE}" if fps > FASTEST_GIF else PALETTE
    # Without transdiff: it compares palette indices, which mean other colours in the next frame.
    output = ["-filter_complex", graph, "-gifflags", "offsetting", "-loop", "0", "-f", "gif"]
    return {"codec": "gif", "pixelformat": "pal8", "output_params": output}


@contextlib.contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
