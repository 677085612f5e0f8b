"""How runs on one page are told apart."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lab.reporting.compared.grouping import grouped, headings


def record(rate: float, seed: int = 0) -> Any:
    config = {"source": "CartPole-v1", "num_envs": 1, "lane_used": "host", "steps": 100}
    return SimpleNamespace(
        learner="dqn", source="CartPole-v1", config=config, settings={"learning_rate": rate}, seed=seed, task={},
        path=Path(f"run-{rate}-{seed}"),
    )  # fmt: skip


def test_settings_that_differ_stand_with_four_digits():
    runs = [record(0.013679526756304213), record(0.0035255166782033344)]
    assert headings(runs) == ["dqn on CartPole-v1, learning_rate 0.01368", "dqn on CartPole-v1, learning_rate 0.003526"]
    assert [group.name for group in grouped(runs)] == ["dqn, learning_rate 0.01368", "dqn, learning_rate 0.003526"]


def test_where_four_digits_are_alike_all_stand():
    runs = [record(0.0100001), record(0.0100002), record(0.02)]
    names = [group.name for group in grouped(runs)]
    assert names == ["dqn, learning_rate 0.0100001", "dqn, learning_rate 0.0100002", "dqn, learning_rate 0.02"]


def test_runs_that_differ_in_the_seed_alone_are_one_group():
    runs = [record(0.1), record(0.1, seed=1)]
    assert [(group.name, [i for i, _ in group.runs]) for group in grouped(runs)] == [("dqn", [1, 2])]
    assert headings(runs) == ["dqn on CartPole-v1, seed 0", "dqn on CartPole-v1, seed 1"]
