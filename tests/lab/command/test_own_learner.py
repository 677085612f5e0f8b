"""Learners and environments of others, by the user's word."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import gymnasium
import pytest

from lab import registry
from lab.runs.opening import sources

MODULE = '''
from pathlib import Path
import numpy as np
from agents import Agent

Path(__file__).with_name("executed").touch()


class Still(Agent):
    """Does always the same."""

    learns = False

    def act_batch(self, observations, explore=False):
        return np.zeros(len(observations), int)


class DQN(Still):
    """Has the name of an installed one."""


thing = 3
'''


@pytest.fixture
def lab(command: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_agents.py").write_text(MODULE)
    monkeypatch.setattr(sources, "_given", set())
    yield command
    forget()


def forget() -> None:
    """Be as a new process, that knows nothing of the module."""
    sys.modules.pop("own_agents", None)
    for name in ("still", "dqn"):
        registry._defined.get("lab.agents", {}).pop(name, None)


def test_a_learner_of_ones_own_is_trained_and_opened_by_its_class(lab: Any, tmp_path: Path) -> None:
    run = tmp_path / "run"
    status, out, err = lab("train", "own_agents:Still", "CartPole-v1", "--steps", 20, "--run", run)
    assert status == 0 and "--learner own_agents:Still" in out, err
    assert json.loads((run / "config.json").read_text())["learner"] == "still"
    forget()
    (tmp_path / "executed").unlink()
    for arguments in (("evaluate", run), ("resume", run, "--steps", 5), ("render", run)):
        status, _, err = lab(*arguments)
        assert status == 2 and "the learner 'still', which neither this program nor an installed package defines" in err
        assert "`--learner MODULE:CLASS`" in err and len(err.splitlines()) == 1
    status, _, err = lab("train", "--config", run / "settings.toml")
    assert status == 2 and "no learner is called 'still'" in err
    assert not (tmp_path / "executed").exists()
    word = ("--learner", "own_agents:Still")
    assert lab("evaluate", run, "--episodes", 2, *word)[0] == 0
    forget()
    status, out, err = lab("resume", run, "--steps", 5, *word)
    assert status == 0 and "trained  25 environment steps" in out, err
    forget()
    status, _, err = lab("train", "own_agents:Still", "--config", run / "settings.toml", "--steps", 5)
    assert status == 0 and (tmp_path / "runs" / "still-CartPole-v1-seed0").is_dir(), err


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("own_agents:Nobody", "own_agents has no 'Nobody'"),
        ("own_agents:thing", "expected module:Class with a subclass of Agent"),
        ("own_agents:Agent", "expected module:Class with a subclass of Agent"),
        ("own_agents:DQN", "would be called 'dqn', as an installed one is"),
        ("own_agents:", "expected module:Class"),
        ("nowhere_at_all:X", "the module 'nowhere_at_all' cannot be imported"),
        ("../own:X", "expected a dotted name"),
    ],
)
def test_what_is_no_learner_is_refused(lab: Any, tmp_path: Path, name: str, message: str) -> None:
    status, out, err = lab("train", name, "CartPole-v1", "--steps", 5)
    assert status == 2 and message in err and out == "" and len(err.splitlines()) == 1, err
    assert not (tmp_path / "runs").exists()


def test_the_class_must_be_that_of_the_run(lab: Any, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert lab("train", "random", "CartPole-v1", "--steps", 5, "--run", run)[0] == 0
    status, _, err = lab("evaluate", run, "--learner", "own_agents:Still")
    assert status == 2 and "expected the class of its learner, 'random'" in err
    assert lab("evaluate", run, "--learner", "agents:Random", "--episodes", 2)[0] == 0


ALE = """
from pathlib import Path
import gymnasium
Path(__file__).with_name("loaded").touch()
gymnasium.register("ALE/Stand-v5", "gymnasium.envs.classic_control:CartPoleEnv", max_episode_steps=20)
"""


@pytest.fixture
def ale(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Install a package of the name of ale-py, which registers one environment, in place of a real one."""
    folder = tmp_path / "installed"
    folder.mkdir()
    (folder / "ale_py.py").write_text(ALE)
    real = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "ale_py"}
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    sys.modules.pop("ale_py", None)
    sys.modules.update(real)
    gymnasium.registry.pop("ALE/Stand-v5", None)


def test_ales_package_is_imported_by_the_users_command_and_never_by_a_file(lab: Any, ale: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert lab("train", "random", "CartPole-v1", "--steps", 5, "--run", run)[0] == 0
    assert not (ale / "loaded").exists()
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({**config, "source": "ALE/Stand-v5"}))
    for arguments in (("evaluate", run), ("resume", run, "--steps", 5), ("render", run)):
        status, _, err = lab(*arguments)
        assert status == 2 and "would import the module 'ale_py'" in err and "--source ALE/Stand-v5" in err, err
    (tmp_path / "file.toml").write_text("learner = 'random'\nsource = 'ALE/Stand-v5'")
    assert "would import the module 'ale_py'" in lab("train", "--config", "file.toml")[2]
    assert lab("list", "environments")[0] == 0
    assert not (ale / "loaded").exists()
    status, out, err = lab("train", "random", "ALE/Stand-v5", "--steps", 5)
    assert status == 0 and "--source ALE/Stand-v5" in out, err
    assert (ale / "loaded").exists()


def test_a_namespace_whose_package_is_missing_is_named(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "REGISTERED_BY", {"ALE": "no_such_package_as_this"})
    monkeypatch.delitem(gymnasium.registry, "ALE/Pong-v5", raising=False)
    status, _, err = lab("train", "random", "ALE/Nothing-v5")
    assert status == 2 and len(err.splitlines()) == 1 and "ALE" in err
