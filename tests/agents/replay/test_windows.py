"""Windows of n steps are of one environment, in order, and never reach across the newest row, in either lane."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from agents.functional import AgentState, Learnt
from agents.replay import host as host_replay
from agents.replay.experience import Replay
from agents.replay.samplers import Prioritised, Uniform
from envs import random
from tests.agents.replay.helpers import Owner, as_tensors, step

STEPS, ENVS, ROWS = 3, 3, 512


class Recorder(Owner):
    """An agent whose `learn` returns the rows it was given as its parameters, and their errors."""

    def hyperparameters(self, state):
        return self

    def begin_round(self, state, due):
        return state

    def learn(self, state, batch, key):
        # The first row's place and time, the reward and what follows: all that a window comes to.
        seen = tf.concat(
            [batch.observation, batch.reward[:, None], batch.next_observation, batch.discount[:, None]], axis=1
        )
        return Learnt(seen, {"mean": tf.zeros(())}, tf.cast(batch.indices, tf.float32) + 1.0)


def seen_by_host(replay, transitions):
    """Return what the agent saw of the last round's rows, (B, 6), and the replay."""
    agent = Recorder(ENVS, discount=0.5)
    memory, seen = host_replay.HostReplay(replay, agent), []

    def learn(data, rng):
        from agents.replay.accumulators import n_step, one_step

        rows, apart, *_ = data
        window = memory.storage.layout.unpacked(tf.constant(rows[0]), apart)
        batch = (n_step if replay.n_steps > 1 else one_step)(window, 0.5)._replace(indices=tf.zeros(ROWS))
        seen.append(agent.learn(None, batch, None).parameters.numpy())
        return {"mean": 0.0}, np.ones(ROWS, np.float32)

    agent.rule = SimpleNamespace(learn=learn)
    for t in transitions:
        memory.add(t)
        agent.steps += ENVS
        memory.learn(agent)
    return seen[-1] if seen else np.zeros((ROWS, 6), np.float32)


def seen_by_program(replay, transitions):
    agent = Recorder(ENVS, discount=0.5)
    memory = replay.in_program(agent, ENVS)
    zero = tf.zeros(())
    state = AgentState(tf.zeros((ROWS, 6)), tf.constant(0, tf.int64), zero, {"run_length": tf.constant(100.0)})
    call = tf.function(lambda *given: memory.step(agent, *given), jit_compile=True)
    tensors = memory.empty()
    for i, t in enumerate(transitions):
        state = state._replace(steps=state.steps + ENVS)
        key = random.fold_in(random.key_from_seed(3), i)
        state, tensors, *_ = call(state, tensors, as_tensors(t), key)
    return state.parameters.numpy()


LANES = pytest.mark.parametrize("seen_by", [seen_by_host, seen_by_program])


@LANES
@pytest.mark.parametrize("sampler", [Uniform(), Prioritised()])
@pytest.mark.parametrize("times", [4, 7, 12])
def test_windows_are_of_one_environment_and_of_rows_that_follow_each_other(seen_by, sampler, times):
    # Room for 16 rows of 3 environments holds 5 steps; 4 steps leave it unfilled, 7 and 12 go round.
    replay = Replay(16, ROWS, update_every=ENVS, learning_starts=9, n_steps=STEPS, sampler=sampler)
    seen = seen_by(replay, [step(i, ENVS) for i in range(times)])
    time, env, reward, next_time, next_env, discount = seen.T
    np.testing.assert_array_equal(next_env, env)
    np.testing.assert_array_equal(next_time, time + STEPS)
    np.testing.assert_allclose(reward, sum(0.5**k * (10 * (time + k) + env) for k in range(STEPS)))
    np.testing.assert_array_equal(discount, 0.125)
    oldest, newest = max(0, times - 5), times - STEPS
    assert (time.min(), time.max()) == (oldest, newest), "all of those that are whole, and no others"
    assert {(t, e) for t, e in zip(time, env, strict=True)} == {
        (t, e) for t in range(oldest, newest + 1) for e in range(ENVS)
    }


@LANES
def test_a_window_ends_with_its_episode(seen_by):
    replay = Replay(16, ROWS, update_every=ENVS, learning_starts=9, n_steps=STEPS)
    # Environment 1 is cut off at time 1, environment 2 terminates at time 2.
    ends = {1: {"truncated": [False, True, False]}, 2: {"terminated": [False, False, True]}}
    seen = seen_by(replay, [step(i, ENVS, **ends.get(i, {})) for i in range(5)])
    last = {(int(t), int(e)): (following, discount) for t, e, _, following, _, discount in seen}
    assert last[0, 0] == (3.0, 0.125)
    assert last[0, 1] == (2.0, 0.25) and last[1, 1] == (2.0, 0.5) and last[2, 1] == (5.0, 0.125)
    assert last[0, 2] == (3.0, 0.0) and last[2, 2] == (3.0, 0.0)


@LANES
@pytest.mark.parametrize(("starts", "first"), [(6, 9), (9, 9), (12, 12)])
def test_the_first_round_waits_for_whole_windows(seen_by, starts, first):
    replay = Replay(16, ROWS, update_every=ENVS, learning_starts=starts, n_steps=STEPS)
    assert replay.first_round(ENVS) == first
    steps = [step(i, ENVS) for i in range(first // ENVS)]
    assert not seen_by(replay, steps[:-1]).any(), "no update yet"
    time, *_, discount = seen_by(replay, steps).T
    assert time.max() == first // ENVS - STEPS
    np.testing.assert_array_equal(discount, 0.125)
