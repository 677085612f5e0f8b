"""An evaluation in the compiled lane is several short calls, and the same however it is cut."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from agents import DQN
from agents.training.programs import program
from lab import Experiment


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    return Experiment(DQN(hidden_sizes=(8,)), "lab/CartPole-v1", lane="compiled", progress=False)


@pytest.mark.thorough
def test_where_an_evaluation_is_cut_changes_no_number(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {}
    for steps in (3, 10_000):
        monkeypatch.setattr(program, "FIRST_CALL", steps)
        monkeypatch.setattr(program.time, "perf_counter", iter(range(10**6)).__next__)
        found[steps] = experiment.task.evaluate(episodes=20)
    assert found[3] == found[10_000] and found[3]["max"] > 12


@pytest.mark.thorough
def test_a_signal_is_heard_between_the_calls(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "FIRST_CALL", 3)
    task: Any = experiment.task
    whole, calls = type(task.program).play_until, []

    def counted(self: Any, *arguments: Any) -> Any:
        calls.append(int(arguments[-1]))
        if len(calls) == 2:
            signal.raise_signal(signal.SIGTERM)
        return whole.__get__(self, type(self))(*arguments)

    monkeypatch.setattr(type(task.program), "play_until", counted)
    with pytest.raises(SystemExit) as caught:
        experiment.evaluate(episodes=20)
    assert caught.value.code == 143 and len(calls) == 2
