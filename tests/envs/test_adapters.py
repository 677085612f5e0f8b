"""A TensorEnv behaves as a Gymnasium environment and vector environment, and its faults are named."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode

from agents.playing.wrappers import name_of
from envs import random, registration
from envs.adapters import TensorEnvAdapter, TensorVectorEnv
from envs.classic.cartpole import CartPole
from envs.tensor import Stacked, TensorEnv, TensorStep, TimeLimit


class Walk(TensorEnv):
    """Counts up; terminates at 3, or where the random number of the step is 0."""

    max_episode_steps = 5

    def __init__(self):
        self.observation_space, self.action_space = Box(-1, 99, (1,), np.float32), Discrete(2)

    def reset(self, key):
        state = tf.zeros(key.shape[0]) + random.uniform(key, (), 0.0, 0.5)
        return state, state[:, None]

    def step(self, state, action, key):
        new = state + tf.cast(action, tf.float32)
        over = new >= 3.0
        return TensorStep(new, new[:, None], new, over, tf.zeros_like(over))


def test_an_ended_environment_restarts_in_the_same_step_and_its_last_observation_is_kept():
    env = Walk().limited()
    carry = env.begin(random.key_from_seed(0, 2))
    first = carry.observation.numpy()[:, 0]
    lengths = []
    for _ in range(3):
        carry, step = env.advance(carry, tf.constant([1, 0]))
        lengths.append(step.terminated.numpy().tolist())
    assert lengths == [[False, False], [False, False], [True, False]]
    np.testing.assert_allclose(step.observation.numpy()[:, 0], [first[0] + 3, first[1]])
    assert 0 <= carry.observation.numpy()[0, 0] < 0.5, "a new episode's first observation"
    assert carry.observation.numpy()[0, 0] != first[0]
    for _ in range(2):
        carry, step = env.advance(carry, tf.constant([0, 0]))
    assert step.truncated.numpy().tolist() == [False, True], "the second has taken five steps"


def test_an_environments_course_does_not_depend_on_its_neighbours():
    env, keys = CartPole().limited(), random.key_from_seed(4, 5)
    many, one = env.begin(keys), env.begin(keys[3:4])
    for _ in range(40):
        many, _ = env.advance(many, tf.ones(5, tf.int32))
        one, _ = env.advance(one, tf.ones(1, tf.int32))
    np.testing.assert_array_equal(many.observation.numpy()[3], one.observation.numpy()[0])


class Wrong(Walk):
    def __init__(self, fault):
        super().__init__()
        self.fault = fault

    def step(self, state, action, key):
        step = super().step(state, action, key)
        return {
            "dtype": lambda: step._replace(state=tf.cast(step.state, tf.float64)),
            "reward": lambda: step._replace(reward=step.reward[:, None]),
            "observation": lambda: step._replace(observation=step.observation[:, 0]),
            "tuple": lambda: tuple(step),
        }[self.fault]()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("dtype", r"Wrong.step changed part 0 of the state from float32 \(3,\) to float64 \(3,\)"),
        ("reward", r"Wrong.step returned reward as float32 \(3, 1\)"),
        ("observation", r"Wrong.step returned observations float32 \(3,\) .*expected float32 \(3, 1\)"),
        ("tuple", "Wrong.step returned a tuple; expected a TensorStep"),
    ],
)
def test_a_fault_is_named_before_anything_trains(fault, words):
    from agents import DQN
    from lab import Experiment

    with pytest.raises(ValueError, match=words):
        Wrong(fault).check()

    def source():
        return gymnasium.wrappers.TimeLimit(TensorEnvAdapter(Wrong(fault)), 5)

    with pytest.raises(ValueError, match=words):
        Experiment(DQN(), source, lane="compiled")


def test_a_time_limit_must_be_a_number_of_steps():
    with pytest.raises(ValueError, match="steps received 0"):
        TimeLimit(Walk(), 0)


@pytest.mark.thorough
def test_an_agent_trains_in_an_own_tensor_environment_compiled():
    from agents import DQN
    from lab import Experiment

    def source(render_mode=None):
        return gymnasium.wrappers.TimeLimit(TensorEnvAdapter(Walk(), render_mode), 5)

    agent = DQN(hidden_sizes=(16,), learning_starts=50, epsilon_steps=500, learning_rate=1e-2)
    experiment = Experiment(agent, source, lane="compiled", num_envs=4, progress=False)
    experiment.train(1_200)
    # The best course stands still at its last value below 3 for as long as it may: 1.x + 2.x + 2.x + 2.x + 2.x.
    assert experiment.evaluate(20)["mean"] > 6.5


def test_the_adapter_refuses_actions_that_do_not_fit():
    env = gymnasium.make("lab/CartPole-v1")
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.unwrapped.step(0)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="action received 2"):
        env.step(2)


def test_the_vector_environment_lays_out_ends_as_gymnasiums_own():
    ours = gymnasium.make_vec("lab/CartPole-v1", 3, vectorization_mode="vector_entry_point")
    theirs = gymnasium.vector.SyncVectorEnv(
        [lambda: gymnasium.make("CartPole-v1")] * 3, autoreset_mode=AutoresetMode.SAME_STEP
    )
    assert isinstance(ours, TensorVectorEnv) and ours.metadata["autoreset_mode"] == AutoresetMode.SAME_STEP
    infos = []
    for env in (ours, theirs):
        observation, _ = env.reset(seed=1)
        assert observation.shape == (3, 4) and observation.dtype == np.float32
        for _ in range(30):
            observation, reward, terminated, truncated, info = env.step(np.array([0, 0, 0]))
            if info:
                break
        assert (reward.dtype, terminated.dtype, truncated.dtype) == (np.float64, bool, bool)
        infos.append(info)
        i = int(np.flatnonzero(terminated)[0])
        assert abs(info["final_obs"][i][2]) > 0.2 and abs(observation[i]).max() <= 0.05
    assert infos[0].keys() == infos[1].keys()
    assert infos[0]["final_obs"].dtype == infos[1]["final_obs"].dtype == object


def test_registered_limits_are_the_classes():
    for name, entry in registration.TENSOR_ENVS.items():
        definition = gymnasium.make(name).unwrapped.tensor_env
        assert definition.max_episode_steps == entry.max_episode_steps
        definition.check()


def test_messages_name_the_dynamics_and_not_what_steps_them():
    assert name_of(TensorEnvAdapter(Walk())) == "Walk"


def test_stacked_dynamics_are_what_gymnasiums_wrapper_gives():
    Stacked(Walk(), 3).check()
    ours = Stacked(Walk(), 3).to_gymnasium()
    theirs = gymnasium.wrappers.FrameStackObservation(Walk().to_gymnasium(), 3)
    assert ours.observation_space == theirs.observation_space
    for seed in (1, 2):
        pairs = [env.reset(seed=seed)[0] for env in (ours, theirs)]
        assert np.array_equal(*pairs)
        for action in (1, 0, 1):
            assert np.array_equal(*(env.step(action)[0] for env in (ours, theirs)))
    for number in (1, True, 2.0):
        with pytest.raises(ValueError, match="expected a whole number >= 2"):
            Stacked(Walk(), number)
