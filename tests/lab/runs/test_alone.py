"""One process writes a run: the lock, and what becomes of a run that was trained on elsewhere."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agents import Random
from generative import Autoencoder
from lab import Experiment, cli
from lab.errors import RunDirectoryError
from lab.runs.directory import RunDirectory
from lab.runs.lock import RunLock
from tests.contracts import logged

ROOT = Path(__file__).parents[3]
HOLD = """
import sys, time
from pathlib import Path
from lab.runs.lock import RunLock
with RunLock(Path(sys.argv[1])).hold():
    print("held", flush=True)
    time.sleep(60)
"""


def small(run, **keywords):
    made = Autoencoder(hidden_sizes=(4,), batch_size=16)
    return Experiment(made, "digits", run_dir=run, progress=False, log_every=5, checkpoint_every=10, **keywords)


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock of tmp_path / "run"."""
    run = tmp_path / "run"
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(run)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_run_that_another_process_writes_is_refused_and_names_it(holder, tmp_path):
    with pytest.raises(RunDirectoryError, match=f"being written by process {holder.pid}"):
        small(tmp_path / "run").train(10)
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == [".lock"]


@pytest.mark.thorough
def test_what_a_dead_process_held_locks_nothing(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    experiment = small(tmp_path / "run")
    experiment.train(10)
    assert experiment.step == 10 and not (tmp_path / "run" / ".lock").exists()


@pytest.mark.thorough
def test_two_experiments_of_one_process_do_not_train_one_run(tmp_path):
    small(tmp_path / "run").train(10)
    first, second = (Experiment.resume(tmp_path / "run", progress=False) for _ in range(2))
    with first.writing_alone(), pytest.raises(RunDirectoryError, match="another experiment of this process"):
        second.train(10)
    assert len(logged(tmp_path / "run")) == 2


def test_who_loses_the_race_to_resume_a_run_does_not_say_that_it_resumed(tmp_path, capsys):
    run = str(tmp_path / "run")
    arguments = ["train", "random", "lab/GridWorld-v0", "--steps", "60", "--run", run]
    assert cli.main(arguments) == 0
    with RunLock(tmp_path / "run").hold():
        capsys.readouterr()
        assert cli.main(["resume", run, "--steps", "10"]) == 2
    printed = capsys.readouterr()
    assert "resumed" not in printed.out and printed.err.count("is being written by") == 1
    assert cli.main(["resume", run, "--steps", "10"]) == 0
    assert "resumed  " in capsys.readouterr().out


def test_a_run_that_was_trained_on_elsewhere_is_not_overwritten(tmp_path):
    first = small(tmp_path / "run")
    first.train(10)
    other = Experiment.resume(tmp_path / "run", progress=False)
    other.train(10)
    before = logged(tmp_path / "run")
    for write in (lambda: first.train(5), first.save_checkpoint):
        with pytest.raises(RunDirectoryError, match="trained on elsewhere, to step 20"):
            write()
    assert logged(tmp_path / "run") == before
    other.train(10)
    assert [row["step"] for row in logged(tmp_path / "run")] == [5, 10, 15, 20, 25, 30]


def test_a_resumed_run_that_another_finished_before_training_began_is_not_cut(tmp_path):
    small(tmp_path / "run").train(10)
    late = Experiment.resume(tmp_path / "run", progress=False)
    Experiment.resume(tmp_path / "run", progress=False).train(10)
    with pytest.raises(RunDirectoryError, match="trained on elsewhere"):
        late.train(10)
    assert [row["step"] for row in logged(tmp_path / "run")] == [5, 10, 15, 20]


def test_a_run_can_be_looked_at_while_another_process_trains_it(tmp_path):
    small(tmp_path / "run").train(10)
    trained = Experiment.resume(tmp_path / "run", progress=False)
    with trained.writing_alone():
        opened = Experiment.open(tmp_path / "run")
        assert opened.evaluate().step == 10
        assert opened.render("samples.png").is_file()


def test_two_experiments_begun_for_one_directory_do_not_share_it(tmp_path):
    first, second = small(tmp_path / "run"), small(tmp_path / "run")
    first.train(10)
    with pytest.raises(RunDirectoryError, match="already holds a run"):
        second.train(10)


@pytest.mark.parametrize("make", [Path.symlink_to, Path.hardlink_to])
def test_the_lock_writes_through_no_link(tmp_path, make):
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "run").mkdir()
    make(tmp_path / "run" / ".lock", tmp_path / "victim")
    with contextlib.suppress(RunDirectoryError), RunLock(tmp_path / "run").hold():
        pass
    assert (tmp_path / "victim").read_text() == "mine"


def test_a_pipe_in_place_of_the_lock_is_an_error_and_waits_for_nobody(tmp_path):
    (tmp_path / "run").mkdir()
    os.mkfifo(tmp_path / "run" / ".lock")
    with pytest.raises(RunDirectoryError, match="is a pipe"), RunLock(tmp_path / "run").hold():
        pass


def test_a_run_killed_before_its_config_leaves_a_directory_that_can_be_used(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".lock").write_text("123")
    RunDirectory(tmp_path / "run").check_free()
    Experiment(Random(), "CartPole-v1", run_dir=tmp_path / "run", progress=False).train(10)
