"""DQN with actions that the environment forbids: targets by hand, and no forbidden action in either lane."""

import gymnasium
import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Discrete

from agents import DQN
from agents.episodes.recording import record
from agents.parts import losses
from agents.transitions import Transition
from envs.grid.taxi import Taxi
from lab import Experiment
from lab.errors import UsageError
from lab.seeding import Seeds
from tests.agents.dqn.helpers import batch_of, set_values, update

SMALL = {"hidden_sizes": (), "batch_size": 4, "learning_starts": 8, "update_every": 4, "updates_per_round": 2}


def agent(kind=DQN, met=True, **settings):
    made = kind(**{**SMALL, **settings})
    made.setup(Discrete(2), Discrete(3), Seeds(0))
    if met:
        made.meet_masks(True)
    return made


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({"double": False}, 6.0), ({"pessimism": 0.0}, 6.0), ({"pessimism": 1.0}, 2.0), ({"pessimism": 0.25}, 5.0)],
)
def test_the_target_goes_over_what_is_allowed_by_hand(settings, expected):
    a = agent(discount=0.5, huber_delta=1.0, learning_rate=0.1, **settings)
    set_values(a.online, [[0, 0, 0], [1.0, 3.0, 2.0]])
    set_values(a.target, [[0, 0, 0], [7.0, 5.0, 6.0]])
    # Without the mask the target's own best is action 0 (7.0) and the online network's action 1; both are forbidden.
    mask = tf.constant([[False, False, True]])
    following = a.next_values(a.state().parameters._replace(allowed=mask), tf.constant([[0.0, 1.0]]))
    assert following.numpy() == pytest.approx([expected])
    batch = batch_of([0], [0], [1.0], [0.5], [1])._replace(action_mask=mask, next_action_mask=mask)
    # The error is 1 + 0.5 * expected, and Huber's loss of it with delta 1 is half below it.
    assert update(a, batch)[0] == pytest.approx(1.0 + 0.5 * expected - 0.5)


def test_a_mask_counts_whatever_the_agent_has_met():
    a = agent(met=False, double=False)
    set_values(a.target, [[0, 0, 0], [7.0, 5.0, 6.0]])
    known = a.state().parameters._replace(allowed=tf.constant([[False, True, False]]))
    assert a.next_actions(known, tf.constant([[0.0, 1.0]])).numpy().tolist() == [1]


def test_the_softmax_policy_of_munchausen_takes_no_forbidden_action_by_hand():
    a = agent(munchausen=True, munchausen_temperature=1.0, munchausen_weight=0.5, munchausen_least=-9.0)
    set_values(a.target, [[1.0, 50.0, 1.0], [np.log(3.0), 50.0, 0.0]])
    mask = tf.constant([[True, False, True]])
    batch = batch_of([0], [2], [1.0], [0.5], [1])._replace(action_mask=mask, next_action_mask=mask)
    target = a.target_of(a.state().parameters._replace(allowed=mask), batch, tf.constant([[0.0, 1.0]]))
    # Half likely now; then 3/4 and 1/4, whose log-sum-exp is log 4.
    assert target.numpy() == pytest.approx([1.0 + 0.5 * np.log(0.5) + 0.5 * np.log(4.0)], abs=1e-6)


def test_acting_keeps_to_the_mask_alike_in_both_forms_of_the_rule():
    a = agent(epsilon_evaluation=0.5, average_decay=0.0)
    set_values(a.online, [[9.0, 1.0, 2.0], [1.0, 3.0, 2.0]])
    a.renew_host_forms(None)
    mask = np.array([[0, 1, 1], [1, 0, 0]] * 200, bool)
    observed = np.arange(400) % 2
    in_numpy = a.act(observed, action_mask=mask.astype(np.int8))
    assert set(in_numpy[::2]) == {1, 2} and set(in_numpy[1::2]) == {0}
    state = a.state()._replace(allowed=tf.constant(mask))
    chosen = a.policy(state, tf.constant(observed, tf.int32), tf.constant([1, 2], tf.uint32), False).action.numpy()
    assert set(chosen[::2]) == {1, 2} and set(chosen[1::2]) == {0}
    # Greedy is action 2 where it may be; half of a uniform half is 1.
    for found in (in_numpy, chosen):
        assert (found[::2] == 1).mean() == pytest.approx(0.25, abs=0.08)
    assert a.act(0) in (0, 1, 2) and a.allowed is None, "a mask is of one call"


def test_masks_lie_in_the_replay_only_where_there_are_any():
    plain, masking = agent(met=False), agent()
    plain.meet_masks(False)
    assert (plain.memory.storage.layout.width, masking.memory.storage.layout.width) == (6, 12)
    assert "masked" not in plain.get_state() and masking.get_state()["masked"]
    columns = (*(np.array([x]) for x in (0, 2, 1.5, False, False, 1)),)
    mask, following = np.array([[1, 0, 1]], bool), np.array([[0, 1, 1]], bool)
    for a in (plain, masking):
        a.observe(Transition(*columns, action_mask=mask, next_action_mask=following))
    rows, apart = masking.memory.storage.take(np.array([0]))
    found = masking.memory.storage.layout.unpacked(tf.constant(rows), apart)
    assert found.action_mask.numpy().tolist() == mask.tolist()
    assert found.next_action_mask.numpy().tolist() == following.tolist()
    assert found.observation.numpy().tolist() == [0] and found.next_observation.numpy().tolist() == [1]
    fresh = agent(met=False)
    fresh.set_state(masking.get_state())
    assert fresh.masked and fresh.memory.storage.layout.width == 12
    # A checkpoint of a version that knew no masks, or of an agent that has learnt without: it goes on so.
    fresh = agent(met=False)
    fresh.set_state(plain.get_state())
    assert not fresh.honours_masks and fresh.memory.storage.layout.width == 6


def test_it_can_be_turned_off():
    off = agent(action_masks=False)
    assert not off.honours_masks and not off.masked
    with pytest.raises(UsageError, match=r"DQN received an action_mask, .* Fix: .*action_masks=True"):
        off.act(0, action_mask=[1, 0, 0])


class Blind(DQN):
    def next_values(self, parameters, next_features):
        return tf.reduce_max(self.values(parameters.target, next_features), axis=-1)


class Seeing(DQN):
    def next_values(self, parameters, next_features):
        actions = self.next_actions(parameters, next_features)
        return losses.chosen(self.values(parameters.target, next_features), actions)


def test_a_variant_whose_targets_do_not_read_masks_is_refused():
    with pytest.raises(UsageError, match=r"Blind values what follows over actions that the environment forbids"):
        agent(Blind)
    assert agent(Seeing).masked


class Strict(Taxi):
    """Pays a fortune less for an action that is not allowed."""

    max_episode_steps = 20

    def step(self, state, action, key):
        step = super().step(state, action, key)
        legal = tf.gather(self.action_mask(state), action, batch_dims=1)
        return step._replace(reward=tf.where(legal, step.reward, -1e6))


@pytest.mark.thorough
@pytest.mark.parametrize(("lane", "noisy"), [("host", False), ("host", True), ("compiled", False)])
def test_no_forbidden_action_is_taken(lane, noisy):
    exploring = {"noisy": True, "hidden_sizes": (4,)} if noisy else {"epsilon_steps": 200}
    settings = {**SMALL, "epsilon_evaluation": 0.5, **exploring}
    experiment = Experiment(DQN(**settings), Strict(), lane=lane, num_envs=2, seed=2, progress=False)
    rows = experiment.train(400).rows
    returns = [row["return"] for row in rows if "return" in row]
    assert returns and min(returns) >= -20.0 * 10
    assert min(experiment.evaluate(episodes=2).returns) >= -20.0 * 10
    assert experiment.task.describe()["action_masks"]


@pytest.mark.thorough
def test_recording_keeps_to_masks_too():
    made = DQN(**SMALL)
    made.setup(Discrete(500), Discrete(6), Seeds(0))
    for lane in ("host", "compiled"):
        episodes = record(made, Strict(), episodes=3, epsilon=0.5, lane=lane)
        assert episodes.rewards.min() >= -10.0, lane
    assert gymnasium.make("Taxi-v4").reset(seed=1)[1]["action_mask"].dtype == np.int8
