"""The generator that users copy trains, resumes, is judged and shown like the built-in ones."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from generative import Generator
from lab import Experiment
from tests.generative.tiny import same

SCRIPT = str(Path(__file__).parents[2] / "examples" / "custom_generator.py")


def test_custom_generator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", [SCRIPT, "200", str(tmp_path / "run")])
    names = runpy.run_path(SCRIPT, run_name="__main__")
    printed = capsys.readouterr().out
    assert "sliced_wasserstein=" in printed
    assert (tmp_path / "run" / "samples" / "samples.png").stat().st_size > 1000
    rows = names["experiment"].history.rows
    assert rows[-1]["step"] == 200 and rows[-1]["loss"] < 0.9 * rows[0]["loss"]

    # By name, as `lab resume` finds it, and exactly although each update draws noise.
    resumed = Experiment.resume(tmp_path / "run")
    resumed.train(60)
    whole = Experiment(names["FlowMatching"](), "digits", seed=1)
    whole.train(260)
    assert same(resumed.learner.get_state(), whole.learner.get_state())


def test_it_fits_in_thirty_lines() -> None:
    source = Path(SCRIPT).read_text().split("class FlowMatching")[1].split("if __name__")[0]
    assert len([line for line in source.splitlines() if line.strip()]) <= 30
    assert issubclass(runpy.run_path(SCRIPT)["FlowMatching"], Generator)
