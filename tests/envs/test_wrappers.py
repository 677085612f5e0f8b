"""Tests of the observation wrapper, against indices worked out by hand."""

from __future__ import annotations

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete
from gymnasium.utils.env_checker import check_env

from envs import DiscretizeObservation

CARTPOLE = {"bins": (3, 4, 6, 5), "low": (-2.4, -3.0, -0.21, -3.5), "high": (2.4, 3.0, 0.21, 3.5)}


class Fixed(gymnasium.Env):
    """Give one observation for ever."""

    def __init__(self, space, observation=None):
        self.observation_space, self.action_space, self.value = space, Discrete(2), observation

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.value, {}

    def step(self, action):
        return self.value, 0.0, False, False, {}


def unit(bins, dimensions=1, **kwargs):
    return DiscretizeObservation(Fixed(Box(0.0, 1.0, (dimensions,), np.float64)), bins, **kwargs)


def test_edges_belong_to_the_bin_above_and_the_top_to_the_last():
    wrapper = unit(4)
    assert wrapper.observation_space == Discrete(4)
    numbers = [0.0, np.nextafter(0.25, 0), 0.25, np.nextafter(0.5, 0), 0.5, 0.75, np.nextafter(1.0, 0), 1.0]
    assert [wrapper.index_of([number]) for number in numbers] == [0, 0, 1, 1, 2, 3, 3, 3]


def test_tenths_fall_where_they_should():
    wrapper = unit(10)
    assert [wrapper.index_of([i / 10]) for i in range(11)] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9]


def test_values_outside_are_clipped():
    wrapper = unit(4, low=0.25, high=0.75)
    assert [wrapper.index_of([number]) for number in (-np.inf, -5.0, 0.2, 0.76, 5.0, np.inf)] == [0, 0, 0, 3, 3, 3]


def test_first_dimension_counts_most():
    wrapper = DiscretizeObservation(Fixed(Box(0.0, 1.0, (3,))), (2, 3, 4))
    assert wrapper.observation_space == Discrete(24)
    # 1 * 12 + 2 * 4 + 3
    assert wrapper.index_of([0.5, 0.7, 0.9]) == 23
    # 1 * 12 + 0 * 4 + 2
    assert wrapper.index_of([0.9, 0.1, 0.5]) == 14


def test_every_index_is_reached_once():
    wrapper = unit((2, 3), dimensions=2)
    centers = [(a, b) for a in (0.25, 0.75) for b in (1 / 6, 3 / 6, 5 / 6)]
    assert [wrapper.index_of(center) for center in centers] == list(range(6))


def test_observations_of_several_axes_are_flattened():
    wrapper = DiscretizeObservation(Fixed(Box(0.0, 1.0, (2, 2))), 2)
    assert wrapper.index_of(np.array([[0.9, 0.1], [0.1, 0.9]], dtype=np.float32)) == 0b1001


def test_stated_bounds_may_leave_dimensions_to_the_space():
    env = gymnasium.make("CartPole-v1")
    wrapper = DiscretizeObservation(env, 2, low=(None, -3.0, None, -3.5), high=(None, 3.0, None, 3.5))
    assert wrapper.low[0] == pytest.approx(-4.8) and wrapper.low[1] == -3.0
    assert wrapper.high[2] == pytest.approx(0.4189, abs=1e-4) and wrapper.high[3] == 3.5


def test_cartpole_runs_and_passes_the_checker():
    env = gymnasium.make("CartPole-v1", disable_env_checker=True)
    wrapper = DiscretizeObservation(env, **CARTPOLE)
    assert wrapper.observation_space == Discrete(360)
    observation, _ = wrapper.reset(seed=3)
    # A start lies within 0.05 of zero everywhere: bins 1, 1 or 2, 2 or 3, and 2.
    assert observation in {1 * 120 + velocity * 30 + angle * 5 + 2 for velocity in (1, 2) for angle in (2, 3)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*different from the unwrapped version.*")
        check_env(wrapper, skip_render_check=True)


def test_spec_rebuilds_the_wrapped_environment():
    wrapper = DiscretizeObservation(gymnasium.make("CartPole-v1"), **CARTPOLE)
    again = gymnasium.make(wrapper.spec)
    assert isinstance(again, DiscretizeObservation)
    assert (again.bins, again.low, again.high) == (wrapper.bins, wrapper.low, wrapper.high)
    assert [env.reset(seed=5)[0] for env in (wrapper, again)] == [wrapper.reset(seed=5)[0]] * 2


def test_numpy_arguments_are_taken():
    wrapper = unit(np.array([2, 3]), dimensions=2, low=np.array([0.0, 0.5]), high=np.float64(1.0))
    assert (wrapper.bins, wrapper.low, wrapper.high) == ((2, 3), (0.0, 0.5), (1.0, 1.0))


def test_infinite_bounds_name_the_dimension():
    env = gymnasium.make("CartPole-v1")
    with pytest.raises(ValueError, match=r"low: received -inf for dimension 1 .*own bound.*state low= for this"):
        DiscretizeObservation(env, 4)
    with pytest.raises(ValueError, match=r"high: received inf for dimension 3 .*own bound.*state high= for this"):
        DiscretizeObservation(env, 4, low=-1.0, high=(1.0, 1.0, 1.0, None))
    with pytest.raises(ValueError, match=r"low: received nan for dimension 0 \(a stated bound\)"):
        DiscretizeObservation(env, 4, low=float("nan"), high=1.0)


def test_only_boxes_can_be_wrapped():
    with pytest.raises(ValueError, match=r"received the observation space Discrete\(3\), expected a Box"):
        DiscretizeObservation(Fixed(Discrete(3)), 4)


@pytest.mark.parametrize("name", ["bins", "low", "high"])
def test_wrong_lengths_are_refused(name):
    with pytest.raises(ValueError, match=f"{name}: received 3 entries, expected 2; give one"):
        unit(**{"bins": 2, "dimensions": 2, name: (1, 1, 1)})


@pytest.mark.parametrize("bins", [0, -1, 2.0, True, (2, 0)])
def test_bad_bins_are_refused(bins):
    with pytest.raises(ValueError, match=r"bins: received .* for dimension [01], expected an integer of at least 1"):
        unit(bins, dimensions=2)


@pytest.mark.parametrize(("low", "high"), [(1.0, 0.0), (0.5, 0.5), (2.0, None)])
def test_bounds_in_the_wrong_order_are_refused(low, high):
    with pytest.raises(ValueError, match=r"for dimension 0, expected low < high; swap or widen"):
        unit(2, low=low, high=high)


def test_observations_that_cannot_be_placed_are_refused():
    with pytest.raises(ValueError, match="received 3 values, expected 2; give one observation at a time"):
        unit(2, dimensions=2).index_of([0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match="received NaN in dimension 1, expected a number"):
        unit(2, dimensions=2).index_of([0.1, np.nan])
