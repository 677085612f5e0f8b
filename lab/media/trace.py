"""The trace of a filmed episode: what the agent saw, valued, did and was paid at each frame, kept beside the video."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.files.atomic import replacing
from lab.files.faults import unwritable
from lab.files.json_lines import clean
from lab.files.links import read_bytes
from lab.files.reading.schema import SchemaError, check, entries, items, optional, parse, real, text, whole

SUFFIX = ".trace.json"
FORMAT = 1
# Of an observation, an action or the values of actions; pictures are seen in the video.
MOST_NUMBERS = 64
MOST_STEPS = 20_000
# Of all steps together: about two megabytes. Observations are left out first, then values.
MOST_IN_ALL = 250_000
LARGEST = 1 << 23
POSTER_WIDTH, LARGEST_POSTER = 480, 1 << 18
JPEG = b"\xff\xd8\xff"

_number = optional(real())
_row = items(_number, MOST_NUMBERS, 1)
_TRACE = entries(
    {
        "format": whole(FORMAT, FORMAT),
        "sha256": text(64),
        "fps": real(0.01, 1000),
        "ended": text(choices=("terminated", "truncated")),
        "rewards": items(_number, MOST_STEPS, 1),
        "actions": items(_row, MOST_STEPS, 1),
        "values": optional(items(_row, MOST_STEPS, 1)),
        "observations": optional(items(_row, MOST_STEPS + 1, 2)),
        "poster": optional(text(2 * LARGEST_POSTER)),
    }
)


@dataclasses.dataclass(frozen=True)
class Trace:
    """What happened in an episode of N steps, which has N + 1 frames.

    Attributes:
        fps: Frames a second.
        ended: `terminated` or `truncated`.
        rewards: Of each step, N.
        actions: The numbers of each action, N.
        values: The value of each action before each step, N, or None.
        observations: The numbers of each observation, N + 1, or None.
        poster: The first frame as a JPEG, or None.
    """

    fps: float
    ended: str
    rewards: list[float | None]
    actions: list[list[float | None]]
    values: list[list[float | None]] | None
    observations: list[list[float | None]] | None
    poster: bytes | None


class Tracer:
    """Gathers a trace while an episode is filmed.

    Args:
        observation: The first one.
    """

    def __init__(self, observation: object) -> None:
        self._poster: bytes | None = None
        self._observations: list[list[float]] | None = []
        self._values: list[list[float]] | None = []
        self._actions: list[list[float]] = []
        self._rewards: list[float] = []
        self._ended = ""
        self._see(observation)

    def show(self, frame: NDArray[np.uint8]) -> None:
        """Take the first frame shown as the poster."""
        if self._poster is None:
            self._poster = _jpeg(frame)

    def step(self, values: object | None, action: object, reward: float, observation: object) -> None:
        """Add a step: the values of the actions (None where there are none), the action, and what it led to."""
        if len(self._rewards) > MOST_STEPS:
            return
        if self._values is not None:
            self._values = None if values is None else _longer(self._values, values)
        self._actions.append(_numbers(action)[:MOST_NUMBERS])
        self._rewards.append(_short(reward))
        self._see(observation)

    def end(self, terminated: bool) -> None:
        """Say how the episode ended."""
        self._ended = "terminated" if terminated else "truncated"

    def write(self, video: Path, fps: float) -> Path | None:
        """Write the trace beside its video, in place of an older one; return its path, or None for too long an episode.

        Raises:
            RunDirectoryError: When it cannot be written.
        """
        path = path_of(video)
        try:
            if not self._ended or len(self._rewards) > MOST_STEPS:
                path.unlink(missing_ok=True)
                return None
            self._shorten()
            document = {
                "format": FORMAT,
                "sha256": hashlib.sha256(video.read_bytes()).hexdigest(),
                "fps": fps,
                "ended": self._ended,
                "rewards": self._rewards,
                "actions": self._actions,
                "values": self._values,
                "observations": self._observations,
                "poster": base64.b64encode(self._poster).decode() if self._poster else None,
            }
            with replacing(path) as partial:
                partial.write_text(json.dumps(clean(document), allow_nan=False) + "\n")
        except OSError as error:
            raise unwritable(path, error) from error
        return path

    def _see(self, observation: object) -> None:
        if self._observations is not None:
            self._observations = _longer(self._observations, observation)

    def _shorten(self) -> None:
        left = MOST_IN_ALL - len(self._rewards) - sum(map(len, self._actions))
        if self._values is not None:
            taken = sum(map(len, self._values))
            self._values, left = (self._values, left - taken) if taken <= left else (None, left)
        if self._observations is not None and sum(map(len, self._observations)) > left:
            self._observations = None


def path_of(video: Path) -> Path:
    """Return where the trace of a video is."""
    return video.with_name(video.name + SUFFIX)


def read_trace(video: Path, run: Path, digest: str) -> Trace | None:
    """Return the trace beside a video of a run; None where there is none, or it is of another video.

    Args:
        video: Its path.
        run: The run's directory.
        digest: The SHA-256 of the video's content.

    Raises:
        SchemaError: When it is damaged.
        ForeignFileError: When it is a link, or no file.
        OSError: When it cannot be read.
    """
    try:
        content = read_bytes(path_of(video), run, LARGEST)
    except FileNotFoundError:
        return None
    found = check(parse(content, LARGEST), _TRACE)
    if found["sha256"] != digest:
        return None
    steps = len(found["rewards"])
    lengths = {"actions": steps, "values": steps, "observations": steps + 1}
    for name, length in lengths.items():
        if found[name] is not None and len(found[name]) != length:
            raise SchemaError(f"{name} has {len(found[name]):,} entries; expected {length:,} for {steps:,} rewards")
    kept = {field.name: found[field.name] for field in dataclasses.fields(Trace)}
    return Trace(**{**kept, "poster": _poster(found["poster"])})


def _poster(encoded: str | None) -> bytes | None:
    if encoded is None:
        return None
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SchemaError(f"poster is no base64: {error}") from None
    if not content.startswith(JPEG) or len(content) > LARGEST_POSTER:
        raise SchemaError(f"poster is no JPEG of at most {LARGEST_POSTER:,} bytes")
    return content


def _longer(rows: list[list[float]], given: object) -> list[list[float]] | None:
    """Return rows with one more; None where that has no or too many numbers."""
    found = _numbers(given)
    if not 0 < len(found) <= MOST_NUMBERS:
        return None
    rows.append(found)
    return rows


def _numbers(given: Any) -> list[float]:
    if isinstance(given, (tuple, list)):
        return [n for part in given for n in _numbers(part)]
    array = np.asarray(given)
    # The size of a picture is known without its numbers.
    if array.size > MOST_NUMBERS or array.dtype.kind not in "biuf":
        return []
    return [_short(n) for n in array.ravel().tolist()]


def _short(value: float) -> float:
    return value if isinstance(value, int) else float(f"{float(value):.5g}")


def _jpeg(frame: NDArray[np.uint8]) -> bytes | None:
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(frame)).convert("RGB")
    if picture.width > POSTER_WIDTH:
        picture = picture.resize((POSTER_WIDTH, max(1, round(POSTER_WIDTH * picture.height / picture.width))))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return buffer.getvalue() if buffer.tell() <= LARGEST_POSTER else None
