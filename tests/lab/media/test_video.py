"""Videos decode to the frames that went in, appear whole or not at all, and need no more memory when they are long."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from lab.media.encoding import Encoder
from lab.media.video import VideoWriter, write_video

BLOCKS = ((200, 30, 30), (30, 180, 60), (40, 60, 200), (250, 250, 250))


def moving(count: int, height: int = 48, width: int = 64) -> list[np.ndarray]:
    frames = []
    for i in range(count):
        frame = np.full((height, width, 3), 30, np.uint8)
        frame[i % height, :, 0] = 250
        frames.append(frame)
    return frames


def read_mp4(path: Path) -> tuple[dict, list[np.ndarray]]:
    reader = imageio_ffmpeg.read_frames(str(path))
    meta = next(reader)
    width, height = meta["size"]
    return meta, [np.frombuffer(data, np.uint8).reshape(height, width, 3) for data in reader]


def read_gif(path: Path) -> tuple[list[int], list[np.ndarray], int | None]:
    with Image.open(path) as image:
        durations, frames = [], []
        for i in range(image.n_frames):
            image.seek(i)
            durations.append(image.info["duration"])
            frames.append(np.array(image.convert("RGB")))
        return durations, frames, image.info.get("loop")


@pytest.mark.parametrize("fps", [30, 12.5, 50])
def test_mp4_keeps_count_rate_and_size(tmp_path: Path, fps: float) -> None:
    path = write_video(tmp_path / "a.mp4", moving(25), fps)
    meta, frames = read_mp4(path)
    assert (len(frames), meta["size"], meta["fps"]) == (25, (64, 48), fps)
    assert meta["duration"] == pytest.approx(25 / fps, abs=0.02)
    assert meta["codec"] == "h264" and "yuv420p" in meta["pix_fmt"]


def test_the_frame_rate_is_not_rounded(tmp_path: Path) -> None:
    # 0.33 frames a second would make it 27.27 s.
    meta, _ = read_mp4(write_video(tmp_path / "a.mp4", moving(9), 1 / 3))
    assert meta["duration"] == pytest.approx(27, abs=0.02)


def test_mp4_can_start_before_it_is_loaded(tmp_path: Path) -> None:
    data = write_video(tmp_path / "a.mp4", moving(5), 30).read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_mp4_pads_odd_sides_and_keeps_every_pixel_in_place(tmp_path: Path) -> None:
    frame = np.zeros((33, 45, 3), np.uint8)
    for i, colour in enumerate(BLOCKS):
        frame[16 * (i // 2) : 16 * (i // 2) + 17, 24 * (i % 2) : 24 * (i % 2) + 24] = colour
    meta, frames = read_mp4(write_video(tmp_path / "a.mp4", [frame] * 3, 10))
    assert meta["size"] == (46, 34)
    for top, left in ((3, 3), (3, 34), (22, 3), (22, 34)):
        difference = frames[1][top : top + 8, left : left + 8].astype(int) - frame[top : top + 8, left : left + 8]
        assert np.abs(difference).max() <= 4, (top, left)
    # A rescale would move the middle edge; here the columns on its sides differ as sharply as before.
    assert int(frames[1][28, 25, 0]) - int(frames[1][28, 22, 0]) > 150


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 1), (2, 3, 3), (7, 200)])
@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_tiny_and_gray_frames_make_a_video(tmp_path: Path, shape: tuple[int, ...], suffix: str) -> None:
    path = write_video(tmp_path / f"a{suffix}", (np.full(shape, 90, np.uint8) for _ in range(3)), 5)
    frames = read_mp4(path)[1] if suffix == ".mp4" else read_gif(path)[1]
    assert len(frames) == 3 and np.abs(frames[2].astype(int) - 90).max() <= 3


def test_gif_is_exact_up_to_256_colours_and_loops_for_ever(tmp_path: Path) -> None:
    frames = moving(40, 33, 45)
    frames[3] = np.arange(33 * 45, dtype=np.int64).reshape(33, 45)[..., None].repeat(3, 2).astype(np.uint8)
    durations, decoded, loop = read_gif(write_video(tmp_path / "a.gif", frames, 20))
    assert (len(decoded), set(durations), loop) == (40, {50}, 0)
    for wanted, found in zip(frames, decoded, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_gif_keeps_256_colours_that_change_from_frame_to_frame(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    frames = []
    for i in range(12):
        palette = random.integers(0, 256, (256, 3), dtype=np.uint8)
        frame = palette[random.integers(0, 256, (40, 60))]
        if i % 3:
            frame = frames[-1].copy()
            frame[5 : 5 + i, 7:20] = frame[0, 0] if i % 2 else frame[30, 5]
        frames.append(frame)
    _, decoded, _ = read_gif(write_video(tmp_path / "a.gif", frames, 20))
    differences = [int(np.abs(a.astype(int) - b).max()) for a, b in zip(frames, decoded, strict=True)]
    assert max(differences) <= 1, differences


@pytest.mark.parametrize("fps", [30, 24, 7, 50])
def test_gif_delays_add_up_to_the_frame_rate(tmp_path: Path, fps: float) -> None:
    durations, _, _ = read_gif(write_video(tmp_path / "a.gif", moving(60), fps))
    assert len(durations) == 60
    assert sum(durations) == pytest.approx(60_000 / fps, abs=10)
    assert max(durations) - min(durations) <= 10


def test_gif_above_50_fps_drops_frames_and_keeps_its_speed(tmp_path: Path) -> None:
    durations, _, _ = read_gif(write_video(tmp_path / "a.gif", moving(120), 120))
    assert min(durations) >= 20
    assert sum(durations) == pytest.approx(1000, abs=20)


def test_gif_keeps_equal_frames(tmp_path: Path) -> None:
    durations, decoded, _ = read_gif(write_video(tmp_path / "a.gif", [moving(1)[0]] * 9, 10))
    assert durations == [100] * 9
    np.testing.assert_array_equal(decoded[8], moving(1)[0])


def test_gif_with_many_colours_is_close(tmp_path: Path) -> None:
    y, x = np.mgrid[:120, :160]
    frame = np.stack([x * 255 // 159, y * 255 // 119, (x + y) * 255 // 278], -1).astype(np.uint8)
    _, decoded, _ = read_gif(write_video(tmp_path / "a.gif", [frame, frame[::-1]], 10))
    assert np.abs(decoded[1].astype(int) - frame[::-1]).mean() < 8


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_a_frame_buffer_may_be_used_again(tmp_path: Path, suffix: str) -> None:
    buffer = np.zeros((32, 32, 3), np.uint8)
    with VideoWriter(tmp_path / f"a{suffix}", 10) as video:
        for value in (10, 120, 240):
            buffer[:] = value
            video.append(buffer)
    frames = read_mp4(video.path)[1] if suffix == ".mp4" else read_gif(video.path)[1]
    assert [round(float(f.mean()) / 10) for f in frames] == [1, 12, 24]


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_write_leaves_nothing_new(tmp_path: Path, suffix: str, error: type[BaseException]) -> None:
    path = tmp_path / f"a{suffix}"
    with pytest.raises(error), VideoWriter(path, 30) as video:
        video.append(moving(1)[0])
        raise error
    assert list(tmp_path.iterdir()) == []
    path.write_bytes(b"older")
    with pytest.raises(error), VideoWriter(path, 30) as video:
        video.append(moving(1)[0])
        raise error
    assert [p.name for p in tmp_path.iterdir()] == [path.name] and path.read_bytes() == b"older"


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_frames_of_two_shapes_are_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(ValueError, match=r"frame 1 received \(50, 64, 3\); expected the first frame's \(48, 64, 3\)"):
        write_video(tmp_path / f"a{suffix}", [*moving(1), *moving(1, 50)], 30)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_no_frame_is_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(ValueError, match="received no frame"):
        write_video(tmp_path / f"a{suffix}", [], 30)
    assert list(tmp_path.iterdir()) == []


def test_bad_arguments_say_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'.*a\.avi'; expected a name that ends in \.mp4 or \.gif"):
        VideoWriter(tmp_path / "a.avi", 30)
    for fps in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="fps received"):
            VideoWriter(tmp_path / "a.mp4", fps)
    with pytest.raises(ValueError, match=r"frame\[\.\.\., :3\]"):
        write_video(tmp_path / "a.mp4", [np.zeros((4, 4, 4), np.uint8)], 30)
    with pytest.raises(ValueError, match="'float64'; expected uint8"):
        write_video(tmp_path / "a.gif", [np.zeros((4, 4, 3))], 30)


def children() -> list[int]:
    pid = os.getpid()
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@linux
@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_a_dead_ffmpeg_is_reported_and_leaves_nothing(tmp_path: Path, suffix: str) -> None:
    before = set(children())
    path = tmp_path / f"a{suffix}"
    with pytest.raises(RuntimeError, match="ffmpeg stopped with status -9"), VideoWriter(path, 30) as v:
        for i, frame in enumerate(moving(2000)):
            v.append(frame)
            if i == 5:
                (ffmpeg,) = set(children()) - before
                os.kill(ffmpeg, signal.SIGKILL)
    assert list(tmp_path.iterdir()) == [] and set(children()) <= before


@linux
@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_an_ffmpeg_that_dies_after_the_last_frame_is_reported(tmp_path: Path, suffix: str) -> None:
    before = set(children())
    with (
        pytest.raises(RuntimeError, match="ffmpeg stopped with status -9"),
        VideoWriter(tmp_path / f"a{suffix}", 30) as v,
    ):
        v.append(moving(1, 200, 300)[0])
        (ffmpeg,) = set(children()) - before
        os.kill(ffmpeg, signal.SIGKILL)
    assert list(tmp_path.iterdir()) == [] and set(children()) <= before


@pytest.mark.parametrize("height", [1, 1000])
def test_the_words_of_ffmpeg_are_passed_on(tmp_path: Path, capfd: pytest.CaptureFixture[str], height: int) -> None:
    (tmp_path / "a.mp4").mkdir()
    encoder = Encoder(tmp_path / "a.mp4", "mp4", Fraction(30))
    with pytest.raises(RuntimeError, match="(?s)ffmpeg stopped.*Is a directory"):
        encoder.append(np.zeros((height, 1000, 3), np.uint8))
        encoder.close()
    encoder.discard()
    assert capfd.readouterr() == ("", "")


@linux
@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_ctrl_c_does_not_reach_ffmpeg(tmp_path: Path, suffix: str) -> None:
    before = set(children())
    with VideoWriter(tmp_path / f"a{suffix}", 30) as video:
        video.append(moving(1)[0])
        (ffmpeg,) = set(children()) - before
        assert os.getpgid(ffmpeg) != os.getpgid(0)


MEMORY = """
import os, sys
import numpy as np
from lab.media.video import VideoWriter

def peak(pid):
    return int(next(l for l in open(f"/proc/{pid}/status") if l.startswith("VmHWM")).split()[1]) // 1024

def peaks():
    pid = os.getpid()
    return [peak(pid), *map(peak, open(f"/proc/{pid}/task/{pid}/children").read().split())]

with VideoWriter(sys.argv[1], 30) as video:
    for i in range(10_000):
        frame = np.zeros((48, 64, 3), np.uint8)
        frame[i % 48, i % 50 : i % 50 + 9] = i % 255
        video.append(frame)
        if i in (2_000, 9_999):
            print(*peaks())
"""


@pytest.mark.thorough
@linux
@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_memory_stays_flat_over_10000_frames(tmp_path: Path, suffix: str) -> None:
    command = [sys.executable, "-c", MEMORY, str(tmp_path / f"a{suffix}")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    early, late = (list(map(int, line.split())) for line in done.stdout.splitlines())
    assert len(early) == 2
    # Kept frames would add 8,000 * 9 KB = 74 MB.
    assert all(after - before < 16 for before, after in zip(early, late, strict=True)), (early, late)


def test_importing_the_modules_brings_nothing_heavy() -> None:
    code = (
        "import sys, lab.media.video, lab.media.captions, lab.media.grids, lab.media.images,"
        "lab.results.evaluation, lab.results.history, lab.media.plotting;"
        "print([m for m in ('PIL', 'imageio', 'imageio_ffmpeg', 'matplotlib', 'scipy', 'tensorflow')"
        " if m in sys.modules])"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"
