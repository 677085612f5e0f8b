"""`lab sweep`, and `lab resume` and `lab report` of a sweep."""

import json

import pytest

from lab import Experiment
from lab.errors import RunDirectoryError
from lab.sweep import Sweep
from lab.sweep.suggesting import samplers
from tests.lab.sweep.tabular import WALK

ARGUMENTS = (
    "tests.lab.sweep.tabular:Tabular",
    WALK,
    "--steps",
    120,
    "--evaluate-every",
    60,
    "--trials",
    3,
    "--sampler",
    "random",
)


def test_a_sweep_is_begun_resumed_and_reported(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    space = tmp_path / "space.toml"
    space.write_text("[search]\nrepeats = [1, 2]\n")
    status, out, err = command("sweep", *ARGUMENTS, "--search", "step_size=0.1:0.9", "--space", space, "--set",
                               "discount=0.8", "--seeds", 2, "--together", 2, "--run", "found")  # fmt: skip
    assert (status, err) == (0, "")
    assert "search   step_size in 0.1:0.9" in out and "search   repeats in 1, 2" in out
    assert "trials   3: 3 complete" in out and "next     lab report found" in out
    assert "best     trial-000" in out and "next     lab evaluate found/trial-000" in out
    assert "--learner tests.lab.sweep.tabular:Tabular" in out
    found = Sweep.open("found")
    assert found.plan.settings["discount"] == 0.8 and found.plan.seeds == [0, 1]

    lines = (tmp_path / "found" / "trials.jsonl").read_text().splitlines()
    kept = [line for line in lines if json.loads(line).get("trial", 0) < 2 or "begun" in line]
    (tmp_path / "found" / "trials.jsonl").write_text("\n".join(kept) + "\n")
    status, out, err = command("resume", "found")
    assert status == 0 and "resumed  found: 2 of 3 trials have ended" in out and "trial-0002 complete" in out
    assert (tmp_path / "found" / "trials.jsonl").read_text().splitlines() == lines
    assert command("resume", "found", "--steps", 5)[0] == 2
    assert "the runs of a sweep log to no service" in command("resume", "found", "--log", "tensorboard")[2]
    assert command("resume", "found", "--learner", "tests.lab.sweep.tabular:Tabular")[0] == 0

    status, out, err = command("report", "found")
    assert status == 0 and out.strip().endswith("found/report.html")
    assert command("report", "found", "found/trial-0000")[0] == 2
    # A trial is a directory of runs, and each a run.
    assert command("report", "found/trial-0000", "-o", "page.html")[0] == 0
    status, out, _ = command("evaluate", "found/trial-0001/seed-1", "--episodes", 2, "--json")
    assert status == 0 and json.loads(out)["episodes"] == 2
    # A sweep stands for its best trial's first run.
    best = Sweep.open("found").best
    status, out, err = command("evaluate", "found", "--episodes", 2, "--json")
    assert status == 0 and json.loads(out)["episodes"] == 2
    assert f"its best trial, {best.number}: found/{best.path.name}/seed-0" in err
    assert command("diff", "found", f"found/{best.path.name}/seed-0")[0] == 0
    with pytest.raises(RunDirectoryError, match="holds a sweep. Fix: name a run of it"):
        Experiment.open("found")
    (tmp_path / "found" / "trials.jsonl").write_text(lines[0] + "\n")
    status, _, err = command("evaluate", "found")
    assert status == 2 and "no trial is complete. Fix: `lab resume found`" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--search", "speed"), "no setting is called 'speed'"),
        ((), "name what to look for"),
        (("--search", "step_size=1:0.5"), "LOW < HIGH"),
        (("--search", "discount=0:1:log"), "LOW > 0 beside log"),
        (("--search", "step_size", "--set", "step_size=2"), "step_size received 2.0"),
        (("--search", "step_size", "--trials", "0"), "expected a whole number > 0"),
        (("--search", "step_size", "--sampler", "grid"), "invalid choice"),
        (("--space", "none.toml"), "cannot be read"),
    ],
)
def test_bad_input_is_one_line(command, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    status, _, err = command("sweep", *ARGUMENTS, *arguments)
    assert status == 2 and words in err and len(err.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_no_optuna_names_the_line_that_installs_it(command, tmp_path, monkeypatch):
    monkeypatch.setattr(samplers.importlib, "import_module", lambda name: (_ for _ in ()).throw(ImportError(name)))
    status, _, err = command("sweep", *ARGUMENTS, "--search", "step_size", "--run", tmp_path / "a")
    assert status == 2 and "pip install 'keras-lab[tune]'" in err
    assert not list(tmp_path.iterdir())
