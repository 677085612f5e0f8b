"""The compiled lane: it is chosen rightly, learns by the same rule as the host lane, and never compiles twice."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import tensorflow as tf
from agents.dqn.program import unpacked

from agents import DQN, QLearning, Random
from agents.dqn.state import averaged
from agents.functional import obstacle
from agents.replay.program import RingReplay
from agents.training.compiled import CompiledTask
from agents.transitions import Transition
from envs import random
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
    for most, expected in ((10.0, [3.0, 4.0]), (2.5, [1.5, 2.0])):
        gradient, norm = clipped(tf.constant([3.0, 4.0]), most)
        assert gradient.numpy() == pytest.approx(expected) and float(norm) == 5.0
    assert clipped(tf.zeros(2), 1.0)[0].numpy().tolist() == [0.0, 0.0]
    assert np.isnan(clipped(tf.constant([np.inf, 1.0]), 1.0)[0].numpy()).any(), "the guard must see it"


def test_a_ring_keeps_the_newest_transitions_and_samples_only_them():
    ring_replay = RingReplay(gymnasium.spaces.Box(-9, 9, (1,), np.float32), capacity=5, number=2)
    assert ring_replay.capacity == 4

    @tf.function(jit_compile=True)
    def filled():
        ring = ring_replay.empty()
        for i in range(3):
            x = tf.constant([[2.0 * i], [2.0 * i + 1]])
            ring = ring_replay.write(ring, x, tf.constant([i, i]), x[:, 0] * 10, x[:, 0] > 4, x + 0.5)
        return ring, ring_replay.sample(ring, random.key_from_seed(1), 400)

    ring, batch = filled()
    assert (int(ring.cursor), int(ring.size)) == (2, 4)
    seen = batch.observation.numpy()[:, 0]
    assert sorted(set(seen.tolist())) == [2.0, 3.0, 4.0, 5.0], "0 and 1 were overwritten"
    np.testing.assert_allclose(batch.reward.numpy(), 10 * seen)
    np.testing.assert_allclose(batch.next_observation.numpy()[:, 0], seen + 0.5)
    np.testing.assert_array_equal(batch.terminated.numpy(), (seen > 4).astype(np.float32))
    np.testing.assert_array_equal(batch.action.numpy(), seen // 2)


def test_both_lanes_change_the_weights_alike_given_the_same_transitions():
    agent = DQN(**SMALL, learning_rate=0.01)
    env = CartPole()
    from lab.seeding import Seeds

    agent.setup(env.observation_space, env.action_space, Seeds(3))
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2, 8, 4 + 4 + 3)).astype(np.float32)
    rows[..., 8] = rng.integers(2, size=(2, 8))
    rows[..., 10] = rng.integers(2, size=(2, 8))
    state = agent.pure_state(1)

    @tf.function(jit_compile=True)
    def compiled(parameters, rows):
        for i in range(2):
            batch = unpacked(rows[i], agent.number_of_features)
            parameters, _ = agent.update_step(parameters, batch, 0.01, agent.config)
            parameters = averaged(parameters, agent.config.average_decay)
        return parameters

    after = compiled(state.parameters, tf.constant(rows))
    before = [w.numpy() for w in agent.online.trainable_variables]
    agent._train(tf.constant(rows), tf.constant([0.01, 0.0], tf.float32))
    after_host = agent.online.trainable_variables + agent.average.trainable_variables
    for old, host, lane in zip(before * 2, after_host, after.online + after.averaged, strict=True):
        assert np.abs(host.numpy() - old).max() > 1e-3, "it learns"
        np.testing.assert_allclose(host.numpy(), lane.numpy(), atol=1e-6)


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
        (lambda: (Random(), "CartPole-v1"), "Random declares no pure_state"),
        (lambda: (QLearning(), "FrozenLake-v1"), "the dynamics of FrozenLakeEnv are Python"),
    ],
)
def test_compiled_is_refused_with_what_is_in_the_way(make, words):
    agent, source = make()
    with pytest.raises(UsageError, match=words):
        Experiment(agent, source, lane="compiled")


def test_a_subclass_that_changes_the_host_rules_is_not_trained_as_its_parent():
    class Shy(DQN):
        def observe(self, transition: Transition) -> None:
            super().observe(transition)

    class Wide(DQN):
        def next_values(self, parameters, next_features):
            return super().next_values(parameters, next_features)

    assert "Shy overrides observe" in obstacle(Shy())
    assert obstacle(Wide()) == "" == obstacle(DQN())
    assert Experiment(Shy(**SMALL), "CartPole-v1", progress=False).task.lane == "host"


def test_a_wrong_pure_function_is_named_before_anything_trains():
    class Wrong(DQN):
        def pure_update(self, state, transition, key):
            state, metrics, rounds = super().pure_update(state, transition, key)
            return state._replace(rate=tf.cast(state.rate, tf.float64)), metrics, rounds

    with pytest.raises(UsageError, match=r"Wrong.pure_update changed part .* from float32 \(\) to float64"):
        Experiment(Wrong(**SMALL), "CartPole-v1", lane="compiled")


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
        results.append(experiment.task.get_state()["program"])
    assert len(results[0]) > 20
    for first, second in zip(*results, strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_target_network_is_copied_and_epsilon_falls_in_the_program():
    experiment = small(settings={"epsilon_steps": 100, "epsilon_end": 0.0})
    experiment.train(60)
    agent = experiment.learner
    assert agent.steps == 60 and agent.epsilon == pytest.approx(0.4) and agent.target_updates == 3
    moved = [np.abs(a.numpy() - b.numpy()).max() for a, b in zip(agent.online.variables, agent.target.variables)]  # noqa: B905
    # Last copied at the round of step 60, just before its two updates.
    assert 0 < max(moved) < 0.05


def test_nan_stops_at_its_step():
    class Poison(DQN):
        def pure_update(self, state, transition, key):
            state, metrics, rounds = super().pure_update(state, transition, key)
            bad = tf.where(state.steps == 50, tf.constant(float("nan")), 1.0)
            return state, {**metrics, "loss": metrics["loss"] * bad}, rounds

    experiment = Experiment(Poison(**SMALL), "CartPole-v1", lane="compiled", progress=False)
    with pytest.raises(TrainingDiverged, match="50"):
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


def test_judging_compiled_beside_training_is_traced_once_and_changes_no_evaluation():
    alone, prepared = small(seed=6), small(seed=6, evaluate_every=40)
    for experiment in (alone, prepared):
        experiment.train(80)
    assert prepared.task.program.judge.experimental_get_tracing_count() == 1
    expected, found = (experiment.task.evaluate(stream=1, step=80) for experiment in (alone, prepared))
    assert found.returns == expected.returns


def test_what_fails_in_judging_beside_training_is_told_where_it_was_asked_for():
    class Careless(DQN):
        def pure_act(self, state, observations, key, explore):
            if not explore:
                raise RuntimeError("cannot act greedily")
            return super().pure_act(state, observations, key, explore)

    experiment = Experiment(Careless(**SMALL), "CartPole-v1", lane="compiled", evaluate_every=40, progress=False)
    with pytest.raises(RuntimeError, match="cannot act greedily"):
        experiment.train(80)
    assert experiment.step == 40
