"""A table of values with actions that the environment forbids."""

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Discrete

from agents import QLearning
from agents.transitions import Transition
from lab import Experiment
from lab.seeding import Seeds
from tests.agents.tabular.helpers import Follow

SETTINGS = {"learning_rate": 0.5, "learning_rate_end": 0.5, "discount": 0.9, "replay_updates": 0}


def built(**settings):
    agent = QLearning(**{**SETTINGS, **settings})
    agent.setup(Discrete(5), Discrete(3), Seeds(0))
    agent.meet_masks(True)
    agent.q_table[1], agent.q_table[0, 1] = [2.0, 4.0, -1.0], 1.0
    return agent


ONE = Transition(*(np.array([x]) for x in (0, 1, 3.0, False, True, 1)))
MASKS = {"action_mask": np.array([[0, 1, 0]], bool), "next_action_mask": np.array([[1, 0, 1]], bool)}


def test_the_target_goes_over_what_is_allowed_in_both_lanes():
    host, lane = built(), built()
    host.observe(ONE._replace(**MASKS))
    # 1 + 0.5 (3 + 0.9 * 2 - 1) = 2.9: the best of all, 4, is forbidden.
    assert host.q_table[0, 1] == pytest.approx(2.9)
    found = Follow(lane).step(ONE._replace(**MASKS))
    np.testing.assert_allclose(found.table, host.q_table, atol=1e-12)


def test_a_sample_of_past_transitions_has_their_masks():
    agent = built(replay_updates=1)
    agent.observe(ONE._replace(**MASKS))
    *columns, mask = agent.memory.sample(2)
    assert mask.tolist() == [[True, False, True]] * 2 and columns[4].tolist() == [1, 1]


class Corridor(gymnasium.Env):
    """Twelve rooms in a row, eight doors in each of which one leads on; a door that is shut costs an episode."""

    observation_space, action_space = Discrete(12), Discrete(8)
    illegal = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.room = 0
        return 0, self._info()

    def _info(self):
        mask = np.zeros(8, np.int8)
        mask[[self.room * 5 % 8, (self.room * 3 + 1) % 8]] = 1
        return {"action_mask": mask}

    def step(self, action):
        if not self._info()["action_mask"][action]:
            Corridor.illegal += 1
            return self.room, -1.0, True, False, self._info()
        self.room += int(action == self.room * 5 % 8)
        end = self.room == 11
        return self.room, float(end), end, False, self._info()


def limited():
    return gymnasium.wrappers.TimeLimit(Corridor(), 60)


def test_masked_it_takes_no_forbidden_action_and_learns_sooner():
    means = {}
    for honoured in (True, False):
        Corridor.illegal = 0
        learner = QLearning(action_masks=honoured, epsilon_steps=1_000)
        experiment = Experiment(learner, limited, seed=1, progress=False)
        experiment.train(1_500)
        means[honoured] = experiment.evaluate(episodes=3).mean
        assert (Corridor.illegal == 0) == honoured
    assert means[True] == 1.0 and means[False] < 1.0
