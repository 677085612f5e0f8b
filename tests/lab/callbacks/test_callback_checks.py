"""Callbacks that could never act, and settings that nothing reads, are refused before anything is written."""

import numpy as np
import pytest

from agents import DQN, QLearning, Random
from generative import Autoencoder, Diffusion, RectifiedFlow
from lab import Callback, Experiment, UsageError
from lab.callbacks import (
    Checkpoint,
    CSVLogger,
    EarlyStopping,
    Evaluate,
    LearningRateSchedule,
    RenderEvery,
    StopAtReturn,
)
from tests.agents.helpers import Counter

TINY = {"hidden_sizes": (4,), "batch_size": 4, "learning_starts": 4, "update_every": 4, "updates_per_round": 1}


class Misspelt(Callback):
    def on_evalution(self, experiment, evaluation):
        pass


class Own(Experiment):
    def on_update_end(self, metrics):
        pass


def trained(tmp_path, callback, steps=40, learner=None, kind=Experiment, directory=True, **keywords):
    run = tmp_path / "run" if directory else None
    callbacks = [] if callback is None else [callback]
    made = kind(
        learner or Random(), Counter, callbacks=callbacks, run_dir=run, log_every=10, progress=False, **keywords
    )
    made.train(steps)
    return made


@pytest.mark.parametrize(
    ("callback", "keywords", "words"),
    [
        (lambda: StopAtReturn(1.0), {}, "StopAtReturn: no evaluations are made during training"),
        (lambda: EarlyStopping("mean"), {}, "a metric of evaluations, and none are made"),
        (lambda: Evaluate(10, monitor="maen"), {}, "monitor received 'maen'; did you mean 'mean'"),
        (lambda: Evaluate(41), {}, "Evaluate: every received 41; training ends at step 40, so it would never act"),
        (lambda: RenderEvery(50), {}, "RenderEvery: every received 50"),
        (lambda: RenderEvery(10, kind="epsiode"), {}, "kind received 'epsiode'; expected one of 'episode'"),
        (lambda: LearningRateSchedule(lambda step: 0.1), {}, "Random has no learning rate to schedule"),
        (lambda: Checkpoint(10), {"directory": False}, "Checkpoint: the experiment has no run directory"),
        (lambda: CSVLogger(), {"directory": False}, "CSVLogger: the experiment has no run directory"),
        (lambda: Misspelt(), {}, "Misspelt.on_evalution is no hook.*did you mean 'on_evaluation'"),
        (lambda: None, {"kind": Own}, "Own.on_update_end is no hook.*did you mean 'on_update'"),
        (lambda: None, {"video_every": 41}, "RenderEvery: every received 41"),
        (lambda: None, {"evaluate_every": 41}, "Evaluate: every received 41"),
    ],
)
def test_a_callback_that_can_never_act_is_refused_before_anything_is_written(tmp_path, callback, keywords, words):
    with pytest.raises(UsageError, match=words):
        trained(tmp_path, callback(), **keywords)
    assert not (tmp_path / "run").exists()


def test_bad_arguments_of_callbacks_are_refused_when_they_are_made():
    with pytest.raises(UsageError, match="suffix received 'mp4'"):
        RenderEvery(10, suffix="mp4")
    with pytest.raises(UsageError, match="schedule received 0.1"):
        LearningRateSchedule(0.1)


@pytest.mark.thorough
def test_a_misspelt_monitor_is_refused_at_the_first_row_with_updates(tmp_path):
    with pytest.raises(UsageError, match="EarlyStopping: monitor received 'los'; did you mean 'loss'"):
        trained(tmp_path, EarlyStopping("los"), learner=DQN(**TINY), lane="host")
    # What own code may yet give is waited for, and missed in the end.
    made = Experiment(DQN(**TINY), Counter, callbacks=[EarlyStopping("los"), Note()], log_every=10, progress=False)
    with pytest.warns(UserWarning, match="no row and no evaluation had 'los'"):
        made.train(40)


class Note(Callback):
    def on_log(self, experiment, row):
        pass


def test_what_can_act_is_let_alone(tmp_path):
    trained(tmp_path / "a", EarlyStopping("mean", mode="max"), evaluate_every=20)
    trained(tmp_path / "b", Checkpoint(1_000))
    made = trained(tmp_path / "c", Evaluate(40, episodes=1))
    made.train(3)
    resumed = Experiment.resume(tmp_path / "c" / "run", source=Counter, callbacks=[Evaluate(40, 1)], progress=False)
    resumed.train(5)


PICTURES = np.random.default_rng(0).integers(0, 255, (60, 8, 8), np.uint8)


@pytest.mark.parametrize(
    ("learner", "source", "words"),
    [
        (lambda: DQN(filters=(8,)), "CartPole-v1", "filters received .*the observations are no pictures"),
        (lambda: DQN(double=False, pessimism=0.2), "CartPole-v1", "pessimism received 0.2.*part of double=True"),
        (lambda: DQN(epsilon_start=0.1, epsilon_steps=9), "CartPole-v1", "epsilon_steps .*are equal"),
        (lambda: QLearning(replay_updates=0, replay_capacity=9), "lab/GridWorld-v0", "replay_updates is 0"),
        (lambda: Diffusion(network="mlp", channels=(4, 8)), PICTURES, "it is of a unet, and the network is a mlp"),
        (lambda: Diffusion(guidance=2.0), PICTURES, "guidance received 2.0.*no labels are learnt"),
        (lambda: RectifiedFlow(schedule_steps=50), PICTURES, "any number of times"),
        (lambda: Autoencoder(filters=(4,)), PICTURES, "filters received .*of a conv, and the architecture is a dense"),
    ],
)
def test_a_chosen_setting_that_nothing_reads_is_refused_before_anything_is_written(tmp_path, learner, source, words):
    made = Experiment(learner(), source, run_dir=tmp_path / "run", progress=False)
    with pytest.raises(UsageError, match=words):
        made.train(10)
    assert not (tmp_path / "run").exists()


def test_defaults_and_what_a_variant_may_read_are_let_alone():
    class Wide(DQN):
        def network(self, seed):
            return super().network(seed)

    for learner in (DQN(double=False), Wide(filters=(8,))):
        made = Experiment(learner, "CartPole-v1", progress=False, lane="host")
        made.prepare_training(10)
