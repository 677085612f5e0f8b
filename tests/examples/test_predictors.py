"""The examples of predictors, run as users run them but in this process."""

import json
import runpy
import sys

import pytest

from tests.contracts import EXAMPLES

SCRIPTS = ("custom_layer", "own_predictor", "subclassed_model", "two_inputs")


def test_every_example_of_predictors_is_run():
    assert sorted(path.stem for path in (EXAMPLES / "predictors").glob("*.py")) == sorted(SCRIPTS)


@pytest.mark.thorough
@pytest.mark.parametrize("name", SCRIPTS)
def test_an_example_trains_and_is_evaluated(name, tmp_path, monkeypatch, capsys):
    run = tmp_path / "run"
    monkeypatch.setattr(sys, "argv", [name, "60", str(run)])
    runpy.run_path(str(EXAMPLES / "predictors" / f"{name}.py"), run_name="__main__")
    rows = [json.loads(line) for line in (run / "evaluations.jsonl").read_text().splitlines()]
    assert rows[-1]["purpose"] == "report" and rows[-1]["step"] == 60
    main = "digit_accuracy" if name == "two_inputs" else "accuracy"
    # Of ten classes; a chance hit is a tenth.
    assert rows[-1][main] > 0.3
    assert "Evaluation(step=60" in capsys.readouterr().out


def test_a_predictor_of_ones_own_has_thirty_lines():
    lines = (EXAMPLES / "predictors" / "own_predictor.py").read_text().splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("class Prototypes"))
    end = next(i for i in range(begin, len(lines)) if lines[i].startswith("if __name__"))
    assert len([line for line in lines[begin:end] if line.strip()]) <= 30
