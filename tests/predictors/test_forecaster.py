"""A forecaster learns, says how sure it is, resumes exactly, and never sees the future."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from lab import Experiment, UsageError
from predictors.baselines.models import ModelFailed
from predictors.data.series.series import Series
from predictors.data.series.windows import PAST
from predictors.forecaster import Forecaster
from predictors.forecasting.calibration import widened, widening
from predictors.forecasting.settings import ARCHITECTURES
from tests.contracts import assert_same_state

SMALL = {"context": 12, "horizon": 4, "batch_size": 16, "origins": 20}


def wave(points: int = 240, seed: int = 0, **options) -> Series:
    t = np.arange(points)
    noise = np.random.default_rng(seed).normal(size=points)
    return Series(10.0 + 0.02 * t + 3.0 * np.sin(2 * np.pi * t / 12) + 0.5 * noise, period=12, **options)


class Quiet(Forecaster):
    """Leaves the slow baselines to a test of their own."""

    def baselines(self, data):
        return {}


def trained(tmp_path, steps: int = 400, series: Series | None = None, **settings) -> Experiment:
    made = Experiment(Quiet(**{**SMALL, **settings}), series or wave(), seed=1, run_dir=tmp_path / "run")
    made.train(steps)
    return made


@pytest.fixture(scope="module")
def direct(tmp_path_factory) -> Experiment:
    return trained(tmp_path_factory.mktemp("direct"))


def test_it_beats_the_season_and_covers_what_it_promises(direct) -> None:
    found = direct.evaluate()
    # The noise alone errs by 0.4 on average, the seasonal naive forecast by sqrt(2) times that and the trend.
    assert found["mase"] < 0.95
    assert 0.6 < found["coverage_80"] < 0.95
    assert found.main == "mase"
    assert {"mae", "rmse", "pinball", "interval_width", "loss"} <= {*found}


def test_predictions_are_in_the_users_unit_and_shape(direct) -> None:
    learner, series = direct.learner, wave()
    past = np.stack([series.values[i : i + 12, 0] for i in range(5)])
    median, quantiles = learner.predict(past), learner.predict_quantiles(past)
    assert (median.shape, quantiles.shape) == ((5, 4), (5, 4, 3))
    np.testing.assert_array_equal(median, quantiles[..., 1])
    assert (np.diff(quantiles, axis=-1) >= 0.0).all()
    np.testing.assert_array_equal(learner.predict(past[..., None]), median)
    # A window that was moved and stretched gives a forecast that was moved and stretched.
    np.testing.assert_allclose(learner.predict(1e3 + 10.0 * past), 1e3 + 10.0 * median, rtol=1e-3)


def test_forecasts_go_on_from_the_end_of_the_series(direct) -> None:
    learner, series = direct.learner, wave()
    found = learner.forecast()
    assert (found.median.shape, found.quantiles.shape, found.levels) == ((4,), (4, 3), (0.1, 0.5, 0.9))
    np.testing.assert_array_equal(found.median, learner.predict(series.values[None, -12:, 0])[0])
    np.testing.assert_array_equal(learner.forecast(series.values[:, 0]).quantiles, found.quantiles)
    loaded = Quiet.load(direct.record.directory.path, which="last")
    np.testing.assert_array_equal(loaded.forecast().median, found.median)
    with pytest.raises(UsageError, match=r"expected \(T, 1\) with T >= 12"):
        learner.forecast(series.values[:5, 0])
    with pytest.raises(UsageError, match="future received 'ndarray'; expected None"):
        learner.forecast(future=np.zeros((4, 1)))


def test_inputs_unlike_those_of_training_are_refused(direct) -> None:
    with pytest.raises(UsageError, match=r"expected \(N, 12, 1\)"):
        direct.learner.predict(np.zeros((3, 11)))
    with pytest.raises(UsageError, match="NaN"):
        direct.learner.predict(np.full((3, 12), np.nan))


@pytest.mark.thorough
def test_another_future_changes_neither_training_nor_forecasts_before_it(tmp_path, direct) -> None:
    series = wave()
    values = series.values[:, 0].copy()
    values[series.selection_end :] = 1e3 - 5.0 * values[series.selection_end :]
    other = trained(tmp_path, series=Series(values, period=12))
    for mine, theirs in zip(other.learner.network.get_weights(), direct.learner.network.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    past = np.stack([series.values[o - 12 : o, 0] for o in range(12, series.selection_end + 1)])
    np.testing.assert_array_equal(other.learner.predict_quantiles(past), direct.learner.predict_quantiles(past))
    assert other.evaluate() != direct.evaluate()


@pytest.mark.thorough
def test_a_run_that_stopped_goes_on_bit_for_bit(tmp_path) -> None:
    # One that forecasts all steps at once is among the contracts' cases.
    chosen = {"mode": "autoregressive", "architecture": "gru", "dropout": 0.2}
    settings = {**SMALL, **chosen, "schedule_steps": 30, "warmup_steps": 2}
    whole = Experiment(Quiet(**settings), wave(), seed=3, run_dir=tmp_path / "whole")
    whole.train(30)
    part = Experiment(Quiet(**settings), wave(), seed=3, run_dir=tmp_path / "part")
    part.train(14)
    resumed = Experiment.resume(tmp_path / "part", learner=Quiet(**settings), source=wave())
    resumed.train(16)
    assert_same_state(resumed.learner.get_state(), whole.learner.get_state())
    assert dict(resumed.evaluate()) == dict(whole.evaluate())


@pytest.mark.thorough
def test_one_step_after_the_other_knows_more_of_the_nearest(tmp_path) -> None:
    made = trained(tmp_path, mode="autoregressive")
    assert made.learner.network.output_shape == (None, 1, 1, 3)
    assert made.evaluate()["mase"] < 1.0
    past = wave().values[None, -12:, 0]
    quantiles = made.learner.predict_quantiles(past)
    assert quantiles.shape == (1, 4, 3)
    np.testing.assert_array_equal(quantiles, made.learner.predict_quantiles(past))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_each_architecture_begins_as_the_seasonal_naive_forecast(name) -> None:
    learner = Quiet(architecture=name, start="seasonal", **SMALL)
    Experiment(learner, wave(), seed=0)
    past = wave().values[None, 50:62, 0]
    np.testing.assert_allclose(learner.predict(past)[0], past[0, :4], rtol=1e-5)


@pytest.mark.thorough
def test_several_series_and_what_is_known_in_advance(tmp_path) -> None:
    t = np.arange(160)
    promotion = (np.random.default_rng(0).random(160) < 0.3).astype(float)
    both = np.stack([5.0 * promotion + 0.01 * t, 100.0 - 30.0 * promotion], axis=1)
    series = Series(both, covariates=promotion, columns=("sales", "stock", "promotion"))
    made = trained(tmp_path, steps=600, series=series, start="none", window_scale=False)
    # Nothing but the promotion tells what comes.
    assert made.evaluate()["mase"] < 0.3
    learner = made.learner
    found = learner.forecast(future=np.array([[0.0], [1.0], [0.0], [1.0]]))
    assert (found.median.shape, found.quantiles.shape) == ((4, 2), (4, 2, 3))
    assert (found.median[[1, 3], 0] > found.median[[0, 2], 0] + 2.0).all()
    with pytest.raises(UsageError, match=r"expected \(4, 1\), the covariates"):
        learner.forecast()


@pytest.mark.thorough
def test_logarithms_forecast_growing_swings_in_the_users_unit(tmp_path) -> None:
    t = np.arange(240)
    series = Series(np.exp(0.01 * t + 0.3 * np.sin(2 * np.pi * t / 12)), period=12)
    made = trained(tmp_path, series=series, log=True)
    assert made.evaluate()["mae"] < 0.1 * series.values[-40:].mean()
    learner = made.learner
    np.testing.assert_allclose(learner.forecast(series.values[:, 0]).median, learner.forecast().median, rtol=1e-5)
    with pytest.raises(UsageError, match="values <= 0"):
        learner.predict(np.zeros((1, 12)))


def test_a_network_of_ones_own_takes_part() -> None:
    def network(spec):
        return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(12), keras.layers.Reshape((4, 1, 3))])

    learner = Quiet(network=network, **SMALL)
    Experiment(learner, wave(), seed=0)
    assert learner.predict(wave().values[None, -12:, 0]).shape == (1, 4)
    with pytest.raises(UsageError, match=r"expected shape \(4, 1, 3\)"):
        Experiment(
            Quiet(network=lambda s: keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)]), **SMALL), wave()
        )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"quantiles": (0.5, 0.1)}, "rising levels with 0.5"),
        ({"quantiles": (0.1, 0.9)}, "rising levels with 0.5"),
        ({"context": 300}, "a window of 300"),
        ({"start": "seasonal", "context": 6}, "a season of known steps"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_training(settings, message) -> None:
    with pytest.raises(UsageError, match=message):
        Experiment(Quiet(**{**SMALL, **settings}), wave())


def test_rows_without_time_are_no_series() -> None:
    with pytest.raises(UsageError, match="expected a Series"):
        Experiment(Quiet(), (np.arange(20.0).reshape(10, 2), np.arange(10) % 2))


def test_settings_that_nothing_reads_are_named(tmp_path) -> None:
    with pytest.raises(UsageError, match="paths"):
        Experiment(Quiet(paths=50, **SMALL), wave(), run_dir=tmp_path / "run").train(1)


@pytest.mark.thorough
def test_intervals_are_those_of_the_newest_weights_and_are_kept_with_them(tmp_path, direct) -> None:
    learner = direct.learner
    assert learner.widening != 1.0
    selected = direct.task.data.selection
    true = learner.head.field.held(selected.targets["ahead"])
    (found,) = learner.raw_outputs(selected.inputs)
    # Undone, and found again: 24 points select, for 4 steps ahead.
    plain = widened(found, (0.1, 0.5, 0.9), 1.0 / learner.widening)
    assert widening(plain, true, (0.1, 0.5, 0.9), 6.0) == pytest.approx(learner.widening, rel=1e-4)
    assert Quiet.load(direct.record.directory.path, which="last").widening == learner.widening
    other = trained(tmp_path, calibrate=False).learner
    assert other.widening == 1.0
    past = wave().values[None, -12:, 0]
    np.testing.assert_array_equal(other.predict(past), learner.predict(past))
    assert not np.array_equal(other.predict_quantiles(past), learner.predict_quantiles(past))


@pytest.mark.parametrize("kind", Forecaster.kinds)
def test_it_shows_forecasts_and_errors(direct, tmp_path, kind) -> None:
    assert direct.render(tmp_path / f"{kind}.png", kind=kind).stat().st_size > 10_000


def test_baselines_stand_beside_it_from_the_same_origins_and_say_why_one_is_missing(monkeypatch) -> None:
    pytest.importorskip("statsmodels")

    def failing(history, season):
        raise ModelFailed("arima: no form could be fitted")

    # It is slow, and has tests of its own.
    monkeypatch.setattr("predictors.baselines.forecasting.arima", failing)
    series = wave(120)
    learner = Forecaster(**{**SMALL, "origins": 2})
    data = Experiment(learner, series, seed=0).task.data
    found = learner.baselines(data)
    assert [*found] == ["naive", "seasonal_naive", "drift", "ets"]
    assert found["naive"].left_out == {"arima": "arima: no form could be fitted"}
    ahead = np.stack([series.values[o - 12 : o - 8, 0] for o in data.test.origins])
    true = np.stack([series.values[o : o + 4, 0] for o in data.test.origins])
    assert found["seasonal_naive"]["mae"] == pytest.approx(np.abs(ahead - true).mean())


def test_the_last_window_alone_is_what_it_sees(direct) -> None:
    history = wave().values[:, 0]
    other = history.copy()
    other[:-12] += 100.0
    np.testing.assert_array_equal(direct.learner.forecast(history).median, direct.learner.forecast(other).median)
    assert direct.learner.spec.inputs[0].name == PAST
