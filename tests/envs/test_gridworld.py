"""Tests of the grid world's dynamics, seeding, state and messages, against numbers worked out by hand."""

from __future__ import annotations

import json
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env

import envs  # noqa: F401 (registers the environment)
from envs.gridworld.environment import DOWN, LEFT, RIGHT, UP, GridWorld
from envs.gridworld.maps import MAPS

#   0 1 2
#   3 # 5
#   6 7 8
SMALL = ["..G", ".#P", "S.."]


def walk(env, actions):
    env.reset(seed=0)
    return [env.step(action)[:3] for action in actions]


def test_spaces_count_every_cell_walls_too():
    env = GridWorld(SMALL)
    assert env.observation_space == gymnasium.spaces.Discrete(9)
    assert env.action_space == gymnasium.spaces.Discrete(4)


def test_way_to_the_goal_pays_steps_and_then_the_goal_only():
    env = GridWorld(SMALL, step_reward=-0.5, goal_reward=10.0)
    assert env.reset(seed=0) == (6, {})
    assert [env.step(action) for action in (UP, UP, RIGHT, RIGHT)] == [
        (3, -0.5, False, False, {}),
        (0, -0.5, False, False, {}),
        (1, -0.5, False, False, {}),
        (2, 10.0, True, False, {}),
    ]


def test_pit_ends_the_episode():
    env = GridWorld(SMALL, pit_reward=-7.0)
    assert walk(env, (RIGHT, RIGHT, UP)) == [(7, -0.01, False), (8, -0.01, False), (5, -7.0, True)]


def test_walls_and_borders_stop_the_agent_and_cost_a_step():
    env = GridWorld(SMALL, step_reward=-0.25)
    #                     border       border      free         wall         free         wall
    assert walk(env, (LEFT, DOWN, RIGHT, UP, LEFT, UP, RIGHT)) == [
        (6, -0.25, False),
        (6, -0.25, False),
        (7, -0.25, False),
        (7, -0.25, False),
        (6, -0.25, False),
        (3, -0.25, False),
        (3, -0.25, False),
    ]


def test_transitions_hold_hand_computed_rows():
    probabilities, rewards, terminal = GridWorld(SMALL, slip=0.2, step_reward=-0.5).transitions
    assert probabilities.dtype == rewards.dtype == np.float64 and terminal.dtype == np.bool_
    np.testing.assert_array_equal(terminal, [0, 0, 1, 0, 0, 1, 0, 0, 0])
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1.0)
    # Up from 1: the border; aside lie 0 and the goal 2.
    np.testing.assert_allclose(probabilities[1, UP], [0.1, 0.8, 0.1, 0, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(rewards[1, UP], [-0.5, -0.5, 1.0, 0, 0, 0, 0, 0, 0])
    # Up from 8: the pit; to the right the border, to the left 7.
    np.testing.assert_allclose(probabilities[8, UP], [0, 0, 0, 0, 0, 0.8, 0, 0.1, 0.1])
    np.testing.assert_allclose(rewards[8, UP], [0, 0, 0, 0, 0, -1.0, 0, -0.5, -0.5])
    # Left from the corner 6: the border; aside lie the border again and 3.
    np.testing.assert_allclose(probabilities[6, LEFT], [0, 0, 0, 0.1, 0, 0, 0.9, 0, 0])
    for stays in (2, 4, 5):
        np.testing.assert_array_equal(probabilities[stays, :, stays], 1.0)
        np.testing.assert_array_equal(rewards[stays], 0.0)
    with pytest.raises(ValueError, match="read-only"):
        probabilities[0, 0, 0] = 1.0


@pytest.mark.parametrize("action", [UP, RIGHT, DOWN, LEFT])
@pytest.mark.parametrize("slip", [0.0, 0.3, 1.0])
def test_steps_follow_the_stated_probabilities(action, slip):
    env = GridWorld(["..G", ".S.", "..."], slip=slip)
    number = 4_000
    env.reset(seed=7)
    counts = np.zeros(9)
    for _ in range(number):
        env.reset()
        counts[env.step(action)[0]] += 1
    expected = env.transitions.probabilities[4, action]
    deviation = np.sqrt(expected * (1.0 - expected) / number)
    assert (np.abs(counts / number - expected) <= 4.0 * deviation).all()


def test_several_starts_are_drawn_uniformly():
    env = GridWorld(["S.S", ".G.", "..S"])
    env.reset(seed=3)
    counts = np.bincount([env.reset()[0] for _ in range(3_000)], minlength=9)
    assert set(np.flatnonzero(counts)) == {0, 2, 8}
    assert (np.abs(counts[[0, 2, 8]] / 3_000 - 1 / 3) < 4 * np.sqrt(2 / 9 / 3_000)).all()


@pytest.mark.parametrize("name", sorted(MAPS))
def test_named_maps_pass_the_check_of_users_maps(name):
    assert GridWorld(list(MAPS[name])).grid == GridWorld(name).grid


def test_default_map_is_worth_looking_at():
    kinds = GridWorld().grid.kinds
    assert (kinds.count("S"), kinds.count("G")) == (1, 1)
    assert kinds.count("P") > 0 and kinds.count("#") > 4


@pytest.mark.parametrize("render_mode", [None, "rgb_array", "human"])
@pytest.mark.parametrize("kwargs", [{}, {"map": "four_rooms", "slip": 0.3}])
def test_gymnasiums_checker_finds_nothing(monkeypatch, render_mode, kwargs):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setitem(GridWorld.metadata, "render_fps", 1000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gymnasium.make("lab/GridWorld-v0", render_mode=render_mode, **kwargs)
        check_env(env.unwrapped)
        env.close()


def rollout(env, actions, seed=None):
    steps = [env.reset(seed=seed)[0]]
    for action in actions:
        observation, reward, terminated, _, _ = env.step(action)
        steps.append((observation, reward, terminated))
        if terminated:
            steps.append(env.reset()[0])
    return steps


def test_seeds_decide_everything():
    actions = np.random.default_rng(0).integers(4, size=300)
    first, again, other = (rollout(GridWorld("four_rooms", slip=0.5), actions, seed) for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_state_goes_through_json_and_continues_exactly():
    actions = np.random.default_rng(1).integers(4, size=400)
    env = GridWorld("four_rooms", slip=0.5)
    rollout(env, actions[:57], seed=11)
    state = json.loads(json.dumps(env.get_state()))
    expected = [env.step(action) for action in actions[:20]] + rollout(env, actions)

    other = GridWorld("four_rooms", slip=0.5)
    other.set_state(state)
    assert [other.step(action) for action in actions[:20]] + rollout(other, actions) == expected
    assert other.np_random_seed == 11
    assert other.get_state() == env.get_state()


def test_taking_a_state_disturbs_nothing():
    actions = np.random.default_rng(2).integers(4, size=100)
    watched, plain = (GridWorld("four_rooms", slip=0.5) for _ in range(2))
    watched.reset(seed=1), plain.reset(seed=1)
    for action in actions:
        watched.get_state()
        assert watched.step(action) == plain.step(action)


def test_state_before_the_first_reset_still_asks_for_one():
    env, other = GridWorld(), GridWorld()
    other.set_state(env.get_state())
    with pytest.raises(ResetNeeded, match="before the first reset"):
        other.step(0)


def test_bad_states_are_refused():
    env = GridWorld(SMALL)
    env.reset(seed=0)
    state = env.get_state()
    with pytest.raises(ValueError, match=r"without \['cell'\]"):
        env.set_state({key: value for key, value in state.items() if key != "cell"})
    with pytest.raises(ValueError, match="build this environment with the map"):
        GridWorld("open").set_state(state)
    for cell in (4, 9, -1):
        with pytest.raises(ValueError, match=f"received cell {cell}, expected None or a cell that is open"):
            env.set_state({**state, "cell": cell})
    assert env.get_state() == state


def test_steps_out_of_order_are_refused():
    env = GridWorld(["SG"])
    with pytest.raises(ResetNeeded, match="before the first reset"):
        env.step(RIGHT)
    env.reset(seed=0)
    env.step(RIGHT)
    with pytest.raises(ResetNeeded, match="after the episode's end"):
        env.step(RIGHT)


@pytest.mark.parametrize("action", [-1, 4, 0.5])
def test_actions_out_of_range_are_refused(action):
    env = GridWorld(["SG"])
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"action: received .*, expected 0 \(up\)"):
        env.step(action)


@pytest.mark.parametrize(
    ("map", "message"),
    [
        ("defualt", "did you mean 'default'"),
        ("nowhere", "expected one of cliff, default, four_rooms, open, russell_norvig"),
        ([], "expected at least one row of text"),
        ([""], "expected at least one row of text"),
        ([1, 2], "expected at least one row of text"),
        (["S.G", ".."], "received row 1 with 2 cells, expected 3 as in row 0; pad"),
        (["S.G", ".x."], "received 'x' at row 1, column 1, expected one of 'S' .start."),
        (["..G"], "received no start, expected at least one; mark a cell with 'S'"),
        (["S.."], "received no goal, expected at least one; mark a cell with 'G'"),
        (["S#G"], "received a start at row 0, column 0 that cannot reach a goal"),
        (["S.G", "###", "..S"], "received a start at row 2, column 2 that cannot reach a goal"),
        (["SPG"], "cannot reach a goal, expected a path around walls and pits; open a wall"),
    ],
)
def test_bad_maps_are_refused(map, message):
    with pytest.raises(ValueError, match=message):
        GridWorld(map)


@pytest.mark.parametrize("slip", [-0.1, 1.5, float("nan")])
def test_bad_slips_are_refused(slip):
    with pytest.raises(ValueError, match=r"slip: received .*, expected a probability in \[0, 1\]"):
        GridWorld(slip=slip)


@pytest.mark.parametrize("name", ["step_reward", "goal_reward", "pit_reward"])
def test_rewards_that_are_not_finite_are_refused(name):
    with pytest.raises(ValueError, match=f"{name}: received inf, expected a finite number"):
        GridWorld(**{name: float("inf")})


def test_unknown_render_mode_is_refused():
    with pytest.raises(ValueError, match="render_mode: received 'ansi', expected None or one of"):
        GridWorld(render_mode="ansi")
