"""A baseline that was cut short says so in the row that shows it."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from lab.files.json_lines import JsonLines
from lab.reporting.records import read_run
from lab.reporting.scores import table_of
from predictors import Classifier
from predictors.baselines import classification_baselines
from predictors.training import baselines
from tests.predictors.small import STEADY, built, pictures


def titles(run: Path) -> list[str]:
    built(Classifier(architecture="mlp", batch_size=8, **STEADY), pictures(), run_dir=run).train(1)
    return [line[0] for line in table_of(read_run(run))[1]]


def test_the_row_of_a_baseline_says_what_it_was_spared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = functools.partial(classification_baselines, budget=1e-3, most_rows=30)
    monkeypatch.setattr(baselines, "classification_baselines", cut)
    rows, rounds = "trained on 30 of 36 rows, drawn by the seed", "5 of 100 rounds of boosting"
    majority, logistic, boosting = titles(tmp_path / "run")[:3]
    assert majority == "baseline: majority_class"
    assert logistic == f"baseline: logistic_regression ({rows})"
    assert boosting == f"baseline: gradient_boosting ({rows}; {rounds}, to stay within the budget)"
    written = {row["learner"]: row for row in JsonLines(tmp_path / "run" / "evaluations.jsonl").read()}
    assert written["gradient_boosting"]["left_out"]["note"].endswith("to stay within the budget")


def test_the_row_of_one_that_had_its_time_says_nothing(tmp_path: Path) -> None:
    expected = [f"baseline: {name}" for name in ("majority_class", "logistic_regression", "gradient_boosting")]
    assert titles(tmp_path / "run")[:3] == expected
