"""The tabular environments' tables equal Gymnasium's, and their mazes are mazes."""

from __future__ import annotations

from collections import Counter, deque

import gymnasium
import numpy as np
import pytest

import envs  # noqa: F401
from envs.grid.cliff_walk import CliffWalk
from envs.grid.frozen_lake import FrozenLake
from envs.grid.maze import Maze
from envs.grid.taxi import Taxi
from envs.gridworld.planning import value_iteration


def outcomes(env, state, action):
    rows = zip(*(table[state, action].tolist() for table in env.tables), strict=True)
    return Counter((round(p, 12), s, r, t) for p, s, r, t in rows if p)


def gymnasiums(original, state, action):
    return Counter((round(p, 12), int(s), float(r), bool(t)) for p, s, r, t in original.P[state][action])


@pytest.mark.parametrize("slippery", [True, False])
@pytest.mark.parametrize("name", ["4x4", "8x8"])
def test_the_frozen_lake_is_gymnasiums(name, slippery):
    ours = FrozenLake(name, slippery)
    theirs = gymnasium.make("FrozenLake-v1", map_name=name, is_slippery=slippery).unwrapped
    assert (ours.observation_space, ours.action_space) == (theirs.observation_space, theirs.action_space)
    assert ours.starts == tuple(np.flatnonzero(theirs.initial_state_distrib))
    for state, actions in theirs.P.items():
        for action in actions:
            assert outcomes(ours, state, action) == gymnasiums(theirs, state, action), (state, action)


def test_the_taxi_is_gymnasiums_with_its_masks():
    ours, theirs = Taxi(), gymnasium.make("Taxi-v4").unwrapped
    assert (ours.observation_space, ours.action_space) == (theirs.observation_space, theirs.action_space)
    assert ours.starts == tuple(np.flatnonzero(theirs.initial_state_distrib))
    assert len(set(theirs.initial_state_distrib[list(ours.starts)])) == 1
    for state, actions in theirs.P.items():
        assert ours.masks[state].tolist() == theirs.action_mask(state).astype(bool).tolist(), state
        for action in actions:
            assert outcomes(ours, state, action) == gymnasiums(theirs, state, action), (state, action)
    env, infos = gymnasium.make("lab/Taxi-v4", render_mode="rgb_array"), gymnasium.make_vec("lab/Taxi-v4", num_envs=2)
    observation, info = env.reset(seed=1)
    assert info["action_mask"].tolist() == ours.masks[observation].astype(int).tolist()
    assert env.render().shape == (240, 240, 3)
    observations, info = infos.reset(seed=1)
    assert info["action_mask"].tolist() == ours.masks[observations].astype(int).tolist()


@pytest.mark.parametrize("slippery", [True, False])
def test_the_cliff_is_gymnasiums(slippery):
    ours = CliffWalk(slippery)
    theirs = gymnasium.make("CliffWalking-v1", is_slippery=slippery).unwrapped
    assert (ours.observation_space, ours.action_space) == (theirs.observation_space, theirs.action_space)
    assert ours.starts == tuple(np.flatnonzero(theirs.initial_state_distrib))
    for state, actions in theirs.P.items():
        for action in actions:
            assert outcomes(ours, state, action) == gymnasiums(theirs, state, action), (state, action)


def test_the_best_way_along_the_cliff_is_thirteen_steps():
    values, _ = value_iteration(CliffWalk().transitions, 1.0)
    assert values[36] == -13.0


def shortest(grid):
    rows, columns = grid.shape
    start, goal = grid.kinds.index("S"), grid.kinds.index("G")
    distance, queue = {start: 0}, deque([start])
    while queue:
        cell = queue.popleft()
        row, column = divmod(cell, columns)
        for r, c in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            beside = r * columns + c
            if 0 <= r < rows and 0 <= c < columns and grid.kinds[beside] != "#" and beside not in distance:
                distance[beside] = distance[cell] + 1
                queue.append(beside)
    return distance, distance[goal]


@pytest.mark.parametrize("seed", range(5))
def test_a_maze_has_one_way_between_any_two_rooms(seed):
    maze = Maze(7, seed)
    side = 13
    rooms = [row * side + column for row in range(0, side, 2) for column in range(0, side, 2)]
    open_cells = [cell for cell, kind in enumerate(maze.grid.kinds) if kind != "#"]
    distance, longest = shortest(maze.grid)
    # A connected graph of n rooms with n - 1 passages is a tree.
    assert set(rooms) <= set(open_cells) and len(open_cells) - len(rooms) == len(rooms) - 1
    assert set(distance) == set(open_cells)
    assert longest < maze.max_episode_steps
    values, _ = value_iteration(maze.transitions, 1.0)
    np.testing.assert_allclose(values[0], 1.0 - 0.01 * (longest - 1), atol=1e-6)


def test_the_seed_decides_the_maze():
    assert Maze(5, 3).grid == Maze(5, 3).grid
    assert len({Maze(5, seed).grid for seed in range(6)}) == 6


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Maze(1), "size received 1; expected 2 to 10"),
        (lambda: Maze(4, -1), "maze_seed received -1"),
        (lambda: FrozenLake("5x5"), "map_name received '5x5'; expected one of 4x4, 8x8"),
        (lambda: FrozenLake(desc=["SF", "G"]), "rows of equal length"),
        (lambda: FrozenLake(desc=["SFX", "FFG"]), "of S, F, H and G"),
    ],
)
def test_bad_maps_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_values_and_policy_are_drawn_over_the_ice_in_its_own_directions():
    env = gymnasium.make("lab/FrozenLake-v0", render_mode="rgb_array")
    env.reset(seed=0)
    plain = env.render()
    policy = np.full(16, -1)
    policy[4] = 1
    env.unwrapped.set_overlay(policy=policy)
    assert env.unwrapped.overlay.policy[4] == 2, "the lake's 1 is down, which the picture counts as 2"
    assert not np.array_equal(env.render(), plain)
    env.unwrapped.set_overlay()
    np.testing.assert_array_equal(env.render(), plain)
    with pytest.raises(ValueError, match=r"values: received shape \(3,\), expected \(16,\)"):
        env.unwrapped.set_overlay(values=[0.0] * 3)
