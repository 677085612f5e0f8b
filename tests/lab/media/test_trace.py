"""Traces: what is written beside a film, and that a damaged or foreign one is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.errors import ForeignFileError
from lab.files.reading.schema import SchemaError
from lab.media import trace
from lab.media.trace import Tracer, path_of, read_trace


def written(run: Path, observations: Any = None, values: Any = ([1.0, 2.0], [0.5, np.nan])) -> tuple[Path, str]:
    """Write a trace of two steps beside something that stands for a video."""
    seen = [np.array([0.1, -2.0], np.float32)] * 3 if observations is None else observations
    video = run / "videos" / "episode.mp4"
    video.parent.mkdir(parents=True)
    video.write_bytes(b"video")
    tracer = Tracer(seen[0])
    tracer.show(np.zeros((8, 1000, 3), np.uint8))
    tracer.step(values[0], 1, 1.0, seen[1])
    tracer.step(values[1], np.array([0]), -0.123456789, seen[2])
    tracer.end(True)
    assert tracer.write(video, 30) == video.with_name("episode.mp4.trace.json")
    return video, hashlib.sha256(b"video").hexdigest()


def test_what_was_seen_valued_and_done_is_read_back(tmp_path: Path) -> None:
    video, digest = written(tmp_path)
    found = read_trace(video, tmp_path, digest)
    assert found is not None and (found.fps, found.ended) == (30, "terminated")
    assert found.rewards == [1.0, -0.12346] and found.actions == [[1], [0]]
    assert found.values == [[1.0, 2.0], [0.5, None]]
    assert found.observations == [[0.1, -2.0]] * 3
    assert found.poster is not None and found.poster.startswith(trace.JPEG)


def test_pictures_and_missing_values_are_left_out(tmp_path: Path) -> None:
    video, digest = written(tmp_path, [np.zeros((84, 84, 3), np.uint8)] * 3, (None, None))
    found = read_trace(video, tmp_path, digest)
    assert found is not None and found.values is None and found.observations is None and len(found.rewards) == 2


def test_a_long_episode_keeps_rewards_before_values_before_observations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "MOST_IN_ALL", 9)
    video, digest = written(tmp_path)
    found = read_trace(video, tmp_path, digest)
    assert found is not None and found.values is not None and found.observations is None
    monkeypatch.setattr(trace, "MOST_STEPS", 1)
    tracer = Tracer(0)
    for _ in range(3):
        tracer.step(None, 0, 0.0, 0)
    tracer.end(False)
    # That of the film before must not stay beside this one.
    assert tracer.write(video, 30) is None and read_trace(video, tmp_path, digest) is None


def test_of_another_video_it_is_none(tmp_path: Path) -> None:
    video, _ = written(tmp_path)
    assert read_trace(video, tmp_path, "0" * 64) is None


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("rewards", [1.0, "<b>"], r"rewards\[1\] is '<b>'; expected a number"),
        ("rewards", [1.0], "actions has 2 entries; expected 1 for 1 rewards"),
        ("values", [[1.0]], "values has 1 entries"),
        ("observations", [[1.0]] * 2, "observations has 2 entries; expected 3"),
        ("observations", [[1.0] * 65] * 3, "a list of 1 to 64 values"),
        ("ended", "<script>", "expected one of"),
        ("fps", 0, "expected a number from 0.01"),
        ("poster", "PHNjcmlwdD4=", "poster is no JPEG"),
        ("poster", "<script>", "poster is no base64"),
        ("extra", 1, "means nothing here"),
    ],
)
def test_a_damaged_one_is_refused(tmp_path: Path, key: str, value: Any, message: str) -> None:
    video, digest = written(tmp_path)
    path = path_of(video)
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(SchemaError, match=message):
        read_trace(video, tmp_path, digest)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    video, digest = written(tmp_path)
    path = path_of(video)
    path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(ForeignFileError, match="is a link"):
        read_trace(video, tmp_path, digest)
