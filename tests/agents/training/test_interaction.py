"""Runs in environments that step in Python: what is recorded of their restoring, and how they are resumed."""

import json
import warnings

import gymnasium
import pytest

from agents.baselines import Random
from agents.training.restoring import verification
from lab import Experiment
from lab.cli import main
from lab.errors import CheckpointError
from lab.runs import checkpoints
from lab.runs.directory import RunDirectory
from tests.agents.training.stand_ins import GlobalNumpy, Irreproducible, OwnUnseeded, Remembers, Walk


def train(kind, run, steps=None):
    if steps is None:
        experiment = Experiment.resume(run, source=kind, progress=False)
    else:
        experiment = Experiment(Random(), kind, lane="host", run_dir=run, checkpoint_every=70, progress=False)
    experiment.train(steps)
    experiment.close()


def interrupted(kind, run, folder):
    """Train a run, and go on in another from its second checkpoint, as a killed process leaves it."""
    experiment = Experiment(Random(), kind, lane="host", run_dir=folder, checkpoint_every=70, progress=False)
    experiment.prepare_training(300)
    experiment.record.begin_training(experiment)
    while experiment.step < 140:
        experiment.train_chunk()
    experiment.end_writing()
    experiment.close()
    assert [checkpoints.step_of(p) for p in checkpoints.listed(folder / "checkpoints", "step")] == [70, 140]
    train(kind, run, 300)
    train(kind, folder)


@pytest.mark.parametrize("kind", [Walk, GlobalNumpy, OwnUnseeded, Remembers])
def test_a_resumed_run_ends_as_the_uninterrupted_one(kind, tmp_path, monkeypatch):
    # So that some of it is before the second checkpoint and some after.
    monkeypatch.setattr(verification, "PROBATION_STEPS", 100)
    if kind is OwnUnseeded:
        # Entropy begins its generator; let both runs begin with the same.
        monkeypatch.setattr(kind.__init__, "__defaults__", (12, lambda: __import__("numpy").random.RandomState(1)))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "<.*keeps state")
        interrupted(kind, tmp_path / "whole", tmp_path / "cut")
    digests = [checkpoints.digest(RunDirectory(tmp_path / name).find_checkpoint("last")) for name in ("whole", "cut")]
    assert digests[0] == digests[1]


def test_a_run_records_that_it_resumes_at_the_next_episodes_start_and_does(tmp_path):
    with pytest.warns(UserWarning, match="a resumed run goes on from the next episode's start"):
        train(Irreproducible, tmp_path / "run", 100)
    task = json.loads((tmp_path / "run" / "config.json").read_text())["task"]
    assert task["resumes"] == "at the next episode's start"
    assert "gave another observation" in task["resumes_so_because"] or "did not arrive" in task["resumes_so_because"]
    with pytest.warns(UserWarning, match="environment 0 begins its next episode, not exactly where it was"):
        experiment = Experiment.resume(tmp_path / "run", source=Irreproducible, progress=False)
    assert experiment.train(50).rows[-1]["step"] == 150


def test_a_run_that_resumes_exactly_records_it(tmp_path):
    train(Walk, tmp_path / "run", 100)
    task = json.loads((tmp_path / "run" / "config.json").read_text())["task"]
    assert task["resumes"] == "exactly" and "resumes_so_because" not in task


def test_resume_inexactly_from_the_command_line(tmp_path, capsys):
    def register(kind):
        gymnasium.registry.pop("Changed-v0", None)
        gymnasium.register("Changed-v0", kind, max_episode_steps=50)

    class Other(Walk):
        def draw(self):
            return super().draw() + 1

    run = tmp_path / "run"
    try:
        register(Walk)
        train("Changed-v0", run, 100)
        register(Other)
        assert main(["resume", str(run), "--steps", "20"]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and "did not arrive where it was" in error and "lab resume RUN --inexact" in error
        with pytest.raises(CheckpointError, match="did not arrive"):
            Experiment.resume(run)
        with pytest.warns(UserWarning, match="begins its next episode"):
            assert main(["resume", str(run), "--steps", "20", "--inexact"]) == 0
        assert "trained  120 environment steps" in capsys.readouterr().out
    finally:
        gymnasium.registry.pop("Changed-v0", None)
