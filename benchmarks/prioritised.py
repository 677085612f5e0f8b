"""What prioritised replay of many rows costs beside uniform, an update at a time, in both lanes.

    python benchmarks/prioritised.py [--rows 1000000] [--updates 300] [--pairs 5] [--threads 1] [--output FILE.json]

DQN's default network (128-128), batch 64, CartPole-v1. The replay is full of made-up rows with random priorities, so
that nothing waits for a million steps. Host lane: a round of ten updates, as DQN's defaults have it, and of one.
Compiled lane: whole steps of one environment with an update each. Microseconds of processor time, both in turn.
"""

from __future__ import annotations

import dataclasses
import os
import time
from typing import Any

import paired


def main() -> None:
    """Measure all sides in turn and print a table and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--updates", type=int, default=300)
    options = parser.parse_args()
    # TensorFlow reads them as it is loaded.
    os.environ.update(paired.limits(options.threads))
    result: dict[str, Any] = {"threads": options.threads, "rows": options.rows, "pairs": options.pairs}
    for side in ("host, 10 updates a round", "host, 1 update a round", "compiled, 1 update a step"):
        updates = 10 if "10" in side else 1
        sides = {
            name: (_compiled if side.startswith("compiled") else _host)(name, options.rows, updates)
            for name in ("uniform", "prioritised")
        }
        costs: dict[str, list[float]] = {name: [] for name in sides}
        for pair in range(options.pairs + 1):
            for name, update in sides.items():
                began = time.process_time()
                update(options.updates)
                if pair:  # The first compiles.
                    costs[name].append((time.process_time() - began) / options.updates * 1e6)
        print(side)
        result[side] = paired.table(costs, "uniform", "us an update")
    paired.write(result, options.output)


def _agent(name: str, rows: int, updates: int) -> Any:
    from agents import DQN
    from agents.replay import Prioritised

    class Measured(DQN):
        """DQN with another sampler."""

        def experience(self) -> Any:
            return dataclasses.replace(super().experience(), sampler=Prioritised())

    kind = Measured if name == "prioritised" else DQN
    return kind(replay_capacity=rows, update_every=1, updates_per_round=updates, learning_starts=1)


def _host(name: str, rows: int, updates: int) -> Any:
    import numpy as np

    from lab import Experiment

    experiment = Experiment(_agent(name, rows, updates), "CartPole-v1", seed=1, lane="host", progress=False)
    agent, memory = experiment.learner, experiment.learner.memory
    state, rng = memory.get_state(), np.random.default_rng(1)
    state["rows"] = rng.random((rows, memory.storage.layout.width), np.float32)
    if name == "prioritised":
        state["sampler"]["priorities"] = rng.random(rows, np.float32)
    memory.set_state(state)
    agent.begin_training()

    def update(number: int) -> None:
        for _ in range(number // updates):
            memory._round(agent)

    return update


def _compiled(name: str, rows: int, updates: int) -> Any:
    import tensorflow as tf

    from lab import Experiment
    from lab.task import Control

    experiment = Experiment(_agent(name, rows, updates), "CartPole-v1", seed=1, lane="compiled", progress=False)
    task = experiment.task
    memory = task.program.memory
    held = memory.stored(task.state.memory)
    stored = held.stored._replace(rows=tf.random.uniform(held.stored.rows.shape, seed=1), size=tf.constant(rows))
    held = held._replace(stored=stored)
    if name == "prioritised":
        held = held._replace(sampler=(tf.random.uniform((rows,), seed=2), tf.ones(())))
    task.state = task.state._replace(memory=memory.restored(held))
    return lambda number: task.advance(number, Control())


if __name__ == "__main__":
    main()
