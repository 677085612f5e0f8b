"""The compiled lane: it is chosen rightly, learns by the same rule as the host lane, and never compiles twice."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from agents import DQN, QLearning, Random
from agents.replay.accumulators import n_step, one_step
from agents.training.choose import reason_against
from agents.training.compiled import CompiledTask
from envs.classic.cartpole import CartPole
from lab import Experiment
from lab.callbacks import Callback
from lab.errors import TrainingDiverged, UsageError
from lab.training.adam import adam, clipped, flat, no_moments

SMALL = {
    "hidden_sizes": (16,),
    "batch_size": 8,
    "learning_starts": 16,
    "update_every": 4,
    "updates_per_round": 2,
    "target_update_every": 20,
    "replay_capacity": 200,
}
# Training in one go and in pieces is the same only where schedules do not follow the first piece.
FIXED = {"learning_rate_steps": 50_000, "epsilon_steps": 8_000}


def small(lane="compiled", **keywords):
    settings = {**SMALL, **keywords.pop("settings", {})}
    return Experiment(DQN(**settings), "CartPole-v1", lane=lane, progress=False, **keywords)


def test_adam_equals_keras():
    import keras

    rng = np.random.default_rng(0)
    start = [rng.normal(size=s).astype(np.float32) for s in ((3, 4), (4,))]
    variables = [keras.Variable(w) for w in start]
    optimizer = keras.optimizers.Adam(0.01, epsilon=1e-4)
    optimizer.build(variables)
    weights, moments = tuple(map(tf.constant, start)), no_moments(start)
    for _ in range(20):
        gradients = [tf.constant(rng.normal(size=w.shape).astype(np.float32)) for w in start]
        optimizer.apply(gradients, variables)
        weights, moments = adam(weights, flat(gradients), moments, 0.01, 1e-4)
    for ours, theirs in zip(weights, variables, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=1e-6)


def test_clipping_by_hand():
    for most, expected in ((10.0, [3.0, 4.0]), (2.5, [1.5, 2.0]), (np.inf, [3.0, 4.0])):
        gradient, norm = clipped(tf.constant([3.0, 4.0]), most)
        assert gradient.numpy() == pytest.approx(expected) and float(norm) == 5.0
    assert clipped(tf.zeros(2), 1.0)[0].numpy().tolist() == [0.0, 0.0]
    assert np.isnan(clipped(tf.constant([np.inf, 1.0]), 1.0)[0].numpy()).any(), "the guard must see it"


SWITCHES = [
    {"n_steps": 1},
    *(
        pytest.param(switch, marks=pytest.mark.thorough)
        for switch in (
            {"n_steps": 3},
            {"double": False},
            {"dueling": True},
            {"munchausen": True},
            {"distribution": "categorical", "atoms": 7, "value_min": -3.0, "value_max": 3.0},
            {"distribution": "quantile", "quantiles": 5},
            {"target_rate": 0.1},
            {"normalise_observations": True},
        )
    ),
]


@pytest.mark.parametrize("switch", SWITCHES, ids=str)
def test_both_lanes_change_the_weights_alike_given_the_same_transitions(switch):
    agent = DQN(**SMALL, learning_rate=0.01, **switch)
    env = CartPole()
    from lab.seeding import Seeds

    agent.setup(env.observation_space, env.action_space, Seeds(3))
    rng = np.random.default_rng(0)
    state, replay, layout = agent.state(), agent.experience(), agent.memory.storage.layout
    several = (replay.n_steps,) if replay.n_steps > 1 else ()
    rows = rng.normal(size=(2, 8, *several, layout.width)).astype(np.float32)
    for name in ("action", "terminated", "truncated"):
        rows[..., layout.columns[name]] = rng.integers(2, size=(2, 8, *several, 1))

    @tf.function(jit_compile=True)
    def compiled(state, rows):
        state = agent.begin_round(state, tf.constant(True))
        for i in range(2):
            steps = layout.unpacked(rows[i], ())
            batch = (n_step if several else one_step)(steps, state.settings["discount"])._replace(weights=tf.ones(8))
            learnt = agent.learn(state, batch, tf.zeros(2, tf.uint32))
            state = state._replace(parameters=learnt.parameters)
        return state.parameters

    after = compiled(state, tf.constant(rows))
    before = [w.numpy() for w in agent.online.trainable_variables]
    agent.rule.learn((rows, (), (), np.zeros((2, 8), np.int32)), np.random.default_rng(0))
    agent.settle()
    after_host = agent.online.trainable_variables + agent.average.trainable_variables
    for old, host, lane in zip(before * 2, after_host, after.online + after.averaged, strict=True):
        assert np.abs(host.numpy() - old).max() > 1e-3, "it learns"
        np.testing.assert_allclose(host.numpy(), lane.numpy(), atol=1e-6)


@pytest.mark.thorough
def test_auto_takes_the_twin_and_says_so_in_the_runs_config(tmp_path):
    experiment = small("auto", run_dir=tmp_path / "run")
    experiment.train(40)
    config = experiment.directory.read_config()
    assert (config["lane"], config["lane_used"], config["task"]["twin"]) == ("auto", "compiled", "lab/CartPole-v1")
    assert "parity" in config["lane_reason"]
    assert small("host").task.lane == "host"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: (DQN(), "LunarLander-v3"), "."),
        (lambda: (DQN(), lambda: gymnasium.wrappers.NormalizeObservation(gymnasium.make("CartPole-v1"))), "Normalize"),
        (lambda: (Random(), "CartPole-v1"), "Random acts and learns in Python"),
        (lambda: (QLearning(), "FrozenLake-v1"), "the dynamics of FrozenLakeEnv are Python"),
    ],
)
def test_compiled_is_refused_with_what_is_in_the_way(make, words):
    agent, source = make()
    with pytest.raises(UsageError, match=words):
        Experiment(agent, source, lane="compiled")


def test_a_subclass_that_changes_what_the_host_lane_alone_calls_is_not_trained_as_its_parent():
    with pytest.raises(TypeError, match=r"Hidden overrides observe.* expected learn beside it.*lanes = \('host',\)"):
        type("Hidden", (DQN,), {"observe": lambda self, transition: None})

    class Shy(DQN):
        lanes = ("host",)

        def observe(self, transition):
            super().observe(transition)

    class Wide(DQN):
        def next_values(self, parameters, next_features):
            return super().next_values(parameters, next_features)

    assert "Shy says that it trains in the host lane" in reason_against(Shy())
    assert reason_against(Wide()) == "" == reason_against(DQN())
    assert Experiment(Shy(**SMALL), "CartPole-v1", progress=False).task.lane == "host"


def test_a_wrong_pure_function_is_named_before_anything_trains():
    class Wrong(DQN):
        def begin_round(self, state, due):
            return state._replace(steps=tf.cast(state.steps, tf.int32))

    with pytest.raises(UsageError, match=r"Wrong.learn changed part .* from int64 \(\) to int32"):
        Experiment(Wrong(**SMALL), "CartPole-v1", lane="compiled")


@pytest.mark.thorough
def test_chunks_of_any_length_use_one_program_and_end_alike():
    weights = []
    for pieces in ([90], [7, 41, 42]):
        experiment = small(seed=4, num_envs=3, settings=FIXED)
        for steps in pieces:
            experiment.train(steps)
        task = experiment.task
        assert isinstance(task, CompiledTask)
        assert task.program.run.experimental_get_tracing_count() == 1
        weights.append([w.numpy() for w in experiment.learner.online.variables])
    # Three environments: 90 steps are 30 iterations; pieces round up to whole ones, so train on to equal counts.
    assert [w.shape for w in weights[0]] == [w.shape for w in weights[1]]


def test_a_cut_changes_no_bit():
    results = []
    for pieces in ([121], [67, 54]):
        experiment = small(seed=4, settings=FIXED)
        for steps in pieces:
            experiment.train(steps)
        # The length of the first training is part of the state, where schedules without a length follow it.
        state = experiment.task.state
        kept = state._replace(agent=state.agent._replace(settings={**state.agent.settings, "run_length": 0}))
        results.append([np.asarray(leaf) for leaf in tf.nest.flatten(kept)])
    assert len(results[0]) > 20
    for first, second in zip(*results, strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_target_network_is_copied_and_epsilon_falls_in_the_program():
    experiment = small(settings={"epsilon_steps": 100, "epsilon_end": 0.0})
    experiment.train(60)
    agent = experiment.learner
    assert agent.steps == 60 and agent.epsilon == pytest.approx(0.4) and int(agent.copies) == 3
    moved = [np.abs(a.numpy() - b.numpy()).max() for a, b in zip(agent.online.variables, agent.target.variables)]  # noqa: B905
    # Last copied at the round of step 60, just before its two updates.
    assert 0 < max(moved) < 0.05


@pytest.mark.thorough
def test_nan_stops_at_its_step():
    class Poison(DQN):
        def learn(self, state, batch, key):
            learnt = super().learn(state, batch, key)
            bad = tf.where(state.steps == 52, tf.constant(float("nan")), 1.0)
            return learnt._replace(metrics={**learnt.metrics, "loss": learnt.metrics["loss"] * bad})

    experiment = Experiment(Poison(**SMALL), "CartPole-v1", lane="compiled", progress=False)
    with pytest.raises(TrainingDiverged, match="52"):
        experiment.train(200)


def test_callbacks_hear_of_updates_and_may_stop():
    class Stop(Callback):
        heard = 0

        def on_update(self, experiment, metrics):
            self.heard += 1
            assert set(metrics) == {"loss", "gradient_norm", "value"}
            experiment.stop("enough")

    stop = Stop()
    experiment = small(callbacks=[stop])
    experiment.train(5_000)
    assert stop.heard == 1 and experiment.step < 5_000


def test_a_set_learning_rate_is_used_by_the_program():
    experiment = small()
    experiment.learner.learning_rate = 0.0
    before = [w.numpy() for w in experiment.learner.online.variables]
    experiment.train(80)
    for old, new in zip(before, experiment.learner.online.variables, strict=True):
        np.testing.assert_array_equal(old, new.numpy())


def test_it_learns_cartpole():
    experiment = Experiment(DQN(hidden_sizes=(64, 64)), "CartPole-v1", seed=1, lane="compiled", progress=False)
    experiment.train(12_000)
    assert experiment.evaluate(20)["mean"] > 100, "random play scores about 22"


@pytest.mark.thorough
def test_evaluation_compiled_beside_training_is_traced_once_and_changes_no_result():
    alone, prepared = small(seed=6), small(seed=6, evaluate_every=40)
    for experiment in (alone, prepared):
        experiment.train(80)
    assert prepared.task.program.play_until.experimental_get_tracing_count() == 1
    expected, found = (experiment.task.evaluate(stream=1, step=80) for experiment in (alone, prepared))
    assert found.returns == expected.returns


@pytest.mark.thorough
def test_what_fails_as_it_is_compiled_beside_training_is_raised_where_it_was_asked_for():
    class Careless(DQN):
        def policy(self, state, observations, key, explore):
            if not explore:
                raise RuntimeError("cannot act greedily")
            return super().policy(state, observations, key, explore)

    experiment = Experiment(Careless(**SMALL), "CartPole-v1", lane="compiled", evaluate_every=40, progress=False)
    with pytest.raises(RuntimeError, match="cannot act greedily"):
        experiment.train(80)
    assert experiment.step == 40
