"""How offline actor-critics learn from recordings, see observations, act, and what they refuse."""

import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box, Discrete, MultiDiscrete

from agents import AWAC, IQL, TD3BC
from agents.offline_actor_critic.drawing import Draws
from lab import Experiment
from lab.errors import UsageError
from tests.agents.off_policy.helpers import ACTIONS, TWO, VECTOR
from tests.agents.offline_actor_critic.helpers import bandit, made

WIDE = Box(-2.0, 2.0, (1,))
FAMILY = [IQL, AWAC, TD3BC]


QUICK = {"hidden_sizes": (32,), "learning_rate": 5e-3, "batch_size": 128, "target_decay": 0.98}


def learnt(agent, actions):
    """Return an agent after updates in graphs, which take less time to compile than programs do."""
    agent.compile = "graph"
    Experiment(agent, bandit(actions), seed=1, progress=False).train(400)
    return agent


@pytest.mark.parametrize(
    ("kind", "settings"), [(IQL, {"temperature": 0.1}), (AWAC, {"temperature": 0.1}), (TD3BC, {"alpha": 10.0})]
)
def test_it_finds_the_best_of_actions_at_random(kind, settings):
    agent = learnt(kind(**QUICK, **settings), WIDE)
    seen = np.linspace(-2, 2, 9, dtype=np.float32)[:, None]
    away = np.abs(agent.act_batch(seen) - 0.5 * seen)
    # Who imitates all alike does 0 everywhere, 0.56 away from the best in the mean.
    assert away.mean() < 0.2


@pytest.mark.parametrize("kind", [IQL, AWAC])
def test_it_finds_the_better_of_two_actions(kind):
    agent = learnt(kind(**QUICK, temperature=0.2), TWO)
    assert agent.act_batch(np.array([[-1.5], [-0.5], [0.5], [1.5]], np.float32)).tolist() == [0, 0, 1, 1]


def test_observations_are_scaled_by_the_recording():
    data = bandit(WIDE)
    agent = TD3BC(hidden_sizes=(8,))
    Experiment(agent, data, progress=False)
    mean, deviation = data.observations.mean(), data.observations.std()
    rows = agent.features(np.float32([[mean], [mean + deviation]]))
    assert rows == pytest.approx(np.array([[0.0], [deviation / (deviation + 1e-3)]]), abs=1e-5)
    assert agent.features(tf.constant([[mean]])).numpy() == pytest.approx(0.0, abs=1e-5)
    assert np.array_equal(IQL.features(made(IQL), np.ones((1, 3), np.float32)), np.ones((1, 3)))


@pytest.mark.parametrize(("kind", "space"), [(IQL, ACTIONS), (AWAC, TWO), (TD3BC, ACTIONS)])
def test_play_in_numpy_is_that_of_the_rule(kind, space):
    agent = made(kind, space, normalise_observations=True)
    agent.observed[0].assign([0.1, -0.2, 0.3])
    observed = np.random.default_rng(0).uniform(-1, 1, (5, 3)).astype(np.float32)
    pure = agent.policy(agent.state(), tf.constant(observed), tf.zeros(2, tf.uint32), False).action
    assert np.allclose(agent.act_batch(observed), pure, atol=1e-5)


def test_exploring_draws_from_the_policy_where_there_is_one():
    agent, observed = made(IQL), np.zeros((4_000, 3), np.float32)
    agent.free[0].assign(np.log([0.1, 0.2]))
    drawn = agent.act_batch(observed, explore=True)
    assert drawn.std(axis=0) == pytest.approx([0.1 * 2.0, 0.2 * 4.0], rel=0.1)
    assert drawn.mean(axis=0) == pytest.approx(agent.act_batch(observed[:1])[0], abs=0.05)
    still = made(TD3BC)
    assert np.array_equal(still.act_batch(observed[:2], explore=True), still.act_batch(observed[:2]))


def test_recorded_actions_beyond_the_bounds_are_those_that_the_environment_took():
    rng = np.random.default_rng(0)
    data = bandit(WIDE)
    data.actions[:] *= 2.5
    draw = Draws(data, 200)(rng)
    assert draw.batch.action.min() == -2.0 and draw.batch.action.max() == 2.0
    assert draw.key.dtype == np.uint32 and draw.key.shape == (2,)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("kind", FAMILY)
@pytest.mark.parametrize(
    ("space", "expected"),
    [(Box(-np.inf, np.inf, (2,)), "finite bounds"), (MultiDiscrete([2, 3]), "a Box of fractions")],
)
def test_actions_that_have_no_policy_here_are_refused(kind, space, expected):
    with pytest.raises(UsageError, match=f"{kind.__name__}: the action space.*{expected}"):
        made(kind, space)


def test_td3bc_refuses_discrete_actions_and_all_refuse_pictures():
    with pytest.raises(UsageError, match="TD3BC: the action space received.*a Box of fractions"):
        made(TD3BC, Discrete(2))
    with pytest.raises(UsageError, match="AWAC received pictures.*FlattenObservation"):
        made(AWAC, observations=Box(0, 255, (16, 16, 3), np.uint8))


@pytest.mark.parametrize(("name", "row"), [("observations", 3), ("actions", 5)])
def test_a_recording_that_is_not_finite_is_refused_before_training(name, row, tmp_path):
    data = bandit(WIDE, 20)
    getattr(data, name)[row] = np.nan
    experiment = Experiment(TD3BC(), data, progress=False, run_dir=tmp_path / "run")
    with pytest.raises(UsageError, match=rf"TD3BC: the recording's {name}, in row {row}, received nan"):
        experiment.train(10)
    assert not (tmp_path / "run" / "metrics.jsonl").exists()


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (IQL, {"expectile": 1.0}),
        (IQL, {"temperature": 0.0}),
        (IQL, {"largest_weight": -1.0}),
        (AWAC, {"temperature": -1.0}),
        (TD3BC, {"alpha": -0.1}),
        (TD3BC, {"target_decay": 1.0}),
        (AWAC, {"critic_normalisation": "batch"}),
    ],
)
def test_settings_out_of_range_are_refused(kind, settings):
    with pytest.raises(ValueError, match=rf"{kind.__name__}: {next(iter(settings))} received"):
        kind(**settings)


def test_settings_that_nothing_reads_are_named():
    assert made(IQL, observations=VECTOR).unread_settings() == {}
    unread = made(AWAC, TWO, Discrete(3), normalise_observations=True).unread_settings()
    assert unread == {"normalise_observations": "Discrete observations have no scale"}
    assert list(made(TD3BC, target_noise=0.0).unread_settings()) == ["target_noise_clip"]


@pytest.mark.parametrize("kind", [IQL, AWAC, TD3BC])
def test_the_figure_shows_what_it_does_and_expects(kind):
    agent = made(kind)
    observed = np.random.default_rng(2).normal(size=(5, *agent.observation_space.shape)).astype(np.float32)
    shown = np.stack(list(agent.preferences(observed).values()), axis=-1)
    assert shown == pytest.approx(agent.act(observed), abs=1e-5)
    assert agent.state_values(observed).shape == (5,)
