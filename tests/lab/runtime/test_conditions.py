"""What a run was computed with is kept, and said where a resumed run is computed with something else."""

import json
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from agents import Random
from lab import Experiment, UsageError
from lab.runtime import conditions
from lab.runtime.threads import start_tensorflow, threads_in_use
from tests.agents.helpers import Counter

ROOT = Path(__file__).parents[3]


@pytest.fixture
def run(tmp_path):
    Experiment(Random(), Counter, run_dir=tmp_path / "run", checkpoint_every=10, progress=False).train(20)
    return tmp_path / "run"


def config_of(run):
    return json.loads((run / "config.json").read_text())


def go_on(run):
    experiment = Experiment.resume(run, source=Counter, progress=False)
    experiment.train(10)
    experiment.close()


def test_equal_conditions_are_resumed_without_a_word_and_recorded_once(run):
    first = config_of(run)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        go_on(run)
    assert config_of(run)["conditions"] == first["conditions"] and len(first["conditions"]) == 1
    assert {"threads", "logical_cpus", "gpus", "onednn", "processor", "versions", "step"} <= first["conditions"][
        0
    ].keys()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"threads": 7}, "threads an operation {threads} then, 7 now"),
        ({"logical_cpus": 9}, "logical CPUs .* then, 9 now"),
        ({"onednn": "0"}, "TF_ENABLE_ONEDNN_OPTS (unset|1) then, 0 now"),
        ({"processor": "x86_64 avx"}, "processor features .* then, x86_64 avx now"),
        ({"versions": {"tensorflow": "9.9"}}, "tensorflow .* then, 9.9 now"),
    ],
)
def test_other_conditions_are_said_once_and_the_runs_own_are_kept(run, monkeypatch, changes, words):
    first, real = config_of(run), conditions.conditions()
    now = {**real, **changes, "versions": {**real["versions"], **changes.get("versions", {})}}
    monkeypatch.setattr(conditions, "conditions", lambda: now)
    with pytest.warns(UserWarning, match=words.format(**real) + r"(; .*)?: last bits may differ") as seen:
        go_on(run)
    assert len([w for w in seen if "last bits" in str(w.message)]) == 1
    after = config_of(run)
    assert (after["threads"], after["versions"]) == (first["threads"], first["versions"]), "not written over"
    assert [part["step"] for part in after["conditions"]] == [0, 20] and after["conditions"][1] == {"step": 20, **now}
    with warnings.catch_warnings():
        # The newest part is what its last bits are of.
        warnings.simplefilter("error")
        go_on(run)
    assert config_of(run)["conditions"] == after["conditions"]


def test_a_run_of_before_conditions_were_recorded_is_compared_by_what_it_has(run):
    config = config_of(run)
    del config["conditions"]
    (run / "config.json").write_text(json.dumps({**config, "threads": config["threads"] + 3}))
    with pytest.warns(UserWarning, match="threads an operation .* last bits may differ"):
        go_on(run)
    assert config_of(run)["threads"] == config["threads"] + 3


def test_control_bytes_of_a_file_do_not_reach_the_terminal():
    now = conditions.conditions()
    (words,) = conditions.differences({"processor": "\x1b[31mred"}, now)
    assert "\x1b" not in words and "?[31mred then" in words


@pytest.mark.parametrize("threads", [0, -1, 1025, 10**12, 1.5, "2", True])
def test_threads_out_of_any_sensible_range_are_refused(threads):
    with pytest.raises(UsageError, match="threads received .*; expected a whole number from 1 to 1024"):
        start_tensorflow(threads)


@pytest.mark.parametrize("variable", ["many", "-2", "1e3", "100000", "²"])
def test_the_variable_is_checked(monkeypatch, variable):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", variable)
    with pytest.raises(UsageError, match="TF_NUM_INTRAOP_THREADS received .*; expected a whole number from 0 to 1024"):
        threads_in_use()


@pytest.mark.thorough
def test_a_resumed_process_has_as_many_logical_cpus_as_the_runs_had(tmp_path):
    """A generator's process has one; with one thread from the environment, resuming had cut it into several."""
    script = """
import os, sys, warnings
os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
from lab import Experiment
from tests.generative.tiny import Tiny, images
data = images(40, (8, 8, 3))
if sys.argv[2] == "train":
    Experiment(Tiny(), data, run_dir=sys.argv[1], progress=False).train(4)
else:
    warnings.simplefilter("error")
    Experiment.resume(sys.argv[1], source=data, progress=False).train(4)
"""
    run = tmp_path / "run"
    for what in ("train", "resume"):
        done = subprocess.run([sys.executable, "-c", script, str(run), what], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
    assert len(json.loads((run / "config.json").read_text())["conditions"]) == 1
