"""The Python of README and of the site, run as it stands there, page by page."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest

from lab import Experiment
from predictors.training import baselines
from tests.documentation.pages import DOCS, ROOT, blocks, pages

# Pages whose code takes as long as it takes: each learns something small.
TUTORIALS = sorted((DOCS / "tutorials").glob("*.md"))
# Others show real lengths of training, of which some steps must do here.
SHORTENED = [page for page in pages() if page not in TUTORIALS and blocks(page, "python")]
MOST_STEPS = 250
# A page may say which file its code takes, where that one is still being written.
NEEDS = re.compile(r"^<!-- code needs (\S+) -->$", re.MULTILINE)


def run(page: Path) -> dict[str, Any]:
    """Run a page's blocks one after another, with one another's names."""
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks(page, "python"):
        exec(compile(block, str(page), "exec"), names)
    return names


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run in an empty folder, and keep no figure."""
    monkeypatch.chdir(tmp_path)
    yield
    plt.close("all")


def test_there_are_tutorials_and_shortened_pages() -> None:
    assert len(TUTORIALS) >= 5 and ROOT / "README.md" in SHORTENED


@pytest.mark.thorough
@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_a_tutorial_runs_as_it_stands(page: Path) -> None:
    assert any(isinstance(value, Experiment) for value in run(page).values())


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore:.*followed the first training")
@pytest.mark.parametrize("page", SHORTENED, ids=lambda page: page.stem)
def test_other_pages_run_in_short(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in NEEDS.findall(page.read_text()):
        if not (ROOT / path).exists():
            pytest.skip(f"{path} is not there yet")
    whole = Experiment.train
    evaluate = Experiment.evaluate

    def train(self: Experiment, steps: int | None = None) -> Any:
        return whole(self, min(steps or MOST_STEPS, MOST_STEPS))

    monkeypatch.setattr(Experiment, "train", train)
    monkeypatch.setattr(Experiment, "evaluate", lambda self, episodes=None: evaluate(self, 5))
    short = functools.partial(baselines.classification_baselines, most_rows=120, budget=0.2)
    monkeypatch.setattr(baselines, "classification_baselines", short)
    run(page)
