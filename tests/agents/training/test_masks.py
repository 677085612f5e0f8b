"""Environments that break their word about masks: one clear error, in both lanes."""

import gymnasium
import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Discrete

from agents import PPO, QLearning
from agents.training.vector_env import SameStepVectorEnv
from envs.tensor import TensorEnv, TensorStep
from lab import Experiment
from lab.errors import UsageError
from lab.seeding import Seeds


class Masked(gymnasium.Env):
    """Gives the masks that it is told to: of the reset, then of each step; four steps an episode."""

    observation_space, action_space = Discrete(6), Discrete(2)

    def __init__(self, *masks, truncates=False):
        self.masks, self.truncates = masks, truncates

    def _info(self):
        mask = self.masks[min(self.count, len(self.masks) - 1)]
        return {} if mask is None else {"action_mask": np.asarray(mask)}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        return 0, self._info()

    def step(self, action):
        self.count += 1
        end = self.count == 4
        return self.count, 1.0, end and not self.truncates, end and self.truncates, self._info()


def pool(*envs):
    return SameStepVectorEnv(list(envs), Seeds(1), reads_masks=True)


@pytest.mark.parametrize(
    ("masks", "says"),
    [
        (([0, 0],), "Masked gave the action_mask .* at reset, which allows no action"),
        (([1, 0], [1, 0], [0, 0]), "at step 2 of an episode, which allows no action"),
        (([1, 0], [1, 0, 1]), r"shape \(3,\)\) at step 1 of an episode; expected 2 numbers"),
        (([1, 0], [0.5, 0.0]), r"float64, .* at step 1 of an episode"),
        (([1, 0], None), "gave no info.'action_mask'. at step 1 of an episode, and one before"),
        ((None, None, [1, 0]), "gave the first info.'action_mask'. at step 2"),
    ],
)
def test_a_mask_that_is_none_ends_it_with_the_step_and_the_environment(masks, says):
    experiment = Experiment(QLearning(), lambda: Masked(*masks), progress=False)
    with pytest.raises(UsageError, match=says):
        experiment.train(8)


def test_what_it_says_where_it_terminates_does_not_matter_but_where_it_is_cut_off():
    masks = ([1, 0], [1, 0], [0, 1], [1, 1], [0, 0])
    p = pool(Masked(*masks))
    assert p.start() is not None and p.masks.tolist() == [[True, False]]
    for _ in range(3):
        step = p.step(np.array([0]))
        assert p.masks.tolist() == step.next_mask.tolist()
    step = p.step(np.array([0]))
    assert step.next_mask.tolist() == [[True, True]] and p.masks.tolist() == [[True, False]], "of the new episode"
    p = pool(Masked(*masks, truncates=True))
    p.start()
    with pytest.raises(UsageError, match="at step 4 of an episode, which allows no action"):
        for _ in range(4):
            p.step(np.array([0]))


def test_all_or_none_of_several_environments_give_masks():
    with pytest.raises(UsageError, match="some of the environments gave"):
        pool(Masked([1, 0]), Masked(None)).start()


def test_a_restored_pool_has_its_masks():
    masks = ([1, 0], [1, 1], [0, 1])
    first, second = pool(Masked(*masks), Masked(*masks)), pool(Masked(*masks), Masked(*masks))
    first.start()
    first.step(np.array([0, 0]))
    second.set_state(first.get_state())
    assert second.masks.tolist() == first.masks.tolist() == [[True, True]] * 2


def test_who_does_not_heed_masks_says_so_once(capsys):
    settings = {"hidden_sizes": (4,), "rollout_steps": 64, "minibatch_size": 32, "epochs": 1}
    Experiment(PPO(**settings), lambda: Masked([1, 1]), progress=False).train(8)
    assert "PPO does not heed info['action_mask']" in capsys.readouterr().err
    Experiment(QLearning(action_masks=False), lambda: Masked([0, 0]), progress=False).train(8)
    assert "heed" not in capsys.readouterr().err


class Trap(TensorEnv):
    """Counts up; from the fifth state on nothing is allowed, though the episode goes on."""

    observation_space, action_space, max_episode_steps = Discrete(9), Discrete(2), 8

    def reset(self, key):
        place = tf.zeros(key.shape[0], tf.int32)
        return place, place

    def step(self, state, action, key):
        flags = tf.zeros_like(state, tf.bool)
        return TensorStep(state + 1, state + 1, tf.zeros_like(state, tf.float32), flags, flags)

    def action_mask(self, state):
        return tf.repeat((state < 5)[:, None], 2, axis=1)


@pytest.mark.thorough
def test_nothing_to_do_ends_a_compiled_run_with_the_step_and_the_environment():
    experiment = Experiment(QLearning(), Trap(), lane="compiled", progress=False)
    with pytest.raises(UsageError, match="Trap gave an action mask that allows no action at step 4 of the run"):
        experiment.train(20)


def test_a_tensor_environment_is_held_to_its_mask():
    class Short(Trap):
        def action_mask(self, state):
            return tf.ones((state.shape[0], 3), tf.bool)

    with pytest.raises(ValueError, match=r"Short.action_mask returned bool \(3, 3\) for 3 environments"):
        Short().check()
