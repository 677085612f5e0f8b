"""The demo: the whole job, small, as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lab.command.demo import JOBS, Job, run_demo
from lab.errors import RunDirectoryError

LINES_ON_ONE_SCREEN = 24


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    directory = tmp_path_factory.mktemp("demo") / "new"
    command = [sys.executable, "-m", "lab", "demo", "--quick", "--run", str(directory)]
    return directory, subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.thorough
def test_ends_with_the_report_path_alone_on_its_line(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    directory, done = demo
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == str(directory / "report.html")
    assert Path(lines[-1]).is_file()
    assert len(lines) <= LINES_ON_ONE_SCREEN
    assert max(map(len, lines[:-1])) <= max(100, len(str(directory)) + 60)


@pytest.mark.thorough
def test_says_what_was_trained_scored_and_shown(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = demo
    for job in JOBS:
        assert f"{job.learner} on {job.source}" in done.stdout
        assert f"{job.quick_steps:,} " in done.stdout
    assert done.stdout.count("mean return") == done.stdout.count("; random ") == 2
    assert "MSE " in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.learner)
def test_each_run_is_whole(demo: tuple[Path, subprocess.CompletedProcess[str]], job: Job) -> None:
    directory, _ = demo
    run = directory / job.learner
    config = json.loads((run / "config.json").read_text())
    assert (config["learner"], config["source"]) == (job.learner, job.source)
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert rows[-1]["step"] == job.quick_steps
    purposes = [json.loads(line)["purpose"] for line in (run / "evaluations.jsonl").read_text().splitlines()]
    assert purposes[-1] == "report"
    assert purposes.count("training") >= 2
    assert {path.name.split("-")[0] for path in (run / "checkpoints").iterdir()} == {"step", "best"}
    for name in job.shown.values():
        (path,) = run.rglob(name)
        assert path.stat().st_size > 500


def test_report_shows_every_file(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    directory, _ = demo
    page = (directory / "report.html").read_text(encoding="utf-8")
    assert page.count("<video ") == sum(name.endswith(".mp4") for job in JOBS for name in job.shown.values())
    for job in JOBS:
        for name in job.shown.values():
            assert f"<code>{name}</code>" in page
    assert "<aside>" not in page


def test_used_directory_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunDirectoryError, match=r"is not empty\. Fix: choose a new or empty one"):
        run_demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
