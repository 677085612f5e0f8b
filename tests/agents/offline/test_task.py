import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box

from agents import CQL, DQN, BehaviorCloning, Episodes
from agents.offline import Actions, OfflineAgent, Transitions
from lab import Experiment
from lab.errors import CheckpointError, UsageError
from tests.agents.episodes.made import three
from tests.contracts import recorded

SMALL = {"hidden_sizes": (8,), "batch_size": 8}


class Windows(OfflineAgent):
    """Counts what it is given: batches are windows of two steps, drawn by a function of its own."""

    def build(self):
        self.seen = tf.Variable(0.0)

    def adapt(self, episodes):
        self.seen.assign(float(len(episodes)))

    def sampler(self, episodes):
        def sample(rng):
            start = episodes.starts[rng.integers(len(episodes), size=4)]
            return {"rewards": episodes.rewards[start[:, None] + [0, 0]].astype(np.float32)}

        return sample

    def act_batch(self, observations, explore=False):
        return np.zeros(len(observations), np.int64)

    def update_on(self, batch):
        self.seen.assign_add(1.0)
        return {"mean": tf.reduce_mean(batch["rewards"])}


def test_windows_of_its_own_are_drawn_and_studied_once():
    experiment = Experiment(Windows(), recorded(), progress=False)
    assert float(experiment.learner.seen.numpy()) == 12.0
    experiment.train(60)
    assert float(experiment.learner.seen.numpy()) == 72.0
    assert experiment.task.updates.traces <= 2, "nothing retraces in steady state"
    again = Experiment(experiment.learner, recorded(), progress=False)
    assert float(again.learner.seen.numpy()) == 72.0, "a built agent keeps what it has"


def test_transitions_bootstrap_where_an_episode_was_cut_off():
    e = three()
    batch = Transitions(e, 200)(np.random.default_rng(0))
    following = dict(zip(e.observations[:, 0].tolist(), e.next_observations()[:, 0].tolist(), strict=True))
    assert set(batch.observation[:, 0]) == set(range(6))
    assert [following[o] for o in batch.observation[:, 0]] == batch.next_observation[:, 0].tolist()
    assert (batch.discount == (batch.observation[:, 0] != 1)).all()
    assert (batch.action.dtype, batch.reward.dtype, batch.discount.dtype) == (np.int32, np.float32, np.float32)


def test_only_chosen_episodes_are_drawn():
    batch = Actions(three(), 100, np.array([0, 2]))(np.random.default_rng(0))
    assert set(batch.observation[:, 0]) == {0, 1, 3, 4, 5}


@pytest.mark.thorough
def test_lanes_make_the_same_updates():
    ends = []
    for lane in ("host", "compiled"):
        experiment = Experiment(BehaviorCloning(**SMALL), recorded(), lane=lane, progress=False)
        experiment.train(30)
        assert experiment.task.lane == lane
        ends.append(experiment.learner.policy.get_weights())
    assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(*ends, strict=True))


def test_the_datas_own_returns_stand_beside_random_play(tmp_path):
    experiment = Experiment(BehaviorCloning(**SMALL), recorded(), run_dir=tmp_path / "run", progress=False)
    experiment.train(20)
    rows = [json.loads(line) for line in (tmp_path / "run" / "evaluations.jsonl").read_text().splitlines()]
    found = {row["learner"]: row["mean"] for row in rows if row["purpose"] == "baseline"}
    data = recorded()
    assert set(found) == {"random", "mean of the data", "best of the data"}
    assert found["mean of the data"] == pytest.approx(data.returns.mean())
    assert found["best of the data"] == data.returns.max()


@pytest.mark.thorough
def test_other_data_are_refused_on_resuming(tmp_path):
    data = recorded()
    data.save(tmp_path / "data.npz")
    experiment = Experiment(
        BehaviorCloning(**SMALL), Episodes.load(tmp_path / "data.npz"), run_dir=tmp_path / "run", progress=False
    )
    experiment.train(20)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["source"] == str(tmp_path / "data.npz"), "a loaded file is found again by its name"
    assert config["task"]["data"]["sha256"] == data.card.sha256
    shutil.copytree(tmp_path / "run", tmp_path / "copy")
    Experiment.resume(tmp_path / "copy", progress=False).train(5)
    other = data.take(np.arange(6)).with_environment(data.environment)
    with pytest.raises(CheckpointError, match="the episodes are not those of the run"):
        Experiment.resume(tmp_path / "run", source=other, progress=False)
    Experiment.resume(tmp_path / "run", source=other, progress=False, exact=False).train(5)


def test_episodes_without_an_environment_train_but_are_not_judged():
    experiment = Experiment(BehaviorCloning(**SMALL), three(), progress=False)
    experiment.train(5)
    for call in (experiment.evaluate, experiment.render):
        with pytest.raises(UsageError, match="name no environment.*with_environment"):
            call()
    assert set(experiment.task.baselines()) == {"mean of the data", "best of the data"}


def test_errors_before_any_work(tmp_path):
    empty = tmp_path / "empty.npz"
    empty.touch()
    cartpole = three(environment="CartPole-v1")
    box = three(action_space=Box(-1, 1, (), np.float32), actions=np.zeros(6, np.float32))
    deep = three(observations=np.zeros((6, 1, 1), np.float32), final_observations=np.zeros((3, 1, 1), np.float32),
                 observation_space=Box(0, 1, (1, 1), np.float32))  # fmt: skip
    for agent, source, words in (
        (BehaviorCloning(), str(empty), "no whole file of recorded episodes"),
        (BehaviorCloning(), "CartPole-v1", "learns from recorded episodes; received the source 'CartPole-v1'"),
        (BehaviorCloning(), cartpole, "from another environment: their observation_space is"),
        (BehaviorCloning(), deep, "received the observation space"),
        (CQL(), box, "CQL received the action space"),
        (DQN(), three(), "DQN learns by acting; received the recorded episodes"),
        (DQN(), "data.npz", "learns by acting"),
    ):
        with pytest.raises(UsageError, match=words):
            Experiment(agent, source, run_dir=tmp_path / "run", progress=False)
    with pytest.raises(UsageError, match="num_envs received 2"):
        Experiment(BehaviorCloning(), recorded(), num_envs=2)
    assert not (tmp_path / "run").exists()


@pytest.mark.thorough
def test_training_on_a_mapped_file_reads_only_what_it_draws(tmp_path):
    data = three()
    path = Episodes.mix([data] * 50).save(tmp_path / "a.npz")
    experiment = Experiment(CQL(**SMALL), Episodes.load(path), progress=False)
    experiment.train(10)
    held = experiment.task.sampler
    assert isinstance(held.episodes.observations.base, np.memmap) and held.rows is None
