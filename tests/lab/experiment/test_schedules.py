"""Schedules follow the length of the run unless a setting gives them one of their own."""

import shutil
import warnings

import pytest
from gymnasium.spaces import Box, Discrete

from agents import DQN, PPO, OnlineDecisionTransformer, QLearning
from agents.decision_transformer import DecisionTransformer
from generative import VAE, ConsistencyDistillation, Diffusion, ProgressiveDistillation
from lab import Experiment, cli
from lab.callbacks import Callback
from lab.config import scheduled
from lab.seeding import Seeds
from tests.contracts import assert_same_state, logged

SMALL = {
    "hidden_sizes": (8,),
    "batch_size": 4,
    "learning_starts": 8,
    "update_every": 4,
    "updates_per_round": 1,
    "replay_capacity": 50,
    "target_update_every": 20,
}
# What the defaults were when they were absolute, at each learner's default run; learning was measured with these.
DEFAULTS = [
    (DQN, {"learning_rate_steps": 50_000, "epsilon_steps": 8_000}),
    (QLearning, {"learning_rate_steps": 150_000, "epsilon_steps": 100_000}),
    (Diffusion, {"warmup_updates": 100}),
    (VAE, {"warmup_updates": 200}),
    (DecisionTransformer, {"warmup_updates": 100}),
    (OnlineDecisionTransformer, {"warmup_updates": 100, "offline_updates": 1_000}),
    (ProgressiveDistillation, {"updates_per_halving": 1_000}),
    (ConsistencyDistillation, {"updates_per_doubling": 500}),
]


@pytest.mark.parametrize(("learner", "expected"), DEFAULTS, ids=lambda value: getattr(value, "__name__", ""))
def test_the_default_run_has_the_schedules_that_were_measured(learner, expected):
    config = learner.Settings()
    assert {name: scheduled(config, name, learner.default_steps) for name in expected} == expected


@pytest.mark.parametrize(("learner", "expected"), DEFAULTS, ids=lambda value: getattr(value, "__name__", ""))
def test_schedules_end_within_any_run_and_a_number_is_absolute(learner, expected):
    for steps in (7, 60, 999, 120_000):
        assert all(1 <= scheduled(learner.Settings(), name, steps) <= steps for name in expected)
    absolute = learner.Settings(**dict.fromkeys(expected, 123))
    assert all(scheduled(absolute, name, 7) == 123 for name in expected)


def test_every_student_gets_its_part_of_the_run():
    few = ProgressiveDistillation.Settings(first_steps=8, steps=1)
    assert scheduled(few, "updates_per_halving", 2_000) == 500
    many = ConsistencyDistillation.Settings(first_intervals=1, intervals=1024)
    assert scheduled(many, "updates_per_doubling", 1_100) == 100


def agent(run, **settings):
    made = DQN(**{**SMALL, **settings})
    made.setup(Box(-1, 1, (2,)), Discrete(2), Seeds(0))
    made.begin_run(run)
    return made


def test_a_longer_run_learns_to_its_end():
    made = agent(120_000)
    made.steps = 60_000
    assert made.learning_rate == pytest.approx((5e-3 + 1e-5) / 2)
    made.steps = 9_600
    assert made.epsilon == pytest.approx(0.55)
    fixed = agent(120_000, learning_rate_steps=50_000)
    fixed.steps = 60_000
    assert fixed.learning_rate == 1e-5


def experiment(lane, run=None, learner=None, **keywords):
    return Experiment(
        learner or DQN(**SMALL), "CartPole-v1", lane=lane, seed=3, run_dir=run, log_every=30, progress=False, **keywords
    )


@pytest.mark.parametrize("lane", ["host", "compiled"])
def test_a_run_cut_by_a_kill_goes_on_with_its_schedule_bit_for_bit(lane, tmp_path):
    class Copy(Callback):
        not_state = ("every", "run")

        def on_checkpoint(self, experiment, path):
            if experiment.step == 60:
                for name in ("killed", "control"):
                    shutil.copytree(experiment.directory.path, tmp_path / name)

    whole = experiment(lane, tmp_path / "whole", checkpoint_every=60, callbacks=[Copy()])
    rows = whole.train(130).rows
    assert rows[0]["epsilon"] == 0.1 and rows[1]["learning_rate"] == pytest.approx(
        5e-3 + (1e-5 - 5e-3) * 60 / 130, rel=1e-5
    )
    resumed = Experiment.resume(tmp_path / "killed", callbacks=[Copy()], progress=False)
    assert resumed.step == 60 and resumed.learner.run_length == 130
    resumed.train()
    assert_same_state(resumed.get_state(), whole.get_state())
    # The negative control: with another length it ends elsewhere.
    other = Experiment.resume(tmp_path / "control", callbacks=[Copy()], progress=False)
    other.learner.run_length = 1_000
    other.learner.apply_schedules()
    other.train()
    assert any((a != b).any() for a, b in zip(*(e.learner.online.get_weights() for e in (whole, other)), strict=True))


def test_training_on_keeps_the_schedules_ends_and_says_so():
    made = experiment("host")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made.train(60)
    words = "learning_rate_steps, epsilon_steps followed the first training, of 60 steps"
    with pytest.warns(UserWarning, match=words):
        made.train(40)
    assert made.learner.learning_rate == 1e-5 and made.learner.rate_steps == 60
    fixed = experiment("host", learner=DQN(**SMALL, learning_rate_steps=100, epsilon_steps=50))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fixed.train(60)
        fixed.train(40)
    assert "run_length" not in fixed.learner.get_state(), "checkpoints of runs with numbers are as they were"


def test_training_on_at_a_step_size_of_0_is_said_to_teach_nothing():
    made = experiment("host", learner=PPO(hidden_sizes=(8,)))
    made.learner.begin_run(60)
    with pytest.warns(UserWarning, match="60 steps, and stay so, the step size at 0, so that nothing is learnt, up to"):
        made.learner.begin_run(100)


@pytest.mark.thorough
def test_a_number_and_the_run_share_a_program_and_its_numbers():
    pattern = experiment("compiled")
    numbers = {"learning_rate_steps": 90, "epsilon_steps": 14}
    following, given = pattern.train_many([3], steps=90, settings=[{}, numbers])
    assert following.task.program is given.task.program
    assert following.history == given.history and following.learner.rate_steps == 90


@pytest.mark.thorough
@pytest.mark.parametrize("lane", ["host", "compiled"])
def test_dqns_schedules_stay_at_their_ends_after_resuming_with_more_steps(lane, tmp_path):
    run = tmp_path / "run"
    small = [f"--set={name}={','.join(map(str, v)) if name == 'hidden_sizes' else v}" for name, v in SMALL.items()]
    command = ["train", "dqn", "CartPole-v1", "--steps", "60", "--run", str(run), f"--set=lane={lane}", *small]
    assert cli.main([*command, "--set=log_every=30"]) == 0
    with pytest.warns(UserWarning, match="followed the first training, of 60 steps, and stay so up to step 100"):
        assert cli.main(["resume", str(run), "--steps", "40"]) == 0
    rows = [row for row in logged(run) if row["step"] > 30]
    assert [row["step"] for row in rows] == [60, 90, 100]
    config = DQN.Settings()
    for row in rows:
        assert row["learning_rate"] == pytest.approx(config.learning_rate_end)
        assert row["epsilon"] == pytest.approx(config.epsilon_end)
    loaded = DQN.load(run, which="last")
    assert loaded.run_length == 60 and loaded.learning_rate == pytest.approx(config.learning_rate_end)
