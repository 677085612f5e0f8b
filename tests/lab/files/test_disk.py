"""A disk that is full, fails or goes away: one clear line, the last whole checkpoint kept, and nothing left behind."""

import errno
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lab.errors import CheckpointError, RunDirectoryError, UsageError, VideoError
from lab.files import leftovers
from lab.files.atomic import replacing
from lab.files.json_lines import JsonLines
from lab.media.images import write_png
from lab.media.video import VideoWriter, write_video
from lab.runs import checkpoints
from lab.runs.directory import RunDirectory

ROOT = Path(__file__).parents[3]
OLD, NEW = {"v": np.arange(1_000.0)}, {"v": np.arange(1_000.0) + 1}


def fails(monkeypatch, name, code, after=0):
    """Let one call of a function of `os` fail."""
    real, calls = getattr(os, name), []

    def failing(*arguments, **keywords):
        calls.append(arguments)
        if len(calls) == after + 1:
            raise OSError(code, os.strerror(code))
        return real(*arguments, **keywords)

    monkeypatch.setattr(os, name, failing)
    return calls


def names(folder):
    return sorted(p.name for p in folder.iterdir())


# Each call of these that writing takes fails once, up to the one after which the new checkpoint has its name.
FAULTS = [("write", errno.ENOSPC, n) for n in range(4)] + [("fsync", errno.EIO, n) for n in range(4)]
FAULTS += [("rename", errno.ENOSPC, n) for n in range(2)] + [("mkdir", errno.EROFS, 0), ("open", errno.EACCES, 1)]


@pytest.mark.parametrize(("name", "code", "after"), FAULTS)
def test_a_disk_that_fails_leaves_the_last_checkpoint_and_nothing_else(tmp_path, monkeypatch, name, code, after):
    path = checkpoints.write(tmp_path / "checkpoints" / "step-1", OLD)
    with monkeypatch.context() as patch:
        fails(patch, name, code, after)
        with pytest.raises(RunDirectoryError, match=r"step-1 cannot be written: .*kept. Fix: .*lab resume") as error:
            checkpoints.write(path, NEW)
    assert os.strerror(code) in str(error.value) and "\n" not in str(error.value)
    assert names(tmp_path / "checkpoints") == ["step-1"]
    assert checkpoints.read(path)[0]["v"][0] == 0.0


def test_a_failure_after_the_new_one_has_its_name_leaves_it_whole(tmp_path, monkeypatch):
    path = checkpoints.write(tmp_path / "checkpoints" / "step-1", OLD)
    with monkeypatch.context() as patch:
        fails(patch, "fsync", errno.EIO, 4)
        with pytest.raises(RunDirectoryError):
            checkpoints.write(path, NEW)
    assert checkpoints.read(path)[0]["v"][0] == 1.0
    checkpoints.write(path, NEW)
    assert names(tmp_path / "checkpoints") == ["step-1"]


def test_a_kill_between_the_two_names_loses_nothing(tmp_path, monkeypatch):
    path = checkpoints.write(tmp_path / "checkpoints" / "step-1", OLD)
    script = f"""
import os, signal, pathlib
from lab.runs import checkpoints
real = os.rename
def killing(source, target):
    if target.name == "step-1":
        os.kill(os.getpid(), signal.SIGKILL)
    real(source, target)
os.rename = killing
checkpoints.write(pathlib.Path({str(path)!r}), {{"v": 2}})
"""
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT).returncode == -signal.SIGKILL
    assert not path.exists() and len(names(tmp_path / "checkpoints")) == 2
    found = RunDirectory(tmp_path).find_checkpoint("last")
    assert checkpoints.step_of(found) == 1 and checkpoints.read(found)[0]["v"][0] == 0.0
    leftovers.clean(tmp_path)
    assert names(tmp_path / "checkpoints") == ["step-1"] and checkpoints.read(path)[0]["v"][0] == 0.0


def test_a_full_disk_leaves_no_part_of_a_row(tmp_path, monkeypatch):
    log = JsonLines(tmp_path / "metrics.jsonl")
    log.append({"step": 1})
    real = os.write

    def half(descriptor, data):
        if len(data) <= 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data[: len(data) - 4])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half)
        with pytest.raises(RunDirectoryError, match=r"metrics.jsonl cannot be written: No space.*Fix: free some space"):
            log.append({"step": 2})
    assert log.path.read_text() == '{"step": 1}\n'
    with monkeypatch.context() as patch:
        fails(patch, "fsync", errno.EIO)
        with pytest.raises(RunDirectoryError, match=r"Input/output error.*look after the disk"):
            log.sync()


def test_a_run_that_was_renamed_or_deleted_is_not_begun_anew_under_its_old_name(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    checkpoints.write(run / "checkpoints" / "step-1", OLD)
    log = JsonLines(run / "metrics.jsonl")
    log.append({"step": 1})
    run.rename(tmp_path / "moved")
    for act in (lambda: log.append({"step": 2}), lambda: checkpoints.write(run / "checkpoints" / "step-2", NEW)):
        with pytest.raises(RunDirectoryError, match=r"cannot be written: No such file.*it was renamed or deleted"):
            act()
    assert names(tmp_path) == ["moved"] and names(tmp_path / "moved" / "checkpoints") == ["step-1"]


def test_an_old_checkpoint_that_cannot_be_deleted_is_named_and_training_goes_on(tmp_path, monkeypatch):
    for step in (1, 2, 3):
        checkpoints.write(tmp_path / "checkpoints" / f"step-{step}", OLD)
    with monkeypatch.context() as patch:
        fails(patch, "rename", errno.EACCES)
        with pytest.warns(UserWarning, match=r"step-1 could not be deleted: Permission denied"):
            checkpoints.prune(tmp_path / "checkpoints", "step", keep=2)
    assert names(tmp_path / "checkpoints") == ["step-1", "step-2", "step-3"]


@pytest.mark.parametrize(
    "write", [lambda p: p.write_text("x"), lambda p: Image.new("RGB", (2, 2)).save(p, format="PNG")]
)
def test_a_file_that_cannot_be_written_whole_keeps_its_old_self(tmp_path, monkeypatch, write):
    path = tmp_path / "a.png"
    path.write_text("old")
    with monkeypatch.context() as patch:
        fails(patch, "replace", errno.ENOSPC)
        with (
            pytest.raises(RunDirectoryError, match=r"a.png cannot be written: No space left"),
            replacing(path) as partial,
        ):
            write(partial)
    assert names(tmp_path) == ["a.png"] and path.read_text() == "old"


@pytest.mark.skipif(os.getuid() == 0, reason="root writes into read-only folders")
def test_a_read_only_folder_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(RunDirectoryError, match=r"Permission denied.*make it writable"):
        write_png(tmp_path / "a.png", np.zeros((4, 4), np.uint8))


FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from lab.runs import checkpoints
from lab.errors import UsageError
from lab.media.images import write_png
from lab.files.json_lines import JsonLines
from lab.media.video import write_video
run, what = Path(sys.argv[1]), sys.argv[2]
noise = np.random.default_rng(0).integers(0, 256, (40, 128, 128, 3), dtype=np.uint8)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    if what == "checkpoint":
        checkpoints.write(run / "checkpoints" / "step-2", {"v": np.zeros(10_000)})
    elif what == "rows":
        for i in range(1_000):
            JsonLines(run / "metrics.jsonl").append({"step": i, "name": "x" * 100})
    elif what == "picture":
        write_png(run / "samples" / "a.png", noise[0])
    else:
        write_video(run / "videos" / f"a.{what}", noise, 30)
except UsageError as error:
    print("ERROR", " ".join(str(error).split()))
"""


@pytest.mark.parametrize("what", ["checkpoint", "rows", "picture", "mp4", "gif"])
def test_a_limit_that_the_system_sets_is_met_as_a_full_disk_is(tmp_path, what):
    """The kernel itself refuses to let files grow, for ffmpeg too."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path), what], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.startswith("ERROR "), done.stderr
    assert "Traceback" not in done.stderr
    left = [p for p in tmp_path.rglob("*") if p.is_file()]
    if what == "rows":
        rows = JsonLines(tmp_path / "metrics.jsonl")
        assert rows.path.read_bytes().endswith(b"}\n") and len(rows.read()) > 100
    else:
        assert left == []


def dead_process():
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    return process.pid


def test_what_dead_processes_left_is_cleaned_and_what_the_living_write_is_not(tmp_path):
    dead, alive, mine = dead_process(), os.getppid(), os.getpid()
    host, tag = leftovers._host(), "0123456789ab"
    gone = [
        f"checkpoints/.step-000000000005.tmp-{dead}/state.json",
        f"checkpoints/.best-000000000005.old-{dead}/state.json",
        # Who cleans up holds the run's lock: whoever has that number now writes none of its checkpoints.
        f"checkpoints/.step-000000000010.tmp-{alive}/state.json",
        f"videos/.episode.mp4.{host}-{dead}-{tag}.partial.mp4",
        f"samples/.samples-000000500.png.{host}-{dead}-{tag}.partial",
        f".report.html.{host}-{dead}-{tag}.partial",
        f".metrics.jsonl.{tag}.partial",
    ]
    kept = [
        f"videos/.episode.mp4.{host}-{alive}-{tag}.partial.mp4",
        f"videos/.episode.mp4.{host}-{mine}-{tag}.partial.mp4",
        f"videos/.episode.mp4.00000000-{dead}-{tag}.partial.mp4",
        f".other.{tag}.partial",
        ".hidden",
        ".notes.tmp",
        "checkpoints/best-000000000005/state.json",
        "metrics.jsonl",
        f"elsewhere/.x.tmp-{dead}/a",
    ]
    for name in (*gone, *kept):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    os.utime(tmp_path / gone[-1], (time.time() - 90_000,) * 2)
    leftovers.clean(tmp_path)
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()) == sorted(kept)
    assert leftovers.clean(tmp_path) == []


def test_a_process_of_the_same_number_in_a_new_container_is_another(tmp_path):
    mine = tmp_path / leftovers.partial_name("a.mp4")
    mine.write_text("x")
    assert leftovers.clean(tmp_path) == []
    os.utime(mine, (leftovers._BEGAN - 100,) * 2)
    assert leftovers.clean(tmp_path) == [mine]


def test_looking_at_a_run_cleans_nothing(tmp_path):
    checkpoints.write(tmp_path / "checkpoints" / "step-1", OLD)
    left = tmp_path / "checkpoints" / f".step-2.tmp-{dead_process()}"
    left.mkdir()
    RunDirectory(tmp_path).find_checkpoint("best")
    checkpoints.listed(tmp_path / "checkpoints", "step")
    JsonLines(tmp_path / "metrics.jsonl").read()
    assert left.is_dir()


def frames(number=3):
    return [np.full((16, 16, 3), 50 * i, np.uint8) for i in range(number)]


def test_a_video_that_cannot_take_its_name_leaves_no_part(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        fails(patch, "replace", errno.ENOSPC)
        with pytest.raises(RunDirectoryError, match=r"a.mp4 cannot be written: No space left"):
            write_video(tmp_path / "a.mp4", frames(), 30)
    assert names(tmp_path) == []


TERMINATED = """
import sys, time
from pathlib import Path
import numpy as np
from lab import cli
from lab.files.atomic import replacing
from lab.media.video import VideoWriter

def write(options):
    run = Path(sys.argv[1])
    with VideoWriter(run / "a.mp4", 30) as video, replacing(run / "report.html") as page:
        page.write_text("half")
        video.append(np.zeros((16, 16, 3), np.uint8))
        print("ready", flush=True)
        time.sleep(60)

cli.command = lambda name: write
sys.exit(cli.main(["list"]))
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_leaves_no_part_of_a_video_or_page(tmp_path, number, status):
    process = subprocess.Popen(
        [sys.executable, "-c", TERMINATED, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    assert process.wait(60) == status
    assert b"Traceback" not in process.stderr.read() and names(tmp_path) == []


def test_an_error_of_ffmpeg_is_one_that_the_command_shows_in_a_line(tmp_path):
    assert issubclass(VideoError, UsageError) and issubclass(VideoError, RuntimeError)
    with pytest.raises(VideoError, match="ffmpeg stopped"), VideoWriter(tmp_path / "a.mp4", 30) as video:
        video.append(frames()[0])
        os.kill(video._encoder._process.pid, signal.SIGKILL)
        for frame in frames(3) * 200:
            video.append(frame)
    assert names(tmp_path) == []


def test_the_error_is_one_kind_for_whoever_catches_either():
    from lab.errors import ForeignFileError

    assert issubclass(ForeignFileError, CheckpointError) and issubclass(ForeignFileError, RunDirectoryError)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
