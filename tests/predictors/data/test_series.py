"""What a series may be, and how it is cut into windows."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from lab import UsageError
from predictors.data.field import Field
from predictors.data.load import load
from predictors.data.series.series import Series
from predictors.data.series.windows import AHEAD, FUTURE, PAST, windows


def ramp(points: int = 40, **options) -> Series:
    return Series(np.arange(points, dtype=float), **options)


def test_parts_follow_each_other_in_time() -> None:
    series = ramp(100, test_fraction=0.2, selection_fraction=0.1)
    assert (series.train_end, series.selection_end, len(series)) == (70, 80, 100)
    assert series.train_values[-1, 0] == 69.0


def test_windows_hold_what_was_known_and_what_came() -> None:
    found = windows(ramp(), context=3, horizon=2, most_origins=100)
    np.testing.assert_array_equal(found.train.inputs[PAST][0, :, 0], [0.0, 1.0, 2.0])
    np.testing.assert_array_equal(found.train.targets[AHEAD][0, :, 0], [3.0, 4.0])
    # 28 points train, 4 select, 8 test: targets from 3 to 27, from 28 to 31 and from 32 to 39.
    assert found.train.targets[AHEAD].max() == 27.0
    assert {found.selection.targets[AHEAD].min(), found.selection.targets[AHEAD].max()} == {28.0, 31.0}
    assert {found.test.targets[AHEAD].min(), found.test.targets[AHEAD].max()} == {32.0, 39.0}
    # What tests may look back to what was known by then, though it selected.
    np.testing.assert_array_equal(found.test.inputs[PAST][0, :, 0], [29.0, 30.0, 31.0])
    np.testing.assert_array_equal(found.test.origins, np.arange(32, 39))


def test_scales_are_of_the_training_part_alone() -> None:
    field = windows(ramp(), 3, 2, 100).spec.targets[0]
    assert field.centre == pytest.approx((13.5,))
    assert field.scale == pytest.approx((np.arange(28).std(),))
    assert field.period is None
    assert Field.from_json(field.to_json()) == field


def test_another_future_changes_nothing_before_it() -> None:
    values = np.random.default_rng(0).normal(size=100).cumsum()
    changed = values.copy()
    changed[80:] = 1e3 * changed[80:] + 1e4
    first, second = (windows(Series(v, period=4), 8, 4, 100) for v in (values, changed))
    assert first.spec == second.spec
    mine, theirs = ([*found.train.arrays(), *found.selection.arrays()] for found in (first, second))
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first.test.targets[AHEAD], second.test.targets[AHEAD])


def test_fewer_origins_lie_evenly_and_end_with_the_series() -> None:
    found = windows(ramp(200), 3, 2, most_origins=10).test
    assert found.origins.tolist() == [162, 166, 170, 174, 178, 182, 186, 190, 194, 198]
    assert found.targets[AHEAD][-1, -1, 0] == 199.0
    few = found.rows(np.array([1, 3]))
    assert few.origins.tolist() == [166, 174]
    assert few.series is found.series


def test_covariates_are_known_for_the_steps_ahead() -> None:
    series = Series(np.arange(40.0), covariates=np.arange(40.0) % 7, columns=("sales", "day"))
    found = windows(series, 3, 2, 100)
    np.testing.assert_array_equal(found.train.inputs[PAST][0], [[0, 0], [1, 1], [2, 2]])
    np.testing.assert_array_equal(found.train.inputs[FUTURE][0], [[3], [4]])
    assert [field.columns for field in found.spec.inputs] == [("sales", "day"), ("day",)]
    assert found.spec.targets[0].columns == ("sales",)


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (np.r_[np.arange(20.0), np.nan], {}, "in 1 of 21 rows, row 20 first"),
        (np.ones(20), {}, "'value', which is 1 at every point"),
        (np.r_[np.ones(17), 5.0, 6.0, 7.0], {}, "a series that varies in its training part"),
        (np.arange(5.0), {}, "at least 8"),
        (np.arange(20.0), {"times": [*range(19), 18]}, "18 after 18 in row 19"),
        (np.arange(20.0), {"times": [*range(10), *range(11, 21)]}, "11 after 9 in row 10, another step"),
        (np.arange(20.0), {"times": range(19)}, r"\(20,\), one for each row"),
        (np.arange(20.0), {"covariates": np.arange(19.0)}, "received '19 rows'; expected 20"),
        (np.arange(20.0), {"period": 1}, "a whole number from 2 to 19"),
        (np.arange(20.0), {"test_fraction": 1.0}, "a number between 0 and 1"),
        (np.array(["a"] * 20), {}, "expected numbers"),
        (np.arange(20.0), {"columns": ("a", "b", "c")}, "expected 1 or 1 names"),
    ],
)
def test_bad_series_are_refused(values, options, message) -> None:
    with pytest.raises(UsageError, match=message):
        Series(values, **options)


def test_months_and_quarters_are_equal_steps_and_a_missing_one_is_named() -> None:
    months = np.arange("2020-01", "2022-01", dtype="datetime64[M]")
    Series(np.arange(24.0), times=months)
    Series(np.arange(24.0), times=months.astype("datetime64[D]") + 14)
    # Ends of months: the 31st, the 29th, the 31st ...
    Series(np.arange(24.0), times=(months + 1).astype("datetime64[D]") - 1)
    Series(np.arange(8.0), times=months.astype("datetime64[D]")[::3])
    with pytest.raises(UsageError, match="2020-06-01 after 2020-04-01 in row 4"):
        Series(np.arange(23.0), times=np.delete(months, 4).astype("datetime64[D]"))
    with pytest.raises(
        UsageError, match="time of row 0 received .first.; expected a number or a date such as 2024-05-01"
    ):
        Series(np.arange(8.0), times=["first", *"abcdefg"])


def test_a_gap_at_the_beginning_is_named_itself() -> None:
    with pytest.raises(UsageError, match="5 after 0 in row 1"):
        ramp(20, times=[0, *range(5, 24)])


def test_windows_longer_than_a_part_are_refused() -> None:
    with pytest.raises(UsageError, match=r"a window of 30 \+ 2 points .* the training part has 28 of 40 points"):
        windows(ramp(), 30, 2, 100)
    with pytest.raises(UsageError, match=r"4 points in the selection part.*selection_fraction=0.138"):
        windows(ramp(), 3, 5, 100)
    windows(ramp(selection_fraction=0.138), 3, 5, 100)


def test_logarithms_need_values_above_zero() -> None:
    with pytest.raises(UsageError, match="0 in row 0.; expected values > 0"):
        ramp(20).logarithm()
    series = Series(np.arange(1.0, 21.0))
    np.testing.assert_allclose(series.logarithm().values, np.log(series.values))
    assert series.values[-1, 0] == 20.0


def test_a_series_is_a_source() -> None:
    series = ramp()
    assert load(series) is series


def test_times_with_a_zone_are_equal_steps_of_utc(recwarn) -> None:
    # The clocks go forward at 01:00 UTC.
    hours = [f"2020-03-29T0{i}:00:00+01:00" for i in range(2)] + [f"2020-03-29T0{i}:00:00+02:00" for i in range(3, 9)]
    found = Series(np.arange(8.0), times=hours).times
    np.testing.assert_array_equal(found, np.datetime64("2020-03-28T23:00") + np.arange(8) * np.timedelta64(1, "h"))
    aware = [datetime.datetime.fromisoformat(hour) for hour in hours]
    np.testing.assert_array_equal(Series(np.arange(8.0), times=aware).times, found)
    assert not recwarn.list
    with pytest.raises(UsageError, match="time of row 3 received '2020-03-29T03:00'; expected a zone in each row"):
        Series(np.arange(8.0), times=[*hours[:3], "2020-03-29T03:00", *hours[4:]])


def test_dates_are_named_by_their_row_and_reach_beyond_nanoseconds() -> None:
    days = [f"2020-05-{i + 1:02d}" for i in range(8)]
    with pytest.raises(UsageError, match="time of row 5 received '2020-13-45'; expected a number or a date such as"):
        Series(np.arange(8.0), times=[*days[:5], "2020-13-45", *days[6:]])
    with pytest.raises(UsageError, match="received '2020-05-02 after 2020-05-02 in row 2'"):
        Series(np.arange(8.0), times=[*days[:2], *days[1:7]])
    old = Series(np.arange(8.0), times=[f"{1500 + i}-01-01" for i in range(8)]).times
    assert str(old[0]) == "1500-01-01T00:00:00.000000"
    fine = Series(np.arange(8.0), times=[f"2020-01-01T00:00:00.00000000{i}" for i in range(8)]).times
    assert (np.diff(fine) == np.timedelta64(1, "ns")).all()


def test_values_that_cannot_be_squared_are_refused_before_training() -> None:
    with pytest.raises(UsageError, match="values received 'up to 3.9e.201'; expected numbers that can be squared"):
        windows(Series(np.arange(40.0) * 1e200), 4, 2, 100)
