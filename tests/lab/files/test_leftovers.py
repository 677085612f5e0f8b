"""What a kill leaves behind goes away with the next start, whatever was left to do."""

import json
import os
import subprocess
import sys

import pytest

from agents import QLearning
from lab import Experiment
from lab.errors import RunDirectoryError
from lab.files import leftovers


def dead_process():
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    return process.pid


def hidden(run):
    return sorted(p.name for p in run.rglob(".*") if p.name != ".lock")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "run"
    Experiment(QLearning(), "lab/GridWorld-v0", run_dir=run, progress=False, lane="host").train(30)
    return run


def left_behind(run):
    """Leave what a process leaves that is killed as it deletes the checkpoint before the last, and films."""
    dead, host = dead_process(), leftovers._host()
    (run / "checkpoints" / f".step-000000000015.tmp-{dead}").mkdir()
    old = run / "checkpoints" / f".step-000000000030.old-{dead}"
    old.mkdir()
    (old / "state.json").write_text("{}")
    (run / "videos").mkdir(exist_ok=True)
    (run / "videos" / f".episode.mp4.{host}-{dead}-0123456789ab.partial").write_text("x")


def test_resuming_a_run_that_has_all_its_steps_tidies_up(finished):
    left_behind(finished)
    assert len(hidden(finished)) == 3
    Experiment.resume(finished, progress=False)
    assert hidden(finished) == []
    assert [p.name for p in (finished / "checkpoints").iterdir()] == ["step-000000000030"]


def test_resuming_a_run_that_somebody_trains_leaves_all_as_it_is(finished):
    experiment = Experiment.resume(finished, progress=False)
    with experiment.writing_alone():
        left_behind(finished)
        Experiment.resume(finished, progress=False)
        assert len(hidden(finished)) == 3
    Experiment.resume(finished, progress=False)


def test_what_appears_while_training_goes_on_is_gone_at_its_end(tmp_path):
    dead, host = dead_process(), leftovers._host()
    late = tmp_path / "run" / "videos" / f".episode.mp4.{host}-{dead}-0123456789ab.partial"

    class Encoder(Experiment):
        def on_train_begin(self):
            # The encoder of a killed process may take its time.
            late.parent.mkdir()
            late.write_text("x")

    Encoder(QLearning(), "lab/GridWorld-v0", run_dir=tmp_path / "run", progress=False, lane="host").train(10)
    assert not late.exists()


def test_a_run_may_begin_where_one_was_killed_as_it_began(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / f".config.json.{leftovers._host()}-{dead_process()}-0123456789ab.partial").write_text("{")
    experiment = Experiment(QLearning(), "lab/GridWorld-v0", run_dir=run, progress=False, lane="host")
    experiment.train(10)
    assert json.loads((run / "config.json").read_text())["learner"] == "q_learning"
    assert hidden(run) == []


def test_a_run_may_not_begin_where_another_begins_just_now(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / f".config.json.{leftovers._host()}-{os.getppid()}-0123456789ab.partial").write_text("{")
    with pytest.raises(RunDirectoryError, match="not empty"):
        Experiment(QLearning(), "lab/GridWorld-v0", run_dir=run, progress=False, lane="host")
