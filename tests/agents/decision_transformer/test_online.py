"""The Online Decision Transformer plays episodes of its own, learns from them, and keeps its actions from certainty."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from agents import Episodes, OnlineDecisionTransformer, Random
from agents.decision_transformer.online.agent import entropy_of
from agents.episodes import record
from lab import Experiment
from lab.errors import UsageError
from tests.agents.decision_transformer.helpers import SMALL, episodes

ROUNDS = {**SMALL, "offline_updates": 25, "updates_per_round": 15, "episodes_per_round": 4, "buffer_episodes": 10}


def online(data, **settings):
    return Experiment(OnlineDecisionTransformer(**{**ROUNDS, **settings}), data, seed=1, progress=False, log_every=20)


def test_entropy_by_hand():
    # Shares of a half, a quarter and a quarter: 1.5 bits.
    found = entropy_of(tf.constant([[np.log(2.0), 0.0, 0.0], [0.0, 0.0, 0.0]], tf.float32))
    assert found.numpy() == pytest.approx([1.5 * np.log(2), np.log(3)], abs=1e-6)


@pytest.mark.thorough
def test_rounds_come_after_the_offline_updates_however_training_is_cut():
    whole, cut = (online(episodes(20), warmup_updates=20) for _ in range(2))
    whole.train(24)
    assert whole.task.rounds_played == 0
    whole.train(41)
    # Rounds begin before updates 26, 41 and 56.
    assert whole.task.rounds_played == 3 and whole.task.episodes == 12
    for steps in (3, 30, 1, 31):
        cut.train(steps)
    for one, other in zip(*(e.learner.network.trainable_variables for e in (whole, cut)), strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


@pytest.mark.thorough
def test_the_buffer_begins_with_the_best_and_keeps_the_newest():
    data = episodes(20)
    experiment = online(data)
    task = experiment.task
    returns = sorted(data.returns.tolist(), reverse=True)
    assert sorted(task.sampler.episodes.returns.tolist(), reverse=True) == returns[:10]
    experiment.train(26)
    kept = task.sampler.episodes
    assert sorted(kept.returns[:6].tolist(), reverse=True) == returns[:6], "four had to make room"
    np.testing.assert_array_equal(kept.returns[6:], task.played.returns)
    newest = []
    for _ in range(3):
        experiment.train(15)
        newest.append(task.played.returns[-4:])
    assert len(task.sampler.episodes) == 10 == len(task.played)
    np.testing.assert_array_equal(task.played.returns, np.concatenate(newest)[-10:])


def test_the_entropys_weight_rises_below_the_bound_and_falls_above_it():
    agent = online(episodes(20), least_entropy=0.5, entropy_rate=0.1).learner
    batch = agent.sampler(episodes(20))(np.random.default_rng(0))
    agent.update_on(batch)
    assert float(agent.entropy_weight) == 0.0, "an untrained network is as uncertain as can be"
    agent.entropy_weight.assign(1.0)
    agent.network.trainable_variables[-1].assign([9.0, -9.0])
    metrics = agent.update_on(batch)
    bound = 0.5 * np.log(2)
    assert float(metrics["entropy"]) < 0.01
    assert float(agent.entropy_weight) == pytest.approx(1.0 + 0.1 * (bound - float(metrics["entropy"])), abs=1e-6)


def test_box_actions_explore_with_noise_of_the_size_asked_for():
    agent = online(episodes(20, continuous=True), exploration_noise=0.2).learner
    agent.act_batch(np.zeros((1, 2), np.float32))
    tried = agent.explored(np.zeros((4_000, 1), np.float32))
    assert tried.std() == pytest.approx(0.2, rel=0.05) and abs(tried.mean()) < 0.02
    assert agent.explored(np.full((100, 1), 0.99, np.float32)).max() == 1.0


@pytest.mark.thorough
@pytest.mark.parametrize("continuous", [False, True])
def test_it_obtains_more_than_the_recording_ever_did(continuous):
    """Learning from poor players, then from itself; 8 wages of 1, or of 2 at the most, can be had."""
    data = episodes(60, continuous)
    data = data.take(data.returns <= data.returns.mean())
    settings = {"layers": 1, "width": 16, "offline_updates": 100, "updates_per_round": 30, "episodes_per_round": 10}
    experiment = online(data, **settings, buffer_episodes=60)
    experiment.train(100)
    best = data.returns.max()
    before = experiment.evaluate(20).mean
    experiment.train(400)
    after = experiment.evaluate(20).mean
    assert after > best > before
    assert experiment.learner.best_return > best
    assert experiment.history.rows[-1]["return"] > best


def test_it_needs_somewhere_to_play_and_positions_enough():
    whole = episodes(10)
    nowhere = Episodes.from_arrays(
        **{name: getattr(whole, name) for name in ("observations", "actions", "rewards", "lengths", "terminated")},
        truncated=whole.truncated,
        final_observations=whole.final_observations,
        observation_space=whole.observation_space,
        action_space=whole.action_space,
    )
    with pytest.raises(UsageError, match="name no environment to play in"):
        online(nowhere)
    walks = record(Random(), "lab/GridWorld-v0", episodes=2, seed=0)
    with pytest.raises(UsageError, match="may take 100 steps; expected at most max_episode_length"):
        online(walks.take(walks.lengths < 30) if (walks.lengths < 30).any() else walks)
