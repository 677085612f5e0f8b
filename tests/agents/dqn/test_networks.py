"""Networks of subclasses: what they may be in both lanes, and what is refused in one clear line."""

import numpy as np
import pytest

from agents import DQN
from lab import Experiment
from lab.errors import UsageError
from tests.agents.helpers import Counter

SMALL = {"batch_size": 4, "learning_starts": 8, "update_every": 4, "updates_per_round": 2}
# So that training in parts is training in one go.
SMALL.update(learning_rate_steps=100, epsilon_steps=20)


def trained(kind=DQN, seed=0, lane="host", source=Counter, steps=20, **settings):
    experiment = Experiment(kind(**{**SMALL, **settings}), source, seed=seed, lane=lane, progress=False)
    experiment.train(steps)
    return experiment


def variant(*layers):
    import keras

    class Variant(DQN):
        def network(self, seed):
            made = [layer() for layer in layers]
            return keras.Sequential([keras.Input((self.number_of_features,)), *made, dense(2, seed)])

    return Variant


def dense(units, seed=0):
    import keras

    return keras.layers.Dense(units, kernel_initializer=keras.initializers.GlorotUniform(seed=seed))


def batch_norm():
    import keras

    return keras.layers.BatchNormalization()


def dropout():
    import keras

    return keras.layers.Dropout(0.1)


def frozen():
    layer = dense(3)
    layer.trainable = False
    return layer


@pytest.mark.thorough
@pytest.mark.parametrize("lane", ["host", "compiled"])
@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (batch_norm, r"more than weights that train: BatchNormalization .*Fix: LayerNormalization"),
        (dropout, r"more than weights that train: Dropout .*no Dropout"),
        (frozen, r"more than weights that train: Dense .*trainable=True"),
        (lambda: dense(2), None),
    ],
)
def test_a_network_that_holds_more_than_weights_is_one_clear_line(lane, layer, words):
    kind = variant(layer)
    if words is None:
        trained(kind, source="CartPole-v1", lane=lane)
        return
    with pytest.raises(UsageError, match=words):
        trained(kind, source="CartPole-v1", lane=lane)


def test_other_things_a_network_may_not_be_are_one_clear_line():
    import keras

    shared = keras.Sequential([keras.Input((2,)), dense(2)])
    cases = [
        (lambda self, seed: None, "returned None; expected a keras.Model"),
        (lambda self, seed: shared, "the same weights twice"),
        (lambda self, seed: keras.Sequential([keras.Input((3,)), dense(2)]), r"cannot be called on features .*B, 2"),
        (lambda self, seed: keras.Sequential([keras.Input((2,)), dense(5)]), r"gives float32 \(1, 5\).*\(1, 2\)"),
    ]
    for network, words in cases:
        with pytest.raises(UsageError, match=words):
            Experiment(type("Variant", (DQN,), {"network": network})(**SMALL), Counter, progress=False)


def unbuilt(seed):
    import keras

    class Unbuilt(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden, self.outputs = dense(5, seed), dense(2, seed + 1)

        def call(self, features):
            return self.outputs(keras.ops.relu(self.hidden(features)))

    return Unbuilt()


class OwnModel(DQN):
    def network(self, seed):
        return unbuilt(seed)


@pytest.mark.thorough
@pytest.mark.parametrize("lane", ["host", "compiled"])
def test_a_subclassed_model_that_is_not_built_yet_learns_and_resumes(lane, tmp_path):
    source = "CartPole-v1"
    whole = trained(OwnModel, source=source, lane=lane, steps=44)
    part = Experiment(OwnModel(**SMALL), source, seed=0, lane=lane, run_dir=tmp_path / "run", progress=False)
    part.train(24)
    resumed = Experiment.resume(tmp_path / "run", progress=False)
    resumed.train(20)
    ends = [e.learner.get_state()["online"] for e in (whole, resumed)]
    assert all(np.array_equal(ends[0][k], ends[1][k]) for k in ends[0]) and len(ends[0]) == 4
    assert np.allclose(whole.learner.action_values(np.ones((3, 4), np.float32)),
                       whole.learner.average(np.ones((3, 4), np.float32)).numpy(), atol=1e-6)  # fmt: skip


def test_a_network_without_seeds_starts_alike_in_all_its_copies_and_says_so():
    import keras

    class Seedless(DQN):
        def network(self, seed):
            return keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])

    with pytest.warns(UserWarning, match="gave other weights the second time"):
        agent = Experiment(Seedless(**SMALL), Counter, progress=False).learner
    weights = [m.trainable_variables[0].numpy() for m in (agent.online, agent.target, agent.average)]
    assert np.array_equal(weights[0], weights[1]) and np.array_equal(weights[0], weights[2])
