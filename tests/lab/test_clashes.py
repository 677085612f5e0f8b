"""Another distribution's `agents` is named as what it is, where it stands in the way."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agents import Random
from lab import Experiment, UsageError, registry
from lab.messages import clashes
from lab.messages.clashes import PACKAGES, clash, clashes_said
from lab.registry import tasks

ROOT = Path(__file__).parents[2]


def install(folder, distribution, package):
    """Install somebody else's package into a folder, and return that."""
    (folder / package).mkdir()
    (folder / package / "__init__.py").write_text("class Runner: ...\n")
    info = folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    (info / "top_level.txt").write_text(f"{package}\n")
    (info / "RECORD").write_text(f"{package}/__init__.py,,\n")
    return folder


@pytest.fixture
def foreign(tmp_path):
    """A folder in which somebody else's `agents` is installed."""
    return install(tmp_path, "openai-agents", "agents")


def test_all_packages_are_this_projects_here():
    assert clash(ROOT) is None
    # Each package that is installed, so that none is left out here.
    assert set(PACKAGES) == {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}


def test_a_package_that_is_found_elsewhere_is_named_with_who_provides_it(foreign, monkeypatch):
    monkeypatch.syspath_prepend(foreign)
    monkeypatch.setattr(clashes, "_place", lambda name: (foreign if name == "agents" else ROOT) / name)
    said = clash(ROOT)
    assert said is not None and f"'agents' is another of the distribution openai-agents, in {foreign}/agents" in said


def test_two_that_were_installed_into_one_folder_are_named(foreign, monkeypatch):
    monkeypatch.syspath_prepend(foreign)
    monkeypatch.setattr(clashes, "_place", lambda name: ROOT / name)
    said = clash(ROOT)
    assert said == f"the package 'agents' in {ROOT}/agents is mixed with that of the distribution openai-agents, " + (
        "installed under the same name"
    )


def test_an_import_that_fails_for_another_reason_is_raised_as_it_is():
    with pytest.raises(ImportError, match="^no such thing$"), clashes_said():
        raise ImportError("no such thing")


def test_a_learner_that_is_looked_up_by_name_fails_in_one_line(foreign, monkeypatch):
    monkeypatch.syspath_prepend(foreign)
    entry = registry._entry_points("lab.agents")["dqn"]
    monkeypatch.setattr(type(entry), "load", lambda self: __import__("agents").NoSuchAgent)
    with pytest.raises(UsageError, match=r"openai-agents.*NoSuchAgent.*Fix: give this project a virtual environment"):
        registry._loaded(entry, "learner")


@pytest.mark.parametrize("package", PACKAGES)
def test_an_experiment_fails_in_one_line_whichever_package_is_anothers(tmp_path, monkeypatch, package):
    monkeypatch.syspath_prepend(install(tmp_path, "some-lab", package))
    monkeypatch.setattr(clashes, "_place", lambda name: (tmp_path if name == package else ROOT) / name)
    # What makes the task imports from the package that is another's.
    monkeypatch.setattr(tasks, "resolve", lambda name: importlib.import_module("keras.no_such_module"))
    with pytest.raises(UsageError) as caught:
        Experiment(Random(), "CartPole-v1")
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"the package {package!r} is another of the distribution some-lab, in {tmp_path}")
    assert line.endswith("Fix: give this project a virtual environment of its own, and install it there.")


@pytest.mark.thorough
def test_the_command_says_so_in_one_line(foreign):
    path = os.pathsep.join((str(foreign), str(ROOT)))
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from lab.cli import main; sys.exit(main())",
            "train",
            "random",
            "CartPole-v1",
        ],
        cwd=foreign,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("lab: error: the package 'agents' is another of the distribution openai-agents, in ")
    assert line.endswith("Fix: give this project a virtual environment of its own, and install it there.")
