import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from agents import BehaviorCloning, PercentBC
from agents.cloning import losses
from agents.episodes import record
from agents.offline import ActionBatch
from agents.parts.actions import squashed
from envs.gridworld.environment import GridWorld
from envs.gridworld.planning import value_iteration
from lab import Experiment
from lab.errors import UsageError
from lab.seeding import Seeds
from tests.agents.episodes.made import three


def agent(action_space, observation_space=None, kind=BehaviorCloning, **settings):
    made = kind(**{"hidden_sizes": (8,), **settings})
    made.setup(observation_space or Discrete(2), action_space, Seeds(0))
    return made


def test_cross_entropy_by_hand():
    logits = tf.math.log(tf.constant([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]]))
    loss = losses.cross_entropy(logits, tf.constant([1, 1]))
    assert float(loss) == pytest.approx(-(np.log(0.25) + np.log(0.8)) / 2, abs=1e-6)


def test_the_error_of_bounded_actions_by_hand():
    space = Box(np.float32([-2, 0]), np.float32([2, 10]), dtype=np.float32)
    # tanh(0) = 0 is the middle: (0, 5). In units of half the range (2, 5) the errors are 0.5 and -1.
    error = losses.action_error(space, tf.zeros((1, 2)), tf.constant([[1.0, 0.0]]))
    assert float(error) == pytest.approx((0.25 + 1.0) / 2)


def test_unbounded_actions_are_not_squashed():
    space = Box(np.float32([-1, -np.inf]), np.float32([1, np.inf]), dtype=np.float32)
    assert squashed(space, np.float32([[9.0, 9.0]])).tolist() == [[pytest.approx(1.0, abs=1e-6), 9.0]]
    assert float(losses.action_error(space, tf.constant([[0.0, 3.0]]), tf.constant([[0.0, 1.0]]))) == 2.0


def test_an_update_makes_the_recorded_action_likelier():
    a = agent(Discrete(3), learning_rate=0.05)
    batch = ActionBatch(tf.constant([0, 1]), tf.constant([2, 0]))
    before = [float(a.update_on(batch)["loss"]) for _ in range(30)]
    assert before[0] == pytest.approx(np.log(3), abs=0.5) and before[-1] < 0.2
    a.end_updates()
    assert a.act_batch(np.array([0, 1])).tolist() == [2, 0]


def test_weight_decay_shrinks_weights_beside_the_gradients_step():
    batch = ActionBatch(tf.constant([0, 1]), tf.constant([2, 0]))
    plain, decayed = (agent(Discrete(3), learning_rate=0.1, weight_decay=decay) for decay in (0.0, 0.5))
    before = plain.policy.get_weights()
    for a in (plain, decayed):
        a.update_on(batch)
    for old, one, other in zip(before, plain.policy.get_weights(), decayed.policy.get_weights(), strict=True):
        assert one - 0.1 * 0.5 * old == pytest.approx(other, abs=1e-6)


def test_stochastic_acting_draws_from_the_softmax():
    a = agent(Discrete(2), stochastic=True, hidden_sizes=())
    weights, bias = a.policy.trainable_variables
    weights.assign(np.zeros((2, 2), np.float32))
    bias.assign(np.log(np.float32([0.25, 0.75])))
    a.end_updates()
    a.evaluation_rng = np.random.default_rng(0)
    assert a.act_batch(np.zeros(4000, int)).mean() == pytest.approx(0.75, abs=0.03)


def test_box_actions_stay_within_bounds_in_the_spaces_type():
    space = Box(-2.0, 2.0, (1, 2), np.float64)
    a = agent(space, Box(-9, 9, (3,), np.float32))
    acted = a.act_batch(np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32) * 1e3)
    assert acted.dtype == np.float64 and acted.shape == (5, 1, 2) and all(action in space for action in acted)


def test_percent_bc_imitates_the_best_episodes_only():
    a = agent(Discrete(3, start=5), Box(-200, 200, (1,), np.float32), kind=PercentBC, fraction=0.3)
    batch = a.sampler(three())(np.random.default_rng(0))
    assert set(batch.observation[:, 0]) == {2.0}, "the middle episode, of return 5"
    with pytest.raises(UsageError, match="fraction received 0"):
        PercentBC(fraction=0.0)


def test_spaces_that_do_not_fit_are_named():
    from gymnasium.spaces import MultiBinary

    with pytest.raises(UsageError, match="BehaviorCloning received the action space MultiBinary"):
        agent(MultiBinary(3))


@pytest.mark.thorough
def test_a_clone_of_the_gridworlds_expert_reaches_the_expert():
    _, values = value_iteration(GridWorld().transitions, 0.99)
    best = values.argmax(axis=1)
    expert = record(lambda state: int(best[state]), "lab/GridWorld-v0", episodes=20, seed=1)
    experiment = Experiment(
        BehaviorCloning(hidden_sizes=(32,), learning_rate=1e-2), expert, seed=1, lane="compiled", progress=False
    )
    experiment.train(150)
    assert experiment.evaluate(10).mean == pytest.approx(expert.returns.mean(), abs=1e-6)
