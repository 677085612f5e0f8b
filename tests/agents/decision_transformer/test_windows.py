"""Windows of recorded episodes: returns-to-go, borders, padding and how often each episode comes."""

import numpy as np
import pytest

from agents.decision_transformer.data.windows import (
    Groups,
    Sampler,
    draw_windows,
    groups_of,
    returns_to_go,
    windows_at,
)
from tests.agents.decision_transformer.helpers import episodes

STARTS, LENGTHS = np.array([0, 3, 4]), np.array([3, 1, 8])


def test_returns_to_go_by_hand():
    rewards = np.array([1.0, 0.5, -2.0, 4.0, 1.0, 1.0], np.float32)
    assert returns_to_go(rewards, np.array([0, 3, 4])).tolist() == [-0.5, -1.5, -2.0, 4.0, 2.0, 1.0]
    # Beside a large reward of another episode a small one is not lost.
    assert returns_to_go(np.array([1e17, 0.25]), np.array([0, 1])).tolist() == [1e17, 0.25]


def test_windows_by_hand():
    found = windows_at(np.array([0, 6]), np.array([3, 10]), np.array([0, 4]), 4)
    assert found.rows.tolist() == [[0, 0, 1, 2], [6, 7, 8, 9]]
    assert found.present.tolist() == [[False, True, True, True], [True] * 4]
    assert found.timesteps.tolist() == [[0, 0, 1, 2], [2, 3, 4, 5]]


def test_windows_never_cross_episodes_and_are_full_where_they_can_be():
    found = draw_windows(STARTS, LENGTHS, 4, (5000,), np.random.default_rng(0))
    episode = np.searchsorted(STARTS, found.rows, side="right") - 1
    assert (episode == episode[:, :1]).all()
    assert (found.present.sum(axis=1) == np.minimum(LENGTHS, 4)[episode[:, 0]]).all()
    assert (np.diff(found.present.astype(int), axis=1) >= 0).all(), "padding comes first"
    steps = found.rows - STARTS[episode]
    assert (steps == found.timesteps)[found.present].all() and (np.diff(found.rows)[found.present[:, :-1]] == 1).all()
    assert set(found.rows[found.present]) == set(range(12)), "every step is met"


def test_an_episode_comes_in_proportion_to_its_length():
    found = draw_windows(STARTS, LENGTHS, 4, (30_000,), np.random.default_rng(1))
    episode = np.searchsorted(STARTS, found.rows[:, -1], side="right") - 1
    shares = np.bincount(episode) / len(episode)
    assert shares == pytest.approx(LENGTHS / 12, abs=0.01)


def test_each_part_of_the_range_of_returns_may_come_equally_often():
    assert groups_of(np.array([-5.0, 5.0, 0.1, 4.0]), 4).tolist() == [0, 3, 2, 3]
    assert groups_of(np.full(3, 2.0)).tolist() == [0, 0, 0]
    # Episodes 0 and 2 in one group, 1 in another: half of all, and by length within the group.
    groups = Groups(LENGTHS, np.array([7, 1, 7]))
    found = draw_windows(STARTS, LENGTHS, 4, (30_000,), np.random.default_rng(1), groups)
    episode = np.searchsorted(STARTS, found.rows[:, -1], side="right") - 1
    shares = np.bincount(episode) / len(episode)
    assert shares == pytest.approx([3 / 22, 1 / 2, 8 / 22], abs=0.01)
    rows = groups.draw((30_000,), np.random.default_rng(2))
    assert np.bincount(rows) / len(rows) == pytest.approx([1 / 22] * 3 + [1 / 2] + [1 / 22] * 8, abs=0.01)


def test_each_episode_may_come_equally_often():
    data = episodes(20)
    groups = Sampler(data, 8, 4, lambda: 1.0, "episode").groups
    drawn = np.bincount(groups.draw((20_000,), np.random.default_rng(3)) // 8) / 20_000
    assert drawn == pytest.approx([0.05] * 20, abs=0.01)
    # Of another length each: a third, whatever it is.
    rows = Groups(LENGTHS, np.arange(3)).draw((30_000,), np.random.default_rng(4))
    assert np.bincount(rows) / len(rows) == pytest.approx([1 / 9] * 3 + [1 / 3] + [1 / 24] * 8, abs=0.01)


def test_a_batch_holds_what_was_recorded():
    data = episodes(20)
    batch = Sampler(data, 16, 5, lambda: 2.0)(np.random.default_rng(0))
    assert {a.dtype for a in batch} == {np.dtype(t) for t in (np.float32, np.int32, bool)}
    assert batch.observations.shape == (16, 5, 2) and batch.present.all()
    to_go = returns_to_go(data.rewards, data.starts).reshape(20, 8) / 2.0
    for i in range(16):
        episode = int(np.flatnonzero(data.observations[::8, 1] == batch.observations[i, 0, 1])[0])
        times = batch.timesteps[i]
        assert batch.returns[i].tolist() == to_go[episode, times].tolist()
        assert batch.actions[i].tolist() == data.actions.reshape(20, 8)[episode, times].tolist()
