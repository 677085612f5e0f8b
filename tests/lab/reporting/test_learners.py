"""Where a page has several learners of several runs each, it says how their scores are distributed and who is ahead."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lab.reporting import write_report
from tests.lab.reporting.test_report import Page, agent_run

SETTINGS = {"plain": {"double": False}, "double": {"double": True}}
SCORES = {"plain": [100.0, 200.0, 300.0], "double": [200.0, 400.0, 500.0]}


def write_runs(folder: Path, source: str, seeds: tuple[int, ...] = (0, 1, 2)) -> list[Path]:
    return [
        agent_run(folder / f"{source}-{name}-{i}", SCORES[name][i], seed=seed, source=source, settings=SETTINGS[name])
        for name in SCORES
        for i, seed in enumerate(seeds)
    ]


def data_of(page: Page) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.source, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    folder = tmp_path_factory.mktemp("learners")
    made = [*write_runs(folder, "CartPole-v1"), *write_runs(folder, "Acrobot-v1")]
    return Page(write_report(made, folder / "page.html"))


def test_the_profile_of_each_learner_has_its_band(page: Page) -> None:
    data = data_of(page)
    charts = [c for c in data["charts"].values() if c["title"].startswith("On CartPole-v1: fraction of runs")]
    (chart,) = charts
    assert [line["label"] for line in chart["lines"]] == ["dqn, double false, 3 runs", "dqn, double true, 3 runs"]
    curve = data["series"][chart["lines"][0]["series"]]
    # From below the lowest score, above which all runs lie, to above the highest.
    assert (curve["x"][0], curve["x"][-1]) == (80.0, 520.0) and (curve["y"][0], curve["y"][-1]) == (1.0, 0.0)
    # Of 100, 200 and 300 two lie above 150.
    above = dict(zip(curve["x"], curve["y"], strict=True))
    assert next(y for x, y in above.items() if x > 150) == pytest.approx(2 / 3, abs=1e-4)
    assert all(low <= y <= high for low, y, high in zip(curve["lo"], curve["y"], curve["hi"], strict=True))


def test_the_better_learner_is_named_first_with_its_probability(page: Page) -> None:
    # 200 beats 100, ties 200 and loses to 300; 400 and 500 beat all: 7.5 of 9.
    assert "dqn, double true dqn, double false 0.83 [" in page.text
    marks = [attributes for attributes in page.all("span") if attributes.get("class") == "estimate"]
    assert len(marks) == 3 and {round(float(mark["data-value"] or 0), 3) for mark in marks} == {0.833}


def test_sources_together_have_a_scale_of_their_own(page: Page) -> None:
    assert "Learners on all 2 sources" in page.text and "0 is the lowest run of each source" in page.text
    titles = [chart["title"] for chart in data_of(page)["charts"].values()]
    assert "On all 2 sources: fraction of runs above a normalised score" in titles


def test_runs_that_are_too_few_or_alike_are_not_compared(tmp_path: Path) -> None:
    repeated = write_runs(tmp_path, "CartPole-v1", seeds=(0, 0, 1))
    assert "Learners on" not in Page(write_report(repeated, tmp_path / "page.html")).text
    few = [run for run in write_runs(tmp_path / "few", "CartPole-v1") if not run.name.endswith("2")]
    assert "Learners on" not in Page(write_report(few, tmp_path / "few.html")).text


def test_the_command_says_what_the_page_draws(tmp_path: Path, command: Any) -> None:
    made = write_runs(tmp_path, "CartPole-v1")
    status, out, _ = command("compare", *made, "--target", "500")
    assert status == 0
    # Of three runs nothing is cut off: (200 + 400 + 500) / 3; and (300 + 100 + 0) / 3 is missing.
    assert "dqn, double true: runs 3, IQM 366.7 [" in out and "optimality gap 133.3 [" in out
    assert "dqn, double true scores above dqn, double false with probability 0.83 [" in out
    found = json.loads(command("compare", *made, *write_runs(tmp_path, "Acrobot-v1"), "--json")[1])
    assert len(found) == 3 and found["CartPole-v1"]["pairs"][0]["probability"] == pytest.approx(7.5 / 9)
    status, _, said = command("compare", *made[:2])
    assert status == 2 and "expected at least 3 runs of an agent on a source" in said
