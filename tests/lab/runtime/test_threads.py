"""A process's first use of TensorFlow decides its threads, so each case has a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

SCRIPT = """
import json, sys
{before}
from lab import Experiment
from agents import Random
from generative import Autoencoder
from lab.runtime.threads import threads_in_use
run = sys.argv[1]
{main}
print(threads_in_use(), json.load(open(run + "/config.json"))["threads"])
"""
AGENT = "Experiment(Random(), 'CartPole-v1', run_dir=run, progress=False).train(4)"
GENERATOR = "Experiment(Autoencoder(hidden_sizes=(8,)), 'digits', run_dir=run, progress=False).train(1)"
RESUME = "Experiment.resume(run, progress=False).train(4)"


def threads(tmp_path, main, before="", variable=None):
    script = SCRIPT.format(before=before, main=main)
    environment = {k: v for k, v in os.environ.items() if k != "TF_NUM_INTRAOP_THREADS"}
    if variable:
        environment["TF_NUM_INTRAOP_THREADS"] = variable
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "run")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split()


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("main", "before", "expected"),
    [
        (AGENT, "import tensorflow as tf; tf.config.threading.set_intra_op_parallelism_threads(3)", "3"),
        (AGENT, "import tensorflow as tf; tf.zeros(1)", "0"),
        (GENERATOR, "", "0"),
    ],
)
def test_who_has_decided_keeps_the_threads_and_generators_have_all(tmp_path, main, before, expected):
    assert threads(tmp_path, main, before) == [expected, expected]


@pytest.mark.thorough
def test_a_resumed_run_has_the_threads_it_began_with(tmp_path):
    threads(tmp_path, AGENT, variable="2")
    assert json.loads((tmp_path / "run" / "config.json").read_text())["threads"] == 2
    assert threads(tmp_path, RESUME) == ["2", "2"]


@pytest.mark.thorough
def test_agents_have_one_thread_and_compiled_programs_a_logical_cpu_and_its_threads_for_each_processor(tmp_path):
    shown = """
import os, tensorflow as tf
from lab.runtime.threads import logical_cpus, processors
print(len(set(logical_cpus())), processors(), os.environ.get("TF_OVERRIDE_GLOBAL_THREADPOOL"), end=" ")
"""
    found = threads(tmp_path, AGENT + shown)
    count = len(os.sched_getaffinity(0))
    assert found[:2] == [str(count)] * 2
    assert found[2] == ("1" if count > 1 else "None")
    assert found[3:] == ["1", "1"]
