"""The figure of what an actor-critic expects and would do."""

import math

import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Discrete

from agents import PPO, REINFORCE, SAC, TD3, RecurrentPPO
from agents.playing.figures import Landscape, landscape_figure
from agents.playing.landscape import _most_telling
from lab import Experiment
from lab.errors import UsageError
from tests.agents.off_policy.helpers import built, constant_critics

SMALL = {"hidden_sizes": (4,)}


class Known:
    """Values that depend on the second number most and on the fourth less, and a policy that depends on the first."""

    has_values = True

    def state_values(self, observed):
        return 3.0 * observed[:, 1] - observed[:, 3] if self.has_values else None

    def preferences(self, observed):
        return {"action": 9.0 * observed[:, 0] + observed[:, 2]}


def test_the_two_dimensions_that_the_value_depends_on_most_are_shown():
    rows = np.random.default_rng(0).normal(size=(200, 5)).astype(np.float32)
    assert _most_telling(Known(), rows) == (1, 3)
    agent = Known()
    agent.has_values = False
    assert _most_telling(agent, rows) == (0, 2)


@pytest.mark.parametrize(
    ("agent", "name", "titles"),
    [
        (PPO(**SMALL), "CartPole-v1", ["value", "probability of action 0", "probability of action 1"]),
        (REINFORCE(**SMALL, baseline=False), "CartPole-v1", ["probability of action 0", "probability of action 1"]),
        (TD3(**SMALL), "Pendulum-v1", ["value", "action[0] without exploring"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_it_has_a_panel_for_the_value_and_each_part_of_the_policy(agent, name, titles, tmp_path):
    experiment = Experiment(agent, name, lane="host", seed=1, progress=False)
    figure = agent.figure("landscape", experiment.task)
    panels = [axes for axes in figure.axes if axes.get_title(loc="left")]
    assert [axes.get_title(loc="left") for axes in panels] == titles
    if "probability of action 1" in titles:
        first, second = (np.asarray(axes.collections[0].get_array()) for axes in panels[-2:])
        assert np.allclose(first + second, 1.0)
    assert experiment.render(tmp_path / "landscape.png").stat().st_size > 10_000


def test_it_is_drawn_of_arrays_alone():
    rows, values = np.array([[0.0, 9.0, 1.0], [2.0, 9.0, 3.0]]), np.arange(6.0).reshape(3, 2)
    found = Landscape(rows, (0, 2), np.array([0.0, 2.0]), np.array([1.0, 2.0, 3.0]), {"value": values}, 5)
    figure = landscape_figure(found)
    (axes,) = (axes for axes in figure.axes if axes.get_title(loc="left"))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("observation[0]", "observation[2]")
    np.testing.assert_array_equal(np.asarray(axes.collections[0].get_array()).reshape(3, 2), values)
    assert axes.lines[0].get_xydata().tolist() == [[0.0, 1.0], [2.0, 3.0]]
    assert figure.get_suptitle() == "dots: 2 observations of 5 episodes; other dimensions at their medians"


def test_values_are_the_least_of_the_critics_under_the_policy():
    agent = built(SAC)
    for critic, start in zip(agent.critics, constant_critics(agent, 5.0, 3.0), strict=True):
        critic.assign(start)
    assert agent.state_values(np.zeros((2, 3), np.float32)) == pytest.approx([3.0, 3.0])
    agent = built(SAC, Discrete(2), hidden_sizes=())
    for critic, start in zip(agent.critics, constant_critics(agent, [1.0, 4.0], [2.0, 3.0]), strict=True):
        critic.assign(start)
    for variable, value in zip(agent.actor.trainable_variables, (tf.zeros((3, 2)), [0.0, math.log(3)]), strict=True):
        variable.assign(value)
    observed = np.zeros((1, 3), np.float32)
    assert agent.state_values(observed) == pytest.approx([0.25 * 1 + 0.75 * 3])
    assert [float(p[0]) for p in agent.preferences(observed).values()] == pytest.approx([0.25, 0.75])


def test_observations_that_are_no_vectors_and_agents_that_remember_have_none():
    experiment = Experiment(PPO(**SMALL), "lab/FrozenLake-v0", lane="host", progress=False)
    assert "landscape" not in experiment.task.kinds
    with pytest.raises(UsageError, match="landscape.*expected a Box of one axis.*Fix: another kind"):
        experiment.learner.figure("landscape", experiment.task)
    assert RecurrentPPO.figures == ()
