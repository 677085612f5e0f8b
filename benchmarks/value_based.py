"""What DQN and its variants learn with the settings of `agents/tuned_settings.toml`, seed by seed.

    python benchmarks/value_based.py [--rows dqn:CartPole-v1,rainbow:lab/Catch-v0] [--seeds N] [--runs DIR] [--table]

`dqn` is what `lab train dqn ENVIRONMENT --tuned --seed S` does, in a process with one thread, fresh for each seed or,
in the compiled lane, for a batch of seeds (`Experiment.train_many`). Every other row is the same settings with what its
name says switched on or off: `vanilla` is the agent of Mnih et al. 2015, one network that selects and values, and one
step of reward; `rainbow` has the settings of its own that the file names. CartPole without speeds
(`positions_only.py`) is for `recurrent_dqn`, which has memory for them, and for `dqn`, which has none; both by their
defaults, but for three steps of reward of the latter. Judged are the weights that training ended with, acting without
chance, in 100 episodes that neither training nor any choice has seen; nothing is selected. Settings were chosen on
seeds from 100 on; reported are seeds from 0 on. Intervals are those of rliable, over runs.
`zoo` is what rl-baselines3-zoo publishes for its DQN after as many steps (`benchmark.md`: one run each).

A run that was killed goes on from its last checkpoint below --runs, and what the results file has is not run again, but
where the settings have changed: then the row begins anew. LunarLander takes the extra `box2d`; rows whose package is
missing are left out, and that is said. --table prints the table of what is there, and runs nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import positions_only
from learnt_rows import Row, Table

from agents import Tuned, tuned
from agents.tuned_settings import known

# Environments, with what was aimed at and what the zoo's DQN has, and the module that they take.
ENVIRONMENTS: dict[str, tuple[float | None, float | None, str]] = {
    "CartPole-v1": (500.0, 500.0, "gymnasium"),
    "Acrobot-v1": (-80.0, -76.6, "gymnasium"),
    "MountainCar-v0": (-105.0, -100.8, "gymnasium"),
    "LunarLander-v3": (200.0, 154.4, "Box2D"),
    "lab/Catch-v0": (None, None, "gymnasium"),
    "lab/Breakout-v0": (None, None, "gymnasium"),
    "lab/Snake-v0": (None, None, "gymnasium"),
    "lab/Asterix-v0": (None, None, "gymnasium"),
}
# What each switches; None stands for the default, where the tuned value would not be read.
UNREAD = dict.fromkeys(("pessimism", "huber_delta"))
VARIANTS: dict[str, dict[str, Any]] = {
    "vanilla": {"double": False, "pessimism": None, "n_steps": 1},
    "double": {"double": True, "pessimism": 0.0},
    "dueling": {"dueling": True},
    "one_step": {"n_steps": 1},
    "n_step": {"n_steps": 3},
    "prioritised": {"prioritised": True},
    "c51": {"distribution": "categorical", **UNREAD},
    "qr": {"distribution": "quantile", **UNREAD},
    "iqn": {"distribution": "implicit", **UNREAD},
    "noisy": {"noisy": True, **dict.fromkeys(("epsilon_start", "epsilon_end", "epsilon_steps"))},
    "munchausen": {"munchausen": True, "n_steps": 1, "double": None, "pessimism": None},
}


def rows() -> list[Row]:
    """Return every agent in every environment that has tuned settings of DQN: what the file has before variants."""
    found, others = [], []
    for environment, (goal, zoo, needs) in ENVIRONMENTS.items():
        if environment not in known()["dqn"]:
            continue
        together = 1 if needs == "Box2D" else 5
        agents = [agent for agent in ("dqn", "rainbow") if environment in known()[agent]]
        found += [Row(agent, environment, goal, zoo, needs=needs, together=together) for agent in agents]
        for variant, changes in VARIANTS.items():
            own = changed(environment, changes)
            others.append(Row("dqn", environment, goal, zoo, needs=needs, together=together, own=own, variant=variant))
    hidden = Tuned(steps=100_000, num_envs=1, settings={})
    found.append(Row("recurrent_dqn", positions_only.NAME, 400.0, None, together=5, own=hidden))
    found.append(Row("dqn", positions_only.NAME, None, None, together=5, own=Tuned(100_000, 1, {"n_steps": 3})))
    return [*found, *others]


def changed(environment: str, changes: dict[str, Any]) -> Tuned:
    """Return the tuned settings of DQN with some changed, and the range of returns where they need one."""
    base, settings = tuned("dqn", environment), dict(changes)
    if settings.get("distribution") == "categorical" and environment in known()["rainbow"]:
        ends = tuned("rainbow", environment).settings
        settings |= {name: ends[name] for name in ("value_min", "value_max") if name in ends}
    whole = {**base.settings, **settings}
    return Tuned(base.steps, base.num_envs, {name: value for name, value in whole.items() if value is not None})


TABLE = Table(
    rows=rows(),
    heading="What the value-based agents learn",
    source="By `benchmarks/value_based.py`; settings in `agents/tuned_settings.toml`.",
    results=Path(__file__).parent / "results" / "value_based.json",
    runs=Path("runs/value_based"),
    first_seed=0,
    prepare="from benchmarks import positions_only; positions_only.register()",
)

if __name__ == "__main__":
    TABLE.main(__doc__)
