"""Series by name: real ones that packages ship, and synthetic ones whose formulas are known."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from lab import UsageError
from predictors.datasets.series import real, synthetic

REAL = {
    "sunspots": (309, 1, 11),
    "co2": (2284, 1, 52),
    "elnino": (732, 1, 12),
    "nile": (100, 1, None),
    "seattle_weather": (1461, 1, None),
    "seattle_temps": (8760, 1, 24),
    "stocks": (123, 4, None),
}


@pytest.mark.parametrize("name", REAL)
def test_real_series_come_whole_and_in_equal_steps(name) -> None:
    pytest.importorskip("statsmodels")
    pytest.importorskip("vega_datasets")
    series = getattr(real, name)()
    assert (*series.values.shape, series.period) == REAL[name]
    assert series.name == name
    assert len(series.times) == len(series)


def test_what_was_filled_in_is_said_and_lies_between_its_neighbours() -> None:
    pytest.importorskip("statsmodels")
    series = real.co2()
    assert series.notes == ("59 of 2284 weeks have no value: they lie on a line between their neighbours",)
    table = real._statsmodels("co2")["co2"].to_numpy()
    known = np.isfinite(table)
    np.testing.assert_array_equal(series.values[known, 0], table[known])
    gap = int(np.flatnonzero(~known & np.roll(known, 1) & np.roll(known, -1))[0])
    assert series.values[gap, 0] == pytest.approx((table[gap - 1] + table[gap + 1]) / 2)


def test_a_missing_package_is_named_with_its_extra(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "vega_datasets", None)
    with pytest.raises(UsageError, match=r"'stocks' comes with vega_datasets.*keras-lab\[series\]"):
        real.stocks()


def test_synthetic_series_follow_their_formulas() -> None:
    t = np.arange(480)
    angle = 2 * np.pi * t / 12
    clean = 100.0 * (1.0 + t / 120.0) * np.exp(0.2 * np.sin(angle) + 0.1 * np.cos(2 * angle))
    np.testing.assert_allclose(synthetic.trend_season(noise=0.0).values[:, 0], clean)
    ratio = np.log(synthetic.trend_season(seed=1).values[:, 0] / clean)
    assert ratio.std() == pytest.approx(0.03, rel=0.1)
    t = np.arange(1_000)
    clean = np.sin(2 * np.pi * t / 24) + 0.5 * np.sin(2 * np.pi * t / 37 + 1)
    assert (synthetic.sines().values[:, 0] - clean).std() == pytest.approx(0.1, rel=0.1)


def test_the_autoregression_has_the_lags_and_the_noise_of_its_formula() -> None:
    y = synthetic.autoregression(20_000, seed=2).values[:, 0]
    lags = np.stack([y[1:-1], y[:-2]], axis=1)
    found, rest, *_ = np.linalg.lstsq(lags, y[2:], rcond=None)
    np.testing.assert_allclose(found, [1.5, -0.75], atol=0.02)
    assert rest[0] / len(lags) == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize("make", [synthetic.trend_season, synthetic.sines, synthetic.autoregression])
def test_another_seed_gives_another_series_and_few_points_are_refused(make) -> None:
    np.testing.assert_array_equal(make(seed=3).values, make(seed=3).values)
    assert not np.array_equal(make(seed=3).values, make(seed=4).values)
    with pytest.raises(UsageError, match="from 50 to 1,000,000"):
        make(points=10)
