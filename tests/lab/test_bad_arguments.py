"""What somebody may give by mistake from Python is one clear error, before anything is written."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

from agents import DQN, Random
from agents.episodes import record
from generative import VAE
from lab import Experiment, UsageError, registry
from lab.callbacks import EarlyStopping


def random(**keywords: Any) -> Experiment:
    return Experiment(Random(), "CartPole-v1", progress=False, **keywords)


class Bare(gymnasium.Env[Any, Any]):
    """Declares no spaces."""


CALLS: dict[str, tuple[Any, str]] = {
    "environment": (lambda run: Experiment(Random(), Bare), "Bare with the observation_space None"),
    "callback": (lambda run: random(callbacks=EarlyStopping()), "expected a list of callbacks"),
    "run": (lambda run: random(run_dir=3), "run directory received 3; expected a path"),
    "load": (lambda run: DQN.load(None), "run directory received None"),  # type: ignore[arg-type]
    "picture": (lambda run: random().render(3), "path received 3"),  # type: ignore[arg-type]
    "class": (lambda run: Experiment.resume(run, learner=Random), "expected a random like"),  # type: ignore[arg-type]
    "learner": (lambda run: Experiment.resume(run, learner=VAE()), "expected a random like the run's"),
    "seeds": (lambda run: random().train_many(3), "seeds received 3; expected a list"),  # type: ignore[arg-type]
    "settings": (lambda run: random().train_many([1], settings={"a": 1}), "expected a list"),  # type: ignore[arg-type]
    "setting": (lambda run: random().train_many([1], settings=["a"]), "a dict of settings"),  # type: ignore[list-item]
    "epsilon": (lambda run: record(Random(), "CartPole-v1", epsilon="a"), "a probability"),  # type: ignore[arg-type]
    "nan": (lambda run: record(Random(), "CartPole-v1", epsilon=float("nan")), "a probability"),
    "rows": (lambda run: random().learner.act([[1, 2], [3]]), "rows of different shapes"),  # type: ignore[attr-defined]
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad") / "run"
    random(run_dir=folder).train(20)
    return folder


@pytest.mark.parametrize("name", CALLS)
def test_it_is_one_clear_error(name: str, run: Path) -> None:
    call, words = CALLS[name]
    with pytest.raises(UsageError, match=words) as caught:
        call(run)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


def test_a_learner_with_other_settings_names_the_first_that_differs(tmp_path: Path) -> None:
    Experiment(DQN(hidden_sizes=(4,)), "CartPole-v1", lane="host", run_dir=tmp_path / "run", progress=False).train(20)
    with pytest.raises(UsageError, match=r"learner.config.discount received 0.5; expected 0.99 as in the run"):
        Experiment.resume(tmp_path / "run", learner=DQN(hidden_sizes=(4,), discount=0.5))


def test_an_entry_point_of_a_package_that_was_moved_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    stale = importlib.metadata.EntryPoint("stale", "nowhere.at_all:load", "lab.datasets")
    monkeypatch.setattr(registry, "_entry_points", lambda group: {"stale": stale})
    with pytest.raises(UsageError, match=r"'stale' cannot be loaded from nowhere.at_all:load: .*Fix: install"):
        registry.find("stale", "lab.datasets", what="dataset")


def test_observations_may_be_lists_and_of_another_precision() -> None:
    agent: Any = random().learner
    assert agent.act([0, 0, 0, 0]) in (0, 1)
    assert agent.act(np.zeros((3, 4))).shape == (3,)
