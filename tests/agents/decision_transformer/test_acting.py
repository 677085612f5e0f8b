"""Acting: with and without a cache, episode by episode, and what returns are asked for."""

import warnings

import numpy as np
import pytest

from agents import DecisionTransformer
from agents.playing.rollout import play
from lab.errors import UsageError
from tests.agents.decision_transformer.helpers import SMALL, Wages, built, episodes


def predictions(agent, steps, rows=3, restart=None):
    """Play `steps` steps on made-up observations; row 1 begins anew at `restart`."""
    rng = np.random.default_rng(0)
    agent.begin_episodes(np.arange(rows), rows)
    found = []
    for i in range(steps):
        if i == restart:
            agent.begin_episodes(np.array([1]), rows)
        found.append(agent.predict(rng.normal(size=(rows, 2)).astype(np.float32)))
        shape = (rows,) if agent.action_space.shape == () else (rows, 1)
        agent.context.act(rng.integers(2, size=shape))
        agent.observe_rewards(rng.normal(size=rows))
    agent.end_episodes()
    return np.array(found)


@pytest.mark.thorough
@pytest.mark.parametrize("positions", ["timestep", "relative"])
def test_a_cache_changes_nothing_within_and_past_the_context(positions):
    for slide in (1, 2, 4):
        agents = [built(positions=positions, slide_steps=slide, cache=cache) for cache in (True, False, True)]
        # The compiled decoder, which many rows have, beside the one in NumPy.
        agents = agents[: 3 if slide == 2 else 2]
        for agent in agents[2:]:
            agent.most_mirrored_rows = 0
        mirrored, anew, *compiled = (predictions(agent, 15, restart=6) for agent in agents)
        np.testing.assert_allclose(mirrored, anew, atol=1e-5)
        assert np.abs(np.diff(anew, axis=0)).max() > 1e-3, "something depends on the step"
        for found in compiled:
            np.testing.assert_allclose(found, anew, atol=1e-5)
        assert [type(a.decoders[3]).__name__ for a in agents[::2]] == ["MirroredDecoder", "Decoder"][: len(agents) - 1]


@pytest.mark.parametrize("mirrored", [True, False])
def test_a_cache_changes_nothing_for_numbers_in_a_box(mirrored):
    pair = [built(continuous=True, cache=cache, encoder_sizes=(6,), return_octaves=3) for cache in (True, False)]
    if not mirrored:
        pair[0].most_mirrored_rows = 0
    np.testing.assert_allclose(*(predictions(agent, 9) for agent in pair), atol=1e-5)


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize(("bound", "expected"), [("tanh", np.tanh([0.5, 3.0])), ("clip", [0.5, 1.0])])
def test_actions_are_kept_within_bounds_as_asked_for(cache, bound, expected):
    agent = built(continuous=True, cache=cache, bound=bound)
    agent.network.head.kernel.assign(0.0 * agent.network.head.kernel)
    for bias, wanted in zip((0.5, 3.0), expected, strict=True):
        agent.network.head.bias.assign([bias])
        agent.end_updates()
        agent.begin_episodes(np.arange(2), 2)
        assert agent.predict(np.zeros((2, 2), np.float32)) == pytest.approx(wanted, abs=1e-6)


def test_pictures_are_decoded_in_compiled_calls():
    from gymnasium.spaces import Box, Discrete

    from agents.decision_transformer.network.mirrored import TrajectoryMirror
    from lab.seeding import Seeds

    agent = DecisionTransformer(**SMALL)
    agent.setup(Box(0, 255, (5, 5, 1), np.uint8), Discrete(2), Seeds(0))
    assert not TrajectoryMirror.fits(agent) and TrajectoryMirror.fits(built())


def test_new_weights_count_at_once_even_within_an_episode():
    """What is kept of the old ones, keys, values and copies, is made anew."""
    agents = [built(cache=cache) for cache in (True, False)]
    found = []
    for agent in agents:
        agent.begin_episodes(np.arange(2), 2)
        rng = np.random.default_rng(0)
        for i in range(4):
            if i == 1:
                agent.begin_episodes(np.array([1]), 2)
            if i == 3:
                for variable in agent.network.trainable_variables:
                    variable.assign(variable * 1.5)
                agent.end_updates()
            found.append(agent.predict(rng.normal(size=(2, 2)).astype(np.float32)))
            agent.context.act(rng.integers(2, size=2))
    np.testing.assert_allclose(found[:4], found[4:], atol=1e-5)


def test_with_a_slide_of_one_it_sees_the_last_steps_only():
    """Chen et al.'s evaluation: the network on the last K steps, computed anew."""
    import tensorflow as tf

    agent = built(slide_steps=1)
    rng = np.random.default_rng(1)
    observations, actions = rng.normal(size=(10, 2)).astype(np.float32), rng.integers(2, size=10).astype(np.int32)
    agent.begin_episode(target_return=5.0)
    to_go = []
    for t in range(10):
        found = agent.predict(observations[t : t + 1])[0]
        to_go.append((5.0 - 0.25 * t) / agent.scale)
        first = max(0, t - 3)
        seen = slice(first, t + 1)
        steps = t + 1 - first
        from agents.decision_transformer.data.windows import Steps

        window = Steps(
            np.array(to_go[seen], np.float32)[None],
            observations[seen][None],
            actions[seen][None],
            np.minimum(np.arange(first, t + 1), agent.longest - 1).astype(np.int32)[None],
            np.ones((1, steps), bool),
        )
        expected = agent.network(agent.window(window))[0, -1]
        np.testing.assert_allclose(found, tf.convert_to_tensor(expected).numpy(), atol=1e-5)
        agent.context.act(actions[t : t + 1])
        agent.observe_rewards(0.25)


def test_what_is_asked_for_falls_by_each_reward():
    agent = built(slide_steps=1)
    observation = np.zeros(2, np.float32)
    agent.begin_episode(target_return=4)
    for reward in (1.0, 0.0, 2.0):
        agent.act(observation)
        agent.observe_rewards(reward)
    agent.act(observation)
    assert (agent.context.steps.returns[0] * agent.scale).tolist() == pytest.approx([4, 3, 3, 1])
    agent.act(observation, target_return=6)
    # The context of 4 steps was full and lost its oldest; 6 asked, 3 obtained.
    assert (agent.context.steps.returns[0] * agent.scale).tolist() == pytest.approx([3, 3, 1, 3])
    assert agent.context.steps.timesteps[0].tolist() == [1, 2, 3, 4]
    assert agent.caption() == "return-to-go 3   asked 6"
    agent.begin_episode()
    agent.act(observation)
    assert agent.context.remaining[0] == agent.best_return, "by default the best return in the data"


def test_the_newest_action_counts_and_a_new_episode_forgets_the_last():
    agent = built()
    observation = np.zeros(2, np.float32)

    def second(action):
        agent.begin_episode()
        first = agent.predict(observation[None])
        agent.context.act(np.array([action]))
        return first, agent.predict(observation[None])

    (a, b), (c, d), (e, f) = second(0), second(1), second(0)
    assert np.array_equal(a, c) and np.array_equal(a, e) and np.array_equal(b, f)
    assert np.abs(b - d).max() > 1e-4


def test_other_rows_change_nothing_in_ones_own():
    agent = built(stochastic=False)
    alone = predictions(agent, 7, rows=1)
    agent.begin_episodes(np.arange(3), 3)
    rng, stranger = np.random.default_rng(0), np.random.default_rng(5)
    for i in range(7):
        if i == 2:
            agent.begin_episodes(np.array([0]), 3)
        row = rng.normal(size=(1, 2))
        found = agent.predict(np.concatenate([stranger.normal(size=(2, 2)), row]).astype(np.float32))
        np.testing.assert_allclose(found[2], alone[i][0], atol=1e-5)
        agent.context.act(np.append(stranger.integers(2, size=2), rng.integers(2, size=1)))
        agent.observe_rewards(np.append(stranger.normal(size=2), rng.normal(size=1)))


def test_episodes_do_not_depend_on_how_many_are_played_side_by_side():
    agent = built(stochastic=False)
    starts = list(range(7))
    one = play(agent, [Wages(length=5 + i % 2) for i in range(1)], starts)
    three = play(agent, [Wages(length=5) for _ in range(3)], starts)
    assert one == three
    assert agent.context is None


def test_dropout_is_off_when_acting():
    plain, dropping = built(dropout=0.0), built(dropout=0.5)
    np.testing.assert_array_equal(predictions(plain, 6), predictions(dropping, 6))


def test_discrete_actions_are_drawn_or_the_likeliest():
    agent, greedy, sharp = built(stochastic=True), built(), built(stochastic=True, temperature=0.5)
    for a in (agent, greedy, sharp):
        a.network.head.bias.assign([0.0, np.log(3.0)])
        a.network.head.kernel.assign(np.zeros_like(a.network.head.kernel))
    observations = np.zeros((4000, 2), np.float32)
    assert agent.act(observations).mean() == pytest.approx(0.75, abs=0.03)
    assert greedy.act(observations).mean() == 1.0
    # Shares 1 to 3 squared are 1 to 9.
    assert sharp.act(observations).mean() == pytest.approx(0.9, abs=0.03)
    assert sharp.act(observations, explore=True).mean() == pytest.approx(0.75, abs=0.03)
    assert greedy.act(observations, explore=True).mean() == pytest.approx(0.75, abs=0.03)


def test_a_box_is_never_left():
    agent = built(continuous=True)
    agent.network.head.kernel.assign(np.arange(-4.0, 4.0)[:, None] * 1e3)
    actions = agent.act(np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32))
    assert all(action in agent.action_space for action in actions) and set(np.unique(actions)) <= {0.0, 2.0}


def test_targets_beyond_the_data_are_allowed_with_a_warning():
    agent = built()
    low, high = agent.lowest_return, agent.best_return
    with pytest.warns(
        UserWarning, match=f"target_return 1000 lies beyond the returns in the data, {low:g} to {high:g}"
    ):
        agent.begin_episode(target_return=1000)
    with pytest.warns(UserWarning, match="target_return -3 lies beyond"):
        agent.act(np.zeros(2, np.float32), target_return=-3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        agent.begin_episode(target_return=high)
        with agent.asking(low):
            agent.begin_episode()
            agent.act(np.zeros(2, np.float32))
            assert agent.context.target[0] == low
    with pytest.raises(UsageError, match="target_return received nan; expected a finite number"):
        agent.begin_episode(target_return=float("nan"))


def test_an_unbuilt_agent_says_so():
    with pytest.raises(UsageError, match="does not know its environment yet"):
        DecisionTransformer(**SMALL).begin_episode(3)


def test_longer_episodes_than_the_data_keep_the_last_position():
    agent = built(data=episodes(10, length=5))
    agent.begin_episode()
    for _ in range(9):
        agent.act(np.zeros(2, np.float32))
    assert agent.context.steps.timesteps.max() == 4


def test_recording_acts_with_the_weights_of_the_moment():
    from agents.episodes import record

    agent, other = built(seed=1, data=episodes(10)), built(seed=2, data=episodes(10))
    place = episodes(10).environment
    first = record(agent, place, episodes=3, seed=5)
    assert (record(agent, place, episodes=3, seed=5).actions == first.actions).all()
    for mine, new in zip(agent.network.variables, other.network.variables, strict=True):
        mine.assign(new)
    expected = record(other, place, episodes=3, seed=5).actions
    assert (record(agent, place, episodes=3, seed=5).actions == expected).all() and (expected != first.actions).any()
