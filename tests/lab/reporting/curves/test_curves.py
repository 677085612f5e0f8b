"""Curves: columns of rows, and short curves that keep every spike."""

from __future__ import annotations

import numpy as np

from lab.reporting.charts import overlay_chart, shared
from lab.reporting.curves import columns, store
from lab.reporting.curves.columns import Columns, Points
from lab.reporting.curves.envelope import envelope
from lab.reporting.curves.store import Store


def points(steps: list[int], values: list[float]) -> Points:
    return Points(np.array(steps, np.int64), np.array(values, np.float64))


def test_columns_keep_finite_numbers_by_step_and_the_last_row() -> None:
    rows = [
        {"step": 1, "loss": 2.0, "x": "a"},
        {"step": 3, "loss": 1e300},
        {"step": 2, "loss": None, "time_elapsed": 9},
    ]
    found = Columns([*rows, {"step": 2, "loss": 5, "return": True}])
    assert found.names == ["loss"] and found.count == len(found) == 4 and found.last == rows[1] and found.seconds == 9
    steps, values = found.series("loss")
    assert steps.tolist() == [1, 2, 3] and values.tolist() == [2.0, 5.0, columns.LARGEST]
    assert len(found.series("missing").steps) == 0


def test_columns_have_only_so_many_names() -> None:
    found = Columns([{"step": 0, **{f"n{i}": 1.0 for i in range(columns.MOST_NAMES + 1)}}])
    assert len(found.names) == columns.MOST_NAMES and found.full


def test_an_envelope_keeps_spikes_ends_and_means() -> None:
    values = np.arange(10.0)
    values[7] = 1000.0
    short = envelope(np.arange(10) * 10, values, 3)
    # Rows 0 to 2, 3 to 5 and 6 to 9.
    assert short.mean.tolist() == [1.0, 4.0, (6 + 1000 + 8 + 9) / 4]
    assert short.low is not None and short.high is not None
    assert short.low.tolist() == [0.0, 3.0, 6.0] and short.high.tolist() == [2.0, 5.0, 1000.0]
    assert short.steps.tolist() == [0, 40, 90]
    whole = envelope(np.arange(3), values[:3], 3)
    assert whole.mean.tolist() == [0.0, 1.0, 2.0] and whole.low is None


def test_an_envelope_of_a_band_keeps_the_bands_extremes() -> None:
    values = np.zeros(4)
    band = np.array([1.0, 2.0, 3.0, 4.0])
    short = envelope(np.arange(4), values, 2, -band, band)
    assert short.low is not None and short.high is not None
    assert short.low.tolist() == [-2.0, -4.0] and short.high.tolist() == [2.0, 4.0]


def test_curves_share_the_pages_points() -> None:
    found = Store()
    for i in range(400):
        found.series((i,), points(list(range(3000)), [float(i)] * 3000))
    assert found.series((0,), points([], [])) == "s0"
    series = found.to_json()["series"]
    assert {len(curve["x"]) for curve in series.values()} == {store.PAGE_POINTS // 400}
    assert series["s7"]["rows"] == 3000


def test_runs_are_pooled_at_the_steps_that_all_of_them_have() -> None:
    # The second one names step 4 twice, of which the last counts.
    steps, values = shared([points([1, 2, 4], [1, 2, 4]), points([2, 3, 4, 4], [20, 30, 0, 40])])
    assert steps.tolist() == [2, 4] and values.tolist() == [[2, 4], [20, 40]]


def test_a_group_without_a_row_of_the_metric_is_passed_over() -> None:
    found = Store()
    runs = [((i,), points([1, 2], [float(i), 1.0])) for i in range(2)]
    overlay_chart(found, {"none": [], "two": runs, "one": runs[:1]}, "loss", "steps", {"random": 3.0})
    (chart,) = found.charts.values()
    roles = [(line["label"], line["role"]) for line in chart["lines"]]
    two = "two, 2 runs"
    assert roles == [(two, "run"), (two, "run"), (two, "middle"), ("one", "line"), ("baseline random", "constant")]
    middle = found.to_json()["series"][chart["lines"][2]["series"]]
    assert (middle["lo"], middle["hi"]) == ([0.0, 1.0], [1.0, 1.0])
