"""The key matters two rooms later, random play opens the door as often as a Markov chain says, and a player always."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from envs import random
from envs.grid.key_door import MOVES, KeyDoor, KeyDoorState

UP, RIGHT, DOWN, LEFT = range(4)


def states(*, agent, elapsed, has_key=False, key=(0, 0), door=(3, 3), entries=((1, 1), (2, 2), (0, 3))) -> KeyDoorState:
    """One environment in a state written by hand."""
    numbers = [tf.constant([part], tf.int32) for part in (agent, entries, key, door)]
    return KeyDoorState(*numbers, tf.constant([has_key]), tf.constant([elapsed]))


def move(env: KeyDoor, state: KeyDoorState, action: int):
    return env.step(state, tf.constant([action]), random.key_from_seed(0, 1))


def play(env: KeyDoor, policy, number: int, seed: int = 0):
    """Whole episodes in compiled code: returns and lengths."""
    keys = random.key_from_seed(seed, number)
    game = env.limited()

    @tf.function(jit_compile=True)
    def advance(state, observation, time):
        step = game.step(state, policy(observation, random.fold_in(keys, 1 + time)), keys)
        return step.state, step.observation, step.reward, step.terminated | step.truncated

    state, observation = game.reset(keys)
    returns, lengths, alive = np.zeros(number), np.zeros(number, int), np.ones(number, bool)
    for time in range(env.max_episode_steps):
        state, observation, reward, ended = advance(state, observation, tf.fill([number], time))
        returns += alive * reward.numpy()
        lengths += alive
        alive &= ~ended.numpy()
    assert not alive.any()
    return returns, lengths


def random_policy(observation, keys):
    return random.integers(keys, 4)


def direct_policy(observation, keys):
    """Walks to what is seen, from the observation alone; size 4."""
    rows, columns = observation[:, 8:15], observation[:, 15:22]
    down, right = tf.argmax(rows, axis=1) - 3, tf.argmax(columns, axis=1) - 3
    vertical = tf.where(down < 0, UP, DOWN)
    horizontal = tf.where(right < 0, LEFT, RIGHT)
    return tf.cast(tf.where(down != 0, vertical, horizontal), tf.int32)


def chance_of_reaching(size: int, time: int) -> float:
    """How often a random walk enters a random other cell of a room in time, by powers of its transition matrix."""
    cells = size**2
    walk = np.zeros((cells, cells))
    for cell in range(cells):
        for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            row, column = cell // size + down, cell % size + right
            inside = 0 <= row < size and 0 <= column < size
            walk[cell, row * size + column if inside else cell] += 0.25
    total = 0.0
    for target in range(cells):
        absorbing = walk.copy()
        absorbing[target] = np.eye(cells)[target]
        reached = np.linalg.matrix_power(absorbing, time)[:, target]
        total += (reached.sum() - 1.0) / (cells - 1)
    return total / cells


def test_the_interface_is_kept() -> None:
    env = KeyDoor()
    env.check()
    assert (env.max_episode_steps, KeyDoor.max_episode_steps, env.observation_space.shape) == (28, 28, (25,))
    KeyDoor(size=6, times=(10, 0, 12)).check()


def test_an_observation_computed_by_hand() -> None:
    env = KeyDoor()
    step = move(env, states(agent=(2, 1), elapsed=0, key=(0, 3)), RIGHT)
    # Agent at row 2, column 2; the key 2 up (index 3 - 2) and 1 right (index 3 + 1); first room.
    ones = [2, 4 + 2, 8 + 1, 15 + 4, 22]
    np.testing.assert_array_equal(step.observation.numpy()[0], np.isin(np.arange(25), ones).astype(np.float32))


@pytest.mark.parametrize(
    ("start", "action", "end"),
    [
        *(((1, 1), UP, (0, 1)), ((1, 1), RIGHT, (1, 2)), ((1, 1), DOWN, (2, 1)), ((1, 1), LEFT, (1, 0))),
        *(((0, 0), UP, (0, 0)), ((0, 0), LEFT, (0, 0)), ((3, 3), DOWN, (3, 3)), ((3, 3), RIGHT, (3, 3))),
    ],
)
def test_moves_and_walls(start: tuple[int, int], action: int, end: tuple[int, int]) -> None:
    step = move(KeyDoor(), states(agent=start, elapsed=9), action)
    assert tuple(step.state.agent.numpy()[0]) == end
    assert len(MOVES) == 4


def test_the_key_is_taken_in_the_first_room_only() -> None:
    env = KeyDoor()
    assert move(env, states(agent=(1, 0), elapsed=0), UP).state.has_key.numpy()[0]
    assert not move(env, states(agent=(1, 0), elapsed=0), RIGHT).state.has_key.numpy()[0]
    # The same cell in the other rooms holds no key.
    for elapsed in (8, 20):
        assert not move(env, states(agent=(1, 0), elapsed=elapsed), UP).state.has_key.numpy()[0]


def test_the_last_step_of_a_room_counts_there_and_leads_to_the_next_entry() -> None:
    env = KeyDoor()
    first = move(env, states(agent=(1, 0), elapsed=7), UP)
    assert first.state.has_key.numpy()[0] and tuple(first.state.agent.numpy()[0]) == (2, 2)
    np.testing.assert_array_equal(first.observation.numpy()[0, 22:], [0, 1, 0])
    second = move(env, states(agent=(1, 0), elapsed=19), UP)
    assert tuple(second.state.agent.numpy()[0]) == (0, 3)
    np.testing.assert_array_equal(second.observation.numpy()[0, 22:], [0, 0, 1])


@pytest.mark.parametrize("has_key", [False, True])
def test_the_door_ends_the_episode_and_pays_for_the_key(has_key: bool) -> None:
    env = KeyDoor()
    step = move(env, states(agent=(3, 2), elapsed=22, has_key=has_key), RIGHT)
    assert step.terminated.numpy()[0] and step.reward.numpy()[0] == float(has_key)
    beside = move(env, states(agent=(3, 2), elapsed=22, has_key=has_key), LEFT)
    assert not beside.terminated.numpy()[0] and beside.reward.numpy()[0] == 0.0
    # The door's cell is an ordinary one in the rooms before.
    for elapsed in (0, 8):
        early = move(env, states(agent=(3, 2), elapsed=elapsed, has_key=has_key), RIGHT)
        assert not early.terminated.numpy()[0] and early.reward.numpy()[0] == 0.0


def test_later_rooms_do_not_show_whether_the_key_was_taken() -> None:
    env = KeyDoor()
    for elapsed in (0, 8, 12, 19, 20, 26):
        with_key, without = (
            move(env, states(agent=(2, 1), elapsed=elapsed, has_key=has_key), RIGHT).observation.numpy()
            for has_key in (True, False)
        )
        assert (with_key == without).all() == (elapsed > 0), elapsed
    # Nor is there anything to see in the second room.
    assert move(env, states(agent=(2, 1), elapsed=10), RIGHT).observation.numpy()[0, 8:22].sum() == 0


def test_random_play_succeeds_as_often_as_a_markov_chain_says() -> None:
    exact = chance_of_reaching(4, 8) ** 2
    assert exact == pytest.approx(0.0678, abs=5e-4)
    number = 8192
    returns, lengths = play(KeyDoor(), random_policy, number)
    assert set(returns) == {0.0, 1.0}
    assert returns.mean() == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / number))
    assert lengths.min() >= 21 and lengths.max() == 28


def test_a_player_that_walks_straight_always_succeeds() -> None:
    returns, lengths = play(KeyDoor(), direct_policy, 2048, seed=1)
    assert returns.min() == 1.0
    assert lengths.max() <= 26


def test_places_are_uniform_and_never_where_the_agent_enters() -> None:
    state, _ = KeyDoor().reset(random.key_from_seed(5, 8000))
    np.testing.assert_array_equal(state.agent, state.entries[:, 0])
    for place, entry in ((state.key, state.entries[:, 0]), (state.door, state.entries[:, 2])):
        assert (place.numpy() != entry.numpy()).any(axis=1).all()
        counts = np.bincount(place.numpy() @ [4, 1], minlength=16)
        # 500 in each cell, with a standard deviation of 21.7.
        assert len(counts) == 16 and np.abs(counts - 500).max() < 100
    assert not (state.entries[:, 0] == state.entries[:, 1]).numpy().all()


def test_compiled_graph_and_eager_steps_agree() -> None:
    env = KeyDoor(size=5, times=(9, 3, 10))
    keys = random.key_from_seed(2, 16)
    state, _ = env.reset(keys)
    actions = random.integers(keys, 4)
    results = [
        tf.nest.flatten(function(state, actions, keys))
        for function in (env.step, tf.function(env.step), tf.function(env.step, jit_compile=True))
    ]
    for eager, *others in zip(*results, strict=True):
        for other in others:
            np.testing.assert_array_equal(eager, other)


def test_bad_arguments_say_what_is_expected() -> None:
    with pytest.raises(ValueError, match="size received 1; expected 2 to 16"):
        KeyDoor(size=1)
    for times in ((5, 4, 8), (8, 4, 5), (8, -1, 8), (8, 8)):
        with pytest.raises(ValueError, match="expected three numbers of steps, the first and the third at least 6"):
            KeyDoor(times=times)  # type: ignore[arg-type]


def test_pictures_show_the_room_and_the_key() -> None:
    env = KeyDoor()

    def picture(**parts) -> np.ndarray:
        image = env.draw(tf.nest.map_structure(lambda value: value.numpy()[0], states(**parts)))
        assert image.shape == (300, 600, 3) and image.dtype == np.uint8
        return image

    waiting = picture(agent=(1, 1), elapsed=9)
    different = (waiting != picture(agent=(1, 2), elapsed=9)).any(axis=(0, 2))
    # Only the second room changes.
    assert different.any() and not different[:214].any() and not different[386:].any()
    assert (waiting != picture(agent=(1, 1), elapsed=9, has_key=True)).any()
    opened, locked = (picture(agent=(3, 3), elapsed=25, has_key=has_key) for has_key in (True, False))
    assert (opened != locked)[:, 410:].any()
