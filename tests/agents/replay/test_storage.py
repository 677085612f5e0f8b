"""Where transitions lie, in both lanes: field by field, newest over oldest, and through a checkpoint."""

import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box, Discrete, MultiDiscrete

from agents.replay.experience import Replay
from agents.replay.host import HostReplay
from agents.replay.layout import Layout
from agents.replay.storage import HostStorage, ProgramStorage
from agents.transitions import Transition
from lab.errors import CheckpointError, UsageError
from tests.agents.replay.helpers import Owner, as_tensors, step


def stored(layout, capacity, transitions, lane):
    """Return all transitions that lie in a storage of either lane, in the order of their places, cursor and size."""
    number = len(transitions[0].reward)
    if lane == "host":
        storage = HostStorage(layout, capacity)
        for t in transitions:
            storage.add(t)
        rows, apart = storage.take(np.arange(storage.size))
        cursor, size = storage.cursor, storage.size
    else:
        storage = ProgramStorage(layout, capacity, number)
        write = tf.function(storage.write, jit_compile=True)
        kept = storage.empty()
        for t in transitions:
            kept = write(kept, as_tensors(t))
        cursor, size = int(kept.cursor), int(kept.size)
        rows, apart = storage.take(kept, tf.range(size))
    return layout.unpacked(tf.constant(rows), tuple(map(tf.constant, apart))), cursor, size


LANES = pytest.mark.parametrize("lane", ["host", "program"])


@LANES
def test_rows_are_stored_field_by_field(lane):
    found, cursor, size = stored(Owner(2).layout(), 5, [step(3, 2, [True, False], [False, True])], lane)
    assert (cursor, size) == (2, 2)
    assert found.observation.numpy().tolist() == [[3, 0], [3, 1]]
    assert found.next_observation.numpy().tolist() == [[4, 0], [4, 1]]
    assert found.action.numpy().tolist() == [30, 31] and found.action.dtype == tf.int32
    assert found.reward.numpy().tolist() == [30, 31]
    assert found.terminated.numpy().tolist() == [True, False], "a truncated step is not stored as terminated"
    assert found.truncated.numpy().tolist() == [False, True]


@LANES
def test_the_newest_overwrite_the_oldest_across_the_end(lane):
    # Two environments and room for five: a program keeps four, so that a step's rows lie side by side.
    found, cursor, size = stored(Owner(2).layout(), 5, [step(i, 2) for i in range(3)], lane)
    if lane == "host":
        assert (cursor, size) == (1, 5) and found.action.numpy().tolist() == [21, 1, 10, 11, 20]
    else:
        assert (cursor, size) == (2, 4) and found.action.numpy().tolist() == [20, 21, 10, 11]
    np.testing.assert_array_equal(found.reward, found.action)


@LANES
def test_a_storage_of_one_step_holds_the_last_one(lane):
    found, cursor, size = stored(Owner(3).layout(), 3, [step(i, 3) for i in range(4)], lane)
    assert (cursor, size, found.action.numpy().tolist()) == (0, 3, [30, 31, 32])


@LANES
def test_what_rides_along_lies_beside_it(lane):
    owner = Owner(2, extras={"value": (), "logits": (3,)}, action_space=Box(-1, 1, (2,), np.float32))
    t = step(1, 2)._replace(
        action=np.float32([[0.25, -1], [1, 0.5]]),
        extras={"value": np.float32([7, 8]), "logits": np.arange(6, dtype=np.float32).reshape(2, 3)},
    )
    found, *_ = stored(owner.layout(), 4, [t], lane)
    assert found.extras["value"].numpy().tolist() == [7, 8]
    assert found.extras["logits"].numpy().tolist() == [[0, 1, 2], [3, 4, 5]]
    np.testing.assert_array_equal(found.action, t.action)
    np.testing.assert_array_equal(found.observation, t.observation)


@LANES
@pytest.mark.parametrize(
    ("space", "dtype"),
    [
        (Box(0, 255, (2, 3), np.uint8), np.uint8),
        (Discrete(2**30), np.int64),
        (Discrete(10, start=2**25), np.int64),
        (Discrete(7), None),
    ],
)
def test_bytes_and_large_whole_numbers_lie_apart_exactly(lane, space, dtype):
    layout = Layout(space, Discrete(2), {})
    assert layout.apart == dtype
    if isinstance(space, Box):
        observations = np.arange(12, dtype=np.uint8).reshape(2, 2, 3) * 21
    else:
        observations = np.array([space.start + space.n - 1, space.start + space.n - 2], np.int64)
    flags = np.array([False, True])
    t = Transition(observations, np.array([0, 1]), np.array([0.5, 1.5]), flags, ~flags, observations[::-1].copy())
    found, *_ = stored(layout, 4, [t], lane)
    np.testing.assert_array_equal(found.observation, observations)
    np.testing.assert_array_equal(found.next_observation, observations[::-1])
    assert found.reward.numpy().tolist() == [0.5, 1.5] and found.action.numpy().tolist() == [0, 1]


def test_resuming_brings_back_rows_cursor_and_draws():
    def replay(capacity=5):
        return HostReplay(Replay(capacity, 2), Owner(2))

    first = replay()
    for i in range(4):
        first.add(step(i, 2))
    state = first.get_state()
    expected = first.rng.integers(1 << 30, size=4)
    fresh = replay()
    fresh.set_state(state)
    assert np.array_equal(fresh.rng.integers(1 << 30, size=4), expected)
    for one in (first, fresh):
        one.add(step(4, 2))
    assert np.array_equal(fresh.storage.rows, first.storage.rows) and fresh.storage.cursor == first.storage.cursor == 0
    smaller = replay(3)
    with pytest.raises(CheckpointError, match="holds 5 rows; this one has room for 3"):
        smaller.set_state(state)
    assert smaller.size == 0


def test_a_capacity_that_does_not_fit_in_memory_is_one_clear_line():
    with pytest.raises(UsageError, match="replay_capacity received 1000000000000000000"):
        HostStorage(Owner(1).layout(), 10**18)


@LANES
@pytest.mark.parametrize(
    ("space", "values", "dtype"),
    [
        (Box(0, 1 << 40, (1,), np.int64), [[(1 << 24) + 1], [1 << 40]], tf.int64),
        (Box(np.iinfo(np.int64).min, np.iinfo(np.int64).max, (1,), np.int64), [[-(1 << 62) - 1], [7]], tf.int64),
        (Box(-9, 9, (1,), np.int64), [[-9], [8]], tf.int32),
        (Discrete(9, start=1 << 25), [(1 << 25) + 1, (1 << 25) + 3], tf.int64),
    ],
)
def test_whole_numbers_of_observations_keep_all_their_digits(lane, space, values, dtype):
    observed = np.array(values, np.int64)
    found, *_ = stored(Layout(space, Discrete(2), {}), 4, [step(0, 2)._replace(observation=observed)], lane)
    assert found.observation.dtype == dtype and found.observation.numpy().tolist() == values


def test_actions_beyond_what_a_row_holds_exactly_are_refused():
    for space in (Discrete(1 << 25), Box(0, 1 << 25, (1,), np.int64), MultiDiscrete([3, 1 << 25])):
        with pytest.raises(UsageError, match="expected whole numbers of at most 16,777,216"):
            Layout(Box(-1, 1, (1,), np.float32), space, {})
    Layout(Box(-1, 1, (1,), np.float32), Discrete(1 << 24), {})


@pytest.mark.parametrize(
    ("field", "value"),
    [("learning_starts", -1), ("learning_starts", "x"), ("sampler", "all"), ("batch_size", 4.0)],
)
def test_a_replay_of_odd_fields_is_refused_by_name(field, value):
    with pytest.raises(UsageError, match=f"Replay: {field} received {value!r}"):
        Replay(**{"capacity": 8, "batch_size": 4, field: value})
