"""A sweep's files are data: held to a schema, never run."""

import html
import json
import shutil
import subprocess
import sys

import pytest

from lab import Sweep
from lab.errors import RunDirectoryError, UsageError
from lab.sweep.showing.page import write_sweep_report


@pytest.fixture
def copy(finished, tmp_path):
    directory = tmp_path / "stranger"
    shutil.copytree(finished.directory, directory)
    return directory


def begun(number, step_size, optimistic):
    settings = {"step_size": step_size, "repeats": 1, "optimistic": optimistic}
    return {"step": 0, "event": "begun", "trial": number, "settings": settings}


def edit(directory, **changes):
    path = directory / "sweep.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2}, {"trials": 10**9}, {"trials": "many"}, {"seeds": []}, {"seeds": [1, 1]},
        {"sampler": "os:system"},
        {"spaces": {"step_size": "0:1"}}, {"options": {}}, {"surprise": 1}, {"learner": 3}, {"steps": -1},
        {"options": {"num_envs": 1, "lane": "auto", "evaluate_every": 10**6}}, {"together": 0},
    ],
)  # fmt: skip
def test_a_plan_out_of_its_schema_is_one_error(copy, changes):
    edit(copy, **changes)
    for reader in (Sweep.open, Sweep.resume, write_sweep_report):
        with pytest.raises(RunDirectoryError, match="cannot be read"):
            reader(copy)


def test_a_learner_or_source_that_a_file_names_is_only_looked_up(copy):
    edit(copy, learner="os:system")
    with pytest.raises(UsageError, match="no learner is called 'os:system'"):
        Sweep.resume(copy)
    edit(copy, learner="tabular", source="antigravity:Space-v0")
    with pytest.raises(UsageError, match="would import the module 'antigravity'"):
        Sweep.resume(copy)
    assert "antigravity" not in sys.modules
    edit(copy, source="tests/Walk-v0", settings={"step_size": 7})
    with pytest.raises(RunDirectoryError, match="step_size received 7"):
        Sweep.resume(copy)


def test_a_space_that_the_learner_cannot_have_is_refused(copy):
    found = json.loads((copy / "sweep.json").read_text())["spaces"]
    edit(copy, spaces={**found, "repeats": {"low": -5, "high": 4, "log": False, "step": None}})
    with pytest.raises(UsageError, match="repeats received -5"):
        Sweep.resume(copy)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"step": 0, "event": "begun", "trial": 99, "settings": {"step_size": 0.5}}, "has the settings"),
        (begun(9, 9, True), "outside"),
        (begun(9, 0.5, 1), "outside"),
        ({"step": 0, "event": "begun", "trial": 10**7, "settings": {}}, "whole number"),
        ({"step": 0, "event": "boom"}, "event"),
        ({"step": 0, "event": "ended", "trial": 50, "state": "complete", "value": 1, "values": [], "reports": [],
          "reason": ""}, "never began"),
        ({"step": 0, "event": "ended", "trial": 1, "state": "great", "value": 1, "values": [], "reports": [],
          "reason": ""}, "state"),
        ({"step": 0, "event": "ended", "trial": 1, "state": "pruned", "value": 1, "values": [[1]], "reports": [],
          "reason": ""}, "values"),
    ],
)  # fmt: skip
def test_a_line_of_no_trial_of_this_sweep_is_refused(copy, line, words):
    with open(copy / "trials.jsonl", "a") as file:
        file.write(json.dumps(line) + "\n")
    with pytest.raises(RunDirectoryError, match=words):
        Sweep.open(copy)


def test_the_trials_of_another_sweep_are_refused(copy, finished):
    edit(copy, spaces={"discount": {"low": 0.1, "high": 0.9, "log": False, "step": None}})
    with pytest.raises(RunDirectoryError, match=r"trials.jsonl: trial 0 has the settings .* expected \['discount'\]"):
        Sweep.open(copy)


def test_links_are_not_followed(copy, tmp_path):
    (tmp_path / "elsewhere").write_text((copy / "trials.jsonl").read_text())
    (copy / "trials.jsonl").unlink()
    (copy / "trials.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunDirectoryError):
        Sweep.open(copy)


def test_a_page_escapes_what_a_file_says_and_runs_nothing(copy):
    edit(copy, source="<script>alert(1)</script>")
    lines = (copy / "trials.jsonl").read_text().splitlines()
    row = json.loads(next(line for line in lines if '"ended"' in line))
    row |= {"trial": 8, "state": "failed", "value": None, "reason": "<img src=x onerror=alert(2)>"}
    (copy / "trials.jsonl").write_text("\n".join([*lines, json.dumps(begun(8, 0.5, True)), json.dumps(row)]) + "\n")
    page = write_sweep_report(copy).read_text()
    assert "<script" not in page and "onerror=alert" not in page.replace("&lt;img src=x onerror=alert(2)&gt;", "")
    assert "default-src 'none'" in html.unescape(page) and "http://" not in page and "https://" not in page
    for name in ("history", "slices", "parallel"):
        assert (copy / "figures" / f"{name}.png").stat().st_size > 5_000
    with pytest.raises(UsageError, match="a name that ends in .html"):
        write_sweep_report(copy, copy / "page.txt")


def test_a_page_without_a_score_or_without_optuna(copy, monkeypatch):
    from lab.errors import MissingPackageError
    from lab.sweep.showing import importance

    def missing():
        raise MissingPackageError("a sweep needs Optuna")

    monkeypatch.setattr(importance, "optuna", missing)
    monkeypatch.setattr(importance, "LEAST", 1)
    # Two complete trials of different scores.
    lines = (copy / "trials.jsonl").read_text()
    (copy / "trials.jsonl").write_text(lines.replace('"state": "pruned"', '"state": "complete"'))
    assert "Which settings matter is left out" in write_sweep_report(copy).read_text()
    (copy / "trials.jsonl").unlink()
    assert "No trial has a score yet" in write_sweep_report(copy).read_text()


@pytest.mark.thorough
def test_opening_a_sweep_loads_neither_tensorflow_nor_a_learner(copy):
    code = (
        "import sys; from lab.sweep.showing.page import write_sweep_report as w; w(sys.argv[1]);"
        "sys.exit('tensorflow' in sys.modules or 'agents' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(copy)], check=False).returncode == 0
