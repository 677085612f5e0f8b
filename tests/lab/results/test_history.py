"""A History keeps rows, compares them without the clock, and shows itself without global state."""

from __future__ import annotations

import csv
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lab.errors import MissingPackageError
from lab.files.json_lines import JsonLines
from lab.results.history import History

ROWS = [
    {"step": 10, "loss": 0.1, "time_elapsed": 1.0},
    {"step": 20, "loss": 1 / 3, "iqm": 5.0, "iqm_low": 4.0, "iqm_high": 6.0},
    {"step": 30, "iqm": 7.0, "iqm_low": 6.0, "iqm_high": 9.0, "note": "done"},
]
ROOT = Path(__file__).parents[3]


def test_rows_and_columns() -> None:
    history = History(ROWS)
    assert history.rows == ROWS and len(history) == 3
    assert history.names == ["loss", "time_elapsed", "iqm", "iqm_low", "iqm_high", "note"]
    steps, values = history.column("loss")
    assert steps.tolist() == [10, 20] and values.tolist() == [0.1, 1 / 3]
    assert steps.dtype == np.int64 and values.dtype == np.float64
    assert history.column("iqm")[0].tolist() == [20, 30]


def test_rows_hold_what_json_can_hold_and_are_not_the_callers() -> None:
    row = {"step": np.int64(1), "loss": np.float32(0.5), "bad": float("nan")}
    history = History()
    history.append(row)
    row["loss"] = np.float32(9)
    assert history.rows == [{"step": 1, "loss": 0.5, "bad": None}]
    assert type(history.rows[0]["step"]) is int and len(history.column("bad")[0]) == 0


def test_equality_ignores_the_clock() -> None:
    assert History(ROWS) == History([{**row, "time_elapsed": 99.0} for row in ROWS])
    assert History(ROWS) != History(ROWS[:2])
    assert History(ROWS) != History([{**row, "loss": 0.2} for row in ROWS])


def test_csv_round_trips(tmp_path: Path) -> None:
    path = History(ROWS).to_csv(tmp_path / "a.csv")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["step", *History(ROWS).names]
    assert float(rows[1]["loss"]) == 1 / 3 and rows[2]["loss"] == "" and rows[2]["note"] == "done"
    assert History(ROWS).to_csv(tmp_path / "b.csv").read_bytes() == path.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "b.csv"]
    assert History().to_csv(tmp_path / "c.csv").read_text() == "step\n"


def test_it_reads_what_a_run_wrote(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    for row in ROWS:
        JsonLines(path).append(row)
    with path.open("a") as file:
        file.write('{"step": 40, "lo')
    history = History.read(path, unit="updates")
    assert history.rows == ROWS and history.unit == "updates"


def test_a_plot_has_one_panel_a_metric_and_a_band(tmp_path: Path) -> None:
    figure = History(ROWS, unit="updates").plot(tmp_path / "a.png")
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["loss", "iqm"]
    assert len(figure.axes[1].collections) == 1
    assert figure.get_supxlabel().startswith("updates")
    with Image.open(tmp_path / "a.png") as image:
        assert image.size[0] > 500
    assert [axes.get_title(loc="left") for axes in History(ROWS).plot(names=["iqm_low"]).axes] == ["iqm_low"]
    for suffix in (".svg", ".pdf"):
        History(ROWS).plot(tmp_path / f"a{suffix}")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.pdf", "a.png", "a.svg"]


def test_only_a_long_jagged_line_is_smoothed() -> None:
    generator = np.random.default_rng(0)
    history = History({"step": i, "loss": generator.normal(), "epsilon": 1 - i / 100} for i in range(100))
    figure = history.plot()
    assert [len(axes.lines) for axes in figure.axes] == [2, 1]
    assert figure.axes[0].lines[1].get_ydata()[0] == history.rows[0]["loss"]
    assert np.allclose(figure.axes[0].lines[1].get_ydata()[-1], history.column("loss")[1][-5:].mean())
    assert "mean of the latest" in figure.get_supxlabel()


def test_plotting_leaves_pyplot_alone() -> None:
    code = (
        "import sys; from lab.results.history import History;"
        "History([{'step': 1, 'loss': 2.0}])._repr_html_(); print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "False"


def test_it_shows_itself() -> None:
    page = History([*ROWS, {"step": 40, "<b>": 1.0}])._repr_html_()
    assert page.count("<svg") == 1 and "&lt;b&gt;" in page and "<b>" not in page
    assert "History(3 rows in environment steps; last: step=30" in repr(History(ROWS))
    assert "no rows" in repr(History()) and "no rows" in History()._repr_html_()
    assert len(History().plot().axes) == 0


def test_bad_input_is_refused_with_words(tmp_path: Path) -> None:
    for row in ({"loss": 1.0}, {"step": 1.5}, {"step": True}):
        with pytest.raises(ValueError, match="row's step received"):
            History().append(row)
    with pytest.raises(ValueError, match="column received 'lost'; expected one of loss"):
        History(ROWS).column("lost")
    with pytest.raises(ValueError, match=r"ends in \.png, \.svg or \.pdf"):
        History(ROWS).plot(tmp_path / "a.jpg")
    with pytest.raises(ValueError, match="no file"):
        History.read(tmp_path / "none.jsonl")


def test_rows_become_a_frame():
    pandas = pytest.importorskip("pandas")
    frame = History([{"step": 1, "loss": 0.5}, {"step": 3, "loss": None, "return": 2}]).to_frame()
    assert list(frame.columns) == ["step", "loss", "return"] and frame.step.tolist() == [1, 3]
    assert frame.loss[0] == 0.5 and math.isnan(frame.loss[1]) and math.isnan(frame["return"][0])
    assert list(History().to_frame().columns) == ["step"] and isinstance(frame, pandas.DataFrame)


def test_a_frame_takes_pandas(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingPackageError, match="pip install pandas"):
        History().to_frame()


def test_metrics_files_are_read_by_pandas_in_one_line(tmp_path):
    pandas = pytest.importorskip("pandas")
    rows = [{"step": 10, "loss": 0.1, "time_elapsed": 1.5}, {"step": 20, "loss": 1 / 3, "return": None}]
    JsonLines(tmp_path / "metrics.jsonl").append(*rows)
    frame = pandas.read_json(tmp_path / "metrics.jsonl", lines=True)
    assert frame.step.tolist() == [10, 20] and frame.time_elapsed[0] == 1.5
    assert frame.loss.tolist() == pytest.approx([0.1, 1 / 3], rel=1e-12) and math.isnan(frame["return"][1])
