"""Training, what it learns, and how it is shown."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from agents import DecisionTransformer
from agents.decision_transformer.agent import masked_mean
from agents.decision_transformer.data.windows import Sampler, Steps
from agents.decision_transformer.figures.attention import Attention, attend, last_steps
from agents.decision_transformer.figures.calibration import Calibration, calibrate
from agents.decision_transformer.figures.figures import attention_figure, calibration_figure
from agents.decision_transformer.network.tokens import action_features, action_loss, within_bounds
from agents.parts.actions import as_actions, squashed
from lab import Experiment
from lab.errors import UsageError
from tests.agents.decision_transformer.helpers import SMALL, built, episodes

QUICK = {"context_length": 4, "layers": 2, "width": 16, "max_episode_length": 10, "learning_rate": 3e-3,
         "warmup_updates": 20, "dropout": 0.1, "encoder_sizes": (), "batch_size": 64, "weight_decay": 1e-4}  # fmt: skip


@pytest.fixture(scope="module")
def trained():
    """Train once for all tests that only look."""
    experiment = Experiment(DecisionTransformer(**QUICK), episodes(300), seed=1, progress=False)
    experiment.train(200)
    return experiment


def test_it_obtains_what_it_is_asked_for(trained):
    agent, data = trained.learner, trained.task.episodes_read
    found = calibrate(agent, trained.task, targets=[1, 4, 8])
    low, middle, high = found.returns.mean(axis=1)
    assert low < 2 and middle == pytest.approx(4, abs=1) and high > 7.3
    assert high > data.returns.mean() + 2, "better than the data's mean"
    assert found.rank_correlation() == 1.0
    assert trained.evaluate(20).mean > 7, "by default it asks for the best return in the data"


@pytest.mark.thorough
def test_it_learns_numbers_in_a_box():
    experiment = Experiment(DecisionTransformer(**QUICK), episodes(300, continuous=True), seed=1, progress=False)
    experiment.train(250)
    found = calibrate(experiment.learner, experiment.task, targets=[2, 14])
    low, high = found.returns.mean(axis=1)
    assert low < 4 and high > 11


def test_the_search_sets_the_best_target(trained):
    agent = trained.learner
    with agent.asking(None):
        found = agent.search_target_return(trained.task, targets=[2, 8], episodes=10)
        assert list(found) == [2.0, 8.0] and agent.target_return == 8.0
        found = list(agent.search_target_return(trained.task, episodes=2))
        assert len(found) == 8 and agent.best_return in found and max(found) > agent.best_return
    assert agent.target_return is None


def test_its_figures_and_films_show_what_is_asked_for(trained, tmp_path):
    assert trained.task.kinds == ("episode", "calibration", "attention")
    for kind in trained.task.kinds:
        assert trained.render(tmp_path / f"{kind}.png").stat().st_size > 1000
    with pytest.raises(UsageError, match="ends in .png for the figure 'attention'"):
        trained.render(tmp_path / "attention.mp4")
    steps = last_steps(trained.learner, trained.task)
    assert steps.timesteps.shape[0] == 1 and steps.timesteps[0, -1] == 7
    found, tokens = attend(trained.learner, trained.task), 3 * steps.timesteps.shape[1]
    assert found.shares.shape == (len(trained.learner.network.blocks), tokens, tokens)
    np.testing.assert_allclose(found.shares.sum(axis=2), 1.0, rtol=1e-5)


def test_its_figures_are_drawn_of_arrays_alone():
    shares = np.tril(np.full((2, 6, 6), 0.25, np.float32))
    figure = attention_figure(Attention(shares, 4, 1))
    blocks = [axes for axes in figure.axes if axes.get_title(loc="left")]
    assert [axes.get_title(loc="left") for axes in blocks] == ["block 1", "block 2"]
    np.testing.assert_array_equal(blocks[1].images[0].get_array(), shares[1])
    figure = calibration_figure(Calibration(np.array([1.0, 2.0]), np.array([[0.0, 2.0], [3.0, 3.0]])), 0.5, 2.5)
    (axes,) = figure.axes
    assert axes.get_title(loc="left") == "rank correlation 1.00, 2 episodes a target"
    assert axes.containers[0].lines[0].get_ydata().tolist() == [1.0, 3.0]


def test_padded_steps_carry_no_loss():
    agent = built()
    batch = Sampler(episodes(20, length=3), 8, 4, lambda: 1.0)(np.random.default_rng(0))
    assert not batch.present[:, 0].any() and batch.present[:, 1:].all()
    updated = []
    for filling in (0, 1):
        agent = built()
        changed = batch._replace(actions=np.where(batch.present, batch.actions, filling),
                                 returns=np.where(batch.present, batch.returns, 9.0 * filling),
                                 observations=np.where(batch.present[..., None], batch.observations, 7.0 * filling),
                                 )  # fmt: skip
        metrics = agent.update_on(Steps(*map(tf.constant, changed)))
        updated.append([float(m) for m in metrics.values()])
    assert updated[0] == pytest.approx(updated[1], rel=1e-4)
    assert float(masked_mean(tf.constant([[5.0, 1.0, 3.0]]), tf.constant([[0.0, 1.0, 1.0]]))) == 2.0


def test_losses_by_hand():
    from gymnasium.spaces import Box, Discrete

    logits = tf.math.log(tf.constant([[[0.25, 0.75]]]))
    assert float(action_loss(Discrete(2), logits, tf.constant([[1]]))[0, 0]) == pytest.approx(-np.log(0.75))
    box = Box(np.array([0, -1], np.float32), np.array([4, 1], np.float32))
    # Predictions 0 and tanh(1) on the scale of [-1, 1]; the action lies at 0.5 and 0 there.
    loss = action_loss(box, tf.constant([[[0.0, 1.0]]]), tf.constant([[[3.0, 0.0]]]))
    assert float(loss[0, 0]) == pytest.approx((0.25 + np.tanh(1) ** 2) / 2)
    # Cut off only when acting: an error of 1.5 beyond the bound counts.
    cut = action_loss(box, tf.constant([[[0.5, 2.5]]]), tf.constant([[[3.0, 1.0]]]), "clip")
    assert float(cut[0, 0]) == pytest.approx(1.5**2 / 2)
    half_open = Box(np.array([0, -np.inf], np.float32), np.array([4, np.inf], np.float32))
    predicted = squashed(half_open, tf.constant([[0.0, 7.0]])).numpy()
    assert as_actions(half_open, predicted).tolist() == [[2.0, 7.0]]
    for wild in (np.float32([[-3.0, 7.0]]), tf.constant([[-3.0, 7.0]])):
        assert np.asarray(within_bounds(half_open, wild, "clip")).tolist() == [[-1.0, 7.0]]
        assert within_bounds(Discrete(2), wild, "clip") is wild
    assert action_features(half_open, tf.constant([[[2.0, 7.0]]])).numpy().tolist() == [[[0.0, 7.0]]]


def test_the_step_size_warms_up_and_weights_decay():
    agent = built(warmup_updates=4, learning_rate=0.1, weight_decay=0.5)
    batch = Steps(*map(tf.constant, Sampler(episodes(20), 8, 4, lambda: 1.0)(np.random.default_rng(0))))
    rates = []
    for _ in range(5):
        rates.append(agent.learning_rate)
        before = agent.network.positions.table.numpy()[20:]
        agent.update_on(batch)
        # Positions that no window has get no gradient: they only decay.
        after = agent.network.positions.table.numpy()[20:]
        np.testing.assert_allclose(after, before * (1 - rates[-1] * 0.5), rtol=1e-5)
    assert rates == pytest.approx([0.025, 0.05, 0.075, 0.1, 0.1])
    agent.learning_rate = 0.3
    assert agent.learning_rate == pytest.approx(0.3)


def test_it_acts_by_weights_averaged_over_the_updates():
    agent = built(average_decay=0.15, warmup_updates=0, learning_rate=0.1)
    batch = Steps(*map(tf.constant, Sampler(episodes(20), 8, 4, lambda: 1.0)(np.random.default_rng(0))))
    kernels = [agent.network.head.kernel.numpy()]
    np.testing.assert_array_equal(agent.average.network.head.kernel, kernels[0])
    for _ in range(2):
        agent.update_on(batch)
        kernels.append(agent.network.head.kernel.numpy())
    # It keeps 1 of 10 in the first update, and min(0.15, 2 of 11) in the second.
    expected = 0.15 * (0.1 * kernels[0] + 0.9 * kernels[1]) + 0.85 * kernels[2]
    np.testing.assert_allclose(agent.average.network.head.kernel, expected, atol=1e-7)
    step = np.zeros((1, 1)), np.zeros((1, 1, 2)), np.zeros((1, 1), int), np.zeros((1, 1), int), np.ones((1, 1), bool)
    window = agent.window(Steps(*step)._replace(returns=np.float32([[0.5]]), observations=np.float32([[[1, 2]]])))
    by_average, by_latest = (n(window)[0].numpy() for n in (agent.average.network, agent.network))
    assert np.abs(by_average - by_latest).max() > 1e-4
    for cache, mirrored in ((True, 1), (True, 0), (False, 0)):
        agent.config, agent.most_mirrored_rows = dataclasses.replace(agent.config, cache=cache), mirrored
        agent.decoders.clear()
        agent.begin_episode(target_return=0.5 * agent.scale)
        np.testing.assert_allclose(agent.predict(np.float32([[1, 2]])), by_average, atol=1e-6)
    assert built(average_decay=0.0).average is None


def test_observations_are_normalised_by_the_datas_moments_and_constants_stay():
    data = episodes(50)
    agent = built(data=data)
    np.testing.assert_allclose(agent.mean, data.observations.mean(axis=0), rtol=1e-4)
    features = agent.window(Sampler(data, 8, 4, lambda: 1.0)(np.random.default_rng(0))).features.numpy()
    assert np.abs(features).max() < 3
    assert built(normalise_observations=False).mean.numpy().tolist() == [0, 0]


def test_one_scale_in_training_and_acting():
    agent = built(data=episodes(50, continuous=True), continuous=True, batch_size=500)
    assert agent.scale == agent.best_return
    batch = agent.sampler(episodes(50, continuous=True))(np.random.default_rng(0))
    assert batch.returns.max() == pytest.approx(1.0)
    agent.begin_episode(target_return=agent.best_return)
    agent.act(np.zeros(2, np.float32))
    assert agent.context.steps.returns[0, 0] == 1.0
    assert built(return_scale=100.0).scale == 100.0


def test_lengths_and_settings_that_do_not_fit_are_refused():
    with pytest.raises(UsageError, match=r"context_length received 50; expected at most max_episode_length \(20\)"):
        DecisionTransformer(context_length=50, max_episode_length=20)
    with pytest.raises(UsageError, match=r"8 steps; expected at most max_episode_length \(5\)"):
        Experiment(DecisionTransformer(context_length=4, max_episode_length=5), episodes(10))
    for settings, words in (
        ({"slide_steps": 21}, "slide_steps received 21; expected at most context_length"),
        ({"width": 10, "heads": 4}, "width received 10; expected a multiple of heads"),
        ({"width": 9, "positions": "relative"}, "an even number for each"),
        ({"positions": "none"}, "one of 'timestep', 'relative'"),
    ):
        with pytest.raises(UsageError, match=words):
            DecisionTransformer(**settings)


@pytest.mark.thorough
def test_a_target_return_is_kept_with_the_model(tmp_path):
    experiment = Experiment(DecisionTransformer(**SMALL), episodes(20), run_dir=tmp_path / "run", progress=False)
    experiment.learner.target_return = 5.0
    experiment.train(10)
    agent = DecisionTransformer.load(tmp_path / "run")
    assert agent.target_return == 5.0 and agent.best_return == experiment.learner.best_return
    agent.begin_episode()
    assert agent.context.target[0] == 5.0


@pytest.mark.thorough
def test_nothing_retraces_in_steady_state():
    experiment = Experiment(DecisionTransformer(**QUICK), episodes(20), progress=False)
    experiment.learner.most_mirrored_rows = 0
    experiment.train(12)
    traces = experiment.task.updates.traces
    experiment.evaluate(12)
    decoder = experiment.learner.decoders[10].compiled
    acting = decoder.experimental_get_tracing_count()
    experiment.train(30)
    experiment.evaluate(12)
    assert experiment.task.updates.traces == traces
    assert decoder.experimental_get_tracing_count() == acting


def test_calibration_by_hand():
    found = Calibration(np.array([1.0, 2.0, 3.0]), np.array([[0.0, 2.0], [4.0, 4.0], [3.0, 4.0]]))
    assert found.rank_correlation() == pytest.approx(0.5)
    assert found.intervals()[1].tolist() == [4.0, 4.0]
    assert Calibration(np.array([1.0, 2.0]), np.ones((2, 3))).rank_correlation() == 0.0
