import numpy as np
import pytest

from agents.replay.host import Replay
from agents.transitions import Transition
from lab.errors import CheckpointError


def replay(capacity=5, seed=0):
    return Replay(capacity, (2,), np.dtype(np.float32), np.random.default_rng(seed))


def step(*numbers, terminated=False):
    n = np.array(numbers, float)
    pairs = np.stack([n, n + 0.5], axis=1).astype(np.float32)
    flags = np.full(len(n), terminated)
    return Transition(pairs, n.astype(np.int64), n * 10, flags, ~flags, pairs + 1)


def test_rows_are_stored_field_by_field():
    r = replay()
    r.add(step(3, terminated=True))
    assert r.rows.observation[0].tolist() == [3.0, 3.5]
    assert (r.rows.action[0], r.rows.reward[0], r.rows.terminated[0]) == (3, 30.0, 1.0)
    assert r.rows.next_observation[0].tolist() == [4.0, 4.5]


def test_a_truncated_step_is_not_stored_as_terminated():
    r = replay()
    r.add(step(1, terminated=False))
    assert r.rows.terminated[0] == 0.0


def test_the_oldest_make_room_across_the_end_of_the_ring():
    r = replay(capacity=5)
    for start in (0, 2, 4):
        r.add(step(start, start + 1))
    assert (len(r), r.cursor) == (5, 1)
    assert r.rows.action.tolist() == [5, 1, 2, 3, 4]
    sampled = r.sample(1000).action
    assert set(sampled.tolist()) == {1, 2, 3, 4, 5}


def test_only_filled_rows_are_drawn_uniformly():
    r = replay(capacity=100)
    r.add(step(1, 2, 3, 4))
    drawn = r.sample(3, 4000)
    assert drawn.observation.shape == (3, 4000, 2) and drawn.action.shape == (3, 4000)
    counts = np.bincount(drawn.action.ravel(), minlength=5)[1:] / 12_000
    assert counts == pytest.approx([0.25] * 4, abs=0.02)
    assert np.array_equal(drawn.reward, drawn.action * 10.0), "the fields of a row stay together"


def test_resume_brings_back_rows_cursor_and_draws():
    r = replay()
    for i in range(7):
        r.add(step(i))
    state = r.get_state()
    expected = r.sample(4).action
    fresh = replay(seed=9)
    fresh.set_state(state)
    assert np.array_equal(fresh.sample(4).action, expected)
    fresh.add(step(7))
    r.add(step(7))
    assert np.array_equal(fresh.rows.action, r.rows.action)
    with pytest.raises(CheckpointError, match="holds 5 rows; this one has room for 3"):
        replay(capacity=3).set_state(state)
