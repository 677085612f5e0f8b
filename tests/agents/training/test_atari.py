"""Games of the Arcade Learning Environment, where the extra `atari` is installed."""

import pytest

pytest.importorskip("ale_py")
pytest.importorskip("cv2")

from agents import DQN
from agents.training.environments import EnvironmentSource
from lab import Experiment


def test_a_game_is_prepared_and_its_frames_are_kept_once():
    settings = {"replay_capacity": 100, "learning_starts": 20, "batch_size": 4, "filters": (2,), "hidden_sizes": (4,)}
    experiment = Experiment(DQN(**settings), "ALE/Breakout-v5", seed=1, progress=False)
    experiment.train(60)
    storage = experiment.learner.memory.storage
    assert experiment.task.observation_space.shape == (4, 84, 84) and experiment.task.lane == "host"
    assert storage.bytes < 0.2 * storage.whole().bytes


def test_lives_end_episodes_and_rewards_are_clipped_where_it_trains_alone():
    source = EnvironmentSource("ALE/Breakout-v5")
    names = {kind: str(getattr(source, kind)()) for kind in ("make", "make_training")}
    assert "ClipReward" in names["make_training"] and "ClipReward" not in names["make"]
    assert not EnvironmentSource("ALE/Breakout-v5").make().env.terminal_on_life_loss
    assert EnvironmentSource("ALE/Breakout-v5").make_training().env.env.terminal_on_life_loss
    assert EnvironmentSource("CartPole-v1").make_training().spec.id == "CartPole-v1"
