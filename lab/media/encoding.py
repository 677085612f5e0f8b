"""MP4 and GIF by the ffmpeg that imageio-ffmpeg brings, which streams: each frame is encoded as it comes."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lab.errors import VideoError

# Browsers play a GIF's delays below 2 hundredths of a second as 10.
FASTEST_GIF = 50
# Each frame gets a palette of its own. Dither would flicker, as it falls anew in each frame.
PALETTE = "split[a][b];[a]palettegen=stats_mode=single:reserve_transparent=0[p];[b][p]paletteuse=new=1:dither=none"


class Encoder:
    """Encodes frames of one shape into one file, in place.

    .mp4 is H.264 in yuv420p with the index in front, which browsers play; an odd side gets one more row or column.
    .gif loops for ever; each frame has the 256 colours that suit it, each within one level of 255 where there are no
    more. Delays are hundredths of a second whose rounding errors do not add up, and above 50 frames a second frames
    are left out.

    Args:
        path: File to write.
        format: "mp4" or "gif".
        fps: Frames a second.
    """

    def __init__(self, path: Path, format: str, fps: Fraction) -> None:
        self._path = path.absolute()
        self._fps = fps
        self._pads = format == "mp4"
        self._output = _mp4_options() if format == "mp4" else _gif_options(fps)
        self._process: subprocess.Popen[bytes] | None = None
        # Closed by `close` and `discard`, of which one always comes.
        self._messages = tempfile.TemporaryFile(prefix="lab-video-")  # noqa: SIM115

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
            self._process = self._start(frame.shape[1], frame.shape[0])
        try:
            self._process.stdin.write(np.ascontiguousarray(frame).data)  # type: ignore[union-attr]
        except OSError as error:
            raise self._failure() from error

    def close(self) -> None:
        """Finish the file; raises what `append` raises."""
        if self._process is not None:
            try:
                self._process.stdin.close()  # type: ignore[union-attr]
            except OSError as error:
                raise self._failure() from error
            if self._process.wait():
                raise self._failure()
        self._messages.close()
        # ffmpeg has been seen to end well without a picture in its file.
        if not self._path.is_file() or not self._path.stat().st_size:
            raise VideoError(f"ffmpeg wrote nothing into {self._path}. Fix: see that there is space.")

    def discard(self) -> None:
        """Stop ffmpeg, in whatever state it is."""
        if self._process is not None:
            self._process.kill()
            self._wait()
        self._messages.close()

    def _start(self, width: int, height: int) -> subprocess.Popen[bytes]:
        """Start ffmpeg, which reads frames of one size and writes its errors where `_failure` finds them."""
        import imageio_ffmpeg

        raw = ["-f", "rawvideo", "-vcodec", "rawvideo", "-s", f"{width}x{height}", "-pix_fmt", "rgb24"]
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", *raw, "-r", str(self._fps), "-i", "-", "-an"]
        # A session of its own, because Ctrl-C is for this process alone, which then ends the file in good order.
        return subprocess.Popen(
            [*command, "-v", "error", *self._output, str(self._path)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._messages, start_new_session=True,
        )  # fmt: skip

    def _wait(self) -> int:
        with contextlib.suppress(OSError):
            self._process.stdin.close()  # type: ignore[union-attr]
        return self._process.wait()  # type: ignore[union-attr]

    def _failure(self) -> VideoError:
        status = "" if self._process is None else f" with status {self._wait()}"
        self._messages.seek(0)
        words = self._messages.read().decode(errors="replace").strip()
        return VideoError(f"ffmpeg stopped{status}: {words or 'no message'}")


def _mp4_options() -> list[str]:
    # Untagged colours are read as BT.601 or BT.709 according to the size; tags leave no guess.
    colours = ["-vf", "scale=out_color_matrix=bt709:out_range=tv", "-colorspace", "bt709"]
    colours += ["-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]
    codec = ["-vcodec", "libx264", "-pix_fmt", "yuv420p"]
    return [*codec, *colours, "-crf", "20", "-movflags", "+faststart", "-f", "mp4"]


def _gif_options(fps: Fraction) -> list[str]:
    graph = f"fps={FASTEST_GIF},{PALETTE}" if fps > FASTEST_GIF else PALETTE
    # Without transdiff: it compares palette indices, which mean other colours in the next frame.
    output = ["-filter_complex", graph, "-gifflags", "offsetting", "-loop", "0", "-f", "gif"]
    return ["-vcodec", "gif", "-pix_fmt", "pal8", *output]
