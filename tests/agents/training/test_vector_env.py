import gymnasium
import numpy as np
import pytest

from agents.training.vector_env import SameStepVectorEnv
from lab.errors import CheckpointError
from lab.seeding import Seeds
from tests.agents.helpers import Counter, Unrepeatable


def pool(number=2, length=3, kind=Counter, **keywords):
    return SameStepVectorEnv([kind(length, **keywords) for _ in range(number)], Seeds(1))


@pytest.mark.parametrize("truncate", [False, True])
def test_the_end_of_an_episode_keeps_its_true_last_observation(truncate):
    p = pool(truncate=truncate)
    first = p.start().copy()
    for _ in range(2):
        step = p.step(np.array([1, 0]))
        assert not step.terminated.any() and not step.truncated.any()
        assert np.array_equal(step.observation, step.next_observation)
    step = p.step(np.array([1, 0]))
    assert step.next_observation[:, 1].tolist() == [3, 3], "what the last actions led to"
    assert np.array_equal(step.next_observation[:, 0], first[:, 0])
    assert step.observation[:, 1].tolist() == [0, 0], "the new episode begins in the same step"
    assert not np.array_equal(step.observation[:, 0], first[:, 0])
    assert (step.terminated.tolist(), step.truncated.tolist()) == ([not truncate] * 2, [truncate] * 2)
    assert p.finished == [(3.0, 3), (0.0, 3)]


def test_observations_are_copies_even_where_the_environment_reuses_its_buffer():
    p = pool(number=1)
    start = p.start()
    one = p.step(np.array([0])).next_observation
    two = p.step(np.array([0])).next_observation
    assert (start[0, 1], one[0, 1], two[0, 1]) == (0, 1, 2)


def test_environments_are_seeded_apart_and_repeatably():
    a, b = pool().start(), pool().start()
    assert np.array_equal(a, b) and a[0, 0] != a[1, 0]


@pytest.mark.parametrize("steps", [0, 1, 3, 7, 8])
@pytest.mark.parametrize("name", ["CartPole-v1", "FrozenLake-v1", "Blackjack-v1", "Pendulum-v1"])
def test_a_restored_pool_goes_on_as_the_first_did(name, steps):
    def make():
        return SameStepVectorEnv([gymnasium.make(name) for _ in range(2)], Seeds(5))

    actions = np.random.default_rng(0)
    space = gymnasium.make(name).action_space

    def draw():
        if hasattr(space, "n"):
            return actions.integers(space.n, size=2)
        return actions.uniform(-2, 2, (2, 1)).astype(np.float32)

    first, second = make(), make()
    first.start()
    for _ in range(steps):
        first.step(draw())
    second.set_state(first.get_state())
    assert np.array_equal(first.observation, second.observation)
    for _ in range(40):
        action = draw()
        one, two = first.step(action), second.step(action)
        assert all(np.array_equal(x, y) for x, y in zip(one, two, strict=True))
    assert first.finished == second.finished


def test_an_environment_that_cannot_be_repeated_is_noticed():
    p = pool(number=1, kind=Unrepeatable)
    p.start()
    p.step(np.array([0]))
    state = p.get_state()
    fresh = pool(number=1, kind=Unrepeatable)
    with pytest.raises(CheckpointError, match="did not arrive where it was.*exact=False"):
        fresh.set_state(state)
    fresh.exact = False
    with pytest.warns(UserWarning, match="begins its next episode"):
        fresh.set_state(state)
    assert fresh.observation[0, 1] == 0


def test_a_forgotten_action_is_noticed():
    p = pool(number=1)
    p.start()
    p.step(np.array([1]))
    state = p.get_state()
    state["environments"][0]["actions"] = np.array([0])
    with pytest.raises(CheckpointError, match="did not arrive where it was"):
        pool(number=1).set_state(state)
