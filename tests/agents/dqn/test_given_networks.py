"""Networks of a user's own in agents: copied, seeded, resumed by giving them again, refused in one clear line."""

import keras
import numpy as np
import pytest

from agents import CQL, DQN, PPO, RecurrentDQN, RecurrentPPO
from lab import Experiment
from lab.errors import UsageError
from lab.testing import differences
from tests.agents.helpers import Counter

SMALL = {"batch_size": 4, "learning_starts": 8, "update_every": 4, "updates_per_round": 2}
# So that training in parts is training in one go.
SMALL.update(learning_rate_steps=100, epsilon_steps=20)


def dense(spec):
    # Without seeds: they follow from the run's.
    layers = [keras.Input(spec.inputs), keras.layers.Dense(5, "relu"), keras.layers.Dense(spec.units)]
    return keras.Sequential(layers)


class Own(keras.Model):
    def __init__(self, units=2):
        super().__init__()
        self.hidden, self.top = keras.layers.Dense(5, "tanh"), keras.layers.Dense(units)

    def call(self, x):
        return self.top(self.hidden(x))


def subclassed(spec):
    return Own(spec.units)


def made(network, source=Counter, kind=DQN, **keywords):
    return Experiment(kind(network=network, **SMALL), source, progress=False, **keywords)


@pytest.mark.thorough
@pytest.mark.parametrize(("network", "lane"), [(dense, "host"), (subclassed, "compiled")])
def test_a_run_goes_on_to_the_bit_with_the_network_given_again(network, lane, tmp_path):
    whole = made(network, "CartPole-v1", lane=lane, seed=3)
    whole.train(44)
    part = made(network, "CartPole-v1", lane=lane, seed=3, run_dir=tmp_path / "run")
    part.train(24)
    resumed = Experiment.resume(tmp_path / "run", network=network, progress=False)
    resumed.train(20)
    assert not differences(resumed.learner.get_state(), whole.learner.get_state())
    loaded = DQN.load(tmp_path / "run", which="last", network=network)
    opened = Experiment.open(tmp_path / "run", which="last", network=network).learner
    seen = np.ones((3, 4), np.float32)
    values = resumed.learner.action_values(seen)
    assert np.array_equal(loaded.action_values(seen), values) and np.array_equal(opened.action_values(seen), values)
    for call in (Experiment.resume, Experiment.open, DQN.load):
        with pytest.raises(UsageError, match=r"network of its user's.*Fix: .*resume\(run, network=\.\.\.\)"):
            call(tmp_path / "run")
    other = {dense: lambda spec: Own(spec.units), subclassed: dense}[network]
    with pytest.raises(
        UsageError, match=r"not the run's: layer 1 with weights is Dense \w+ .*; in the run it is Dense"
    ):
        DQN.load(tmp_path / "run", network=other)


@pytest.mark.thorough
@pytest.mark.parametrize("model", [lambda: Own(2), lambda: dense_model(2)])
def test_a_model_is_copied_with_its_weights_and_is_not_trained_itself(model):
    given = model()
    given(np.ones((1, 2), np.float32))
    before = [w.copy() for w in given.get_weights()]
    experiment = made(given)
    agent = experiment.learner
    for network in (agent.online, agent.target, agent.average):
        assert network is not given
        assert all(np.array_equal(a, b) for a, b in zip(network.get_weights(), before, strict=True))
    experiment.train(24)
    assert all(np.array_equal(a, b) for a, b in zip(given.get_weights(), before, strict=True))
    assert not np.array_equal(agent.online.get_weights()[-1], before[-1])


def dense_model(units, *between, inputs=2):
    return keras.Sequential([keras.Input((inputs,)), *between, keras.layers.Dense(units)])


def test_seeds_follow_the_runs_and_all_copies_begin_alike():
    first, second, other = (made(dense, seed=seed).learner for seed in (1, 1, 2))
    weights = [agent.online.get_weights()[0] for agent in (first, second, other)]
    assert np.array_equal(weights[0], weights[1]) and not np.array_equal(weights[0], weights[2])
    assert np.array_equal(first.target.get_weights()[0], weights[0])
    # A chain of dense layers acts in NumPy, as the settings' own network does.
    assert first.latest.mirror is not None


class Hidden(keras.Model):
    """Cannot be made of its configuration alone, for it does not say what its layer is."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, x):
        return self.layer(x)

    def get_config(self):
        return {}


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ("nature_cnn", "network received 'nature_cnn'.*Fix: architecture='nature_cnn'"),
        (lambda spec: 3, "expected a keras.Model"),
        (lambda spec: dense_model(2, inputs=3), r"cannot be called on inputs of shapes {'observation': \(None, 2\)}"),
        (
            lambda spec: dense_model(5),
            r"outputs for one observation received 'float32 \(5,\)'; expected float32 \(2,\)",
        ),
        (lambda spec: dense_model(2, keras.layers.BatchNormalization()), "BatchNormalization.*Fix: LayerNorm"),
        (lambda spec: dense_model(2, keras.layers.Dropout(0.1)), "Dropout .*no Dropout"),
        (Hidden(keras.layers.Dense(2)), r"'hidden.* cannot be copied.*Fix: a function, as network=lambda spec: Hidden"),
    ],
)
def test_networks_that_do_not_fit_are_refused_before_training(network, words):
    with pytest.raises(UsageError, match=words):
        made(network)


def test_layers_that_two_networks_would_share_are_refused():
    shared = dense_model(2)
    with pytest.raises(UsageError, match="the same weights twice"):
        made(lambda spec: shared)
    layer = keras.layers.Dense(3)

    def half_shared(spec):
        return dense_model(spec.units, layer)

    with pytest.raises(UsageError, match="layers of the policy's.*inside the function"):
        Experiment(PPO(network=half_shared), Counter, progress=False)


def test_settings_of_the_networks_by_name_are_refused_beside_one_that_is_given():
    with pytest.raises(UsageError, match="hidden_sizes received.*the user's own"):
        Experiment(DQN(network=dense, hidden_sizes=(4,)), Counter, progress=False).train(1)


@pytest.mark.thorough
def test_actor_critics_ask_for_a_policy_and_a_value(tmp_path):
    asked = []

    def network(spec):
        asked.append((spec.role, spec.outputs))
        return dense(spec)

    keywords = {"rollout_steps": 16, "minibatch_size": 8, "epochs": 1, "learning_rate_steps": 100}
    experiment = Experiment(PPO(network=network, **keywords), Counter, run_dir=tmp_path / "run", progress=False)
    experiment.train(16)
    assert asked[:2] == [("policy", (2,)), ("value", (1,))]
    loaded = PPO.load(tmp_path / "run", network=network)
    assert loaded.act(np.zeros(2, np.float32)) == experiment.learner.act(np.zeros(2, np.float32))
    with pytest.raises(UsageError, match="expected None, for both look through its cell"):
        RecurrentPPO(network=network)
    with pytest.raises(UsageError, match="expected None, for it looks through its cell"):
        RecurrentDQN(network=network)


@pytest.mark.thorough
def test_offline_value_learners_take_one_too():
    from tests.contracts import recorded

    experiment = Experiment(CQL(network=dense, batch_size=4), recorded(), progress=False)
    experiment.train(3)
    assert experiment.learner.online.count_params() == 5 * (experiment.learner.number_of_features + 1) + 6 * 4
