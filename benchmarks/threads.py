"""DQN on CartPole-v1, compiled lane, with one thread an operation and with TensorFlow's own choice, by network width.

The sides take turns in fresh processes that may use every processor; start-up and compilation are left out. Why agents
ask for one thread: see `lab.runtime.threads`.

    python benchmarks/threads.py [--pairs 3] [--output FILE]
"""

from __future__ import annotations

import os
import sys
from typing import Any

import paired

SCRIPT = """
import json, math, os, time
os.environ.pop("TF_NUM_INTRAOP_THREADS", None)
import tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads({threads})
tf.zeros(1)
from agents import DQN
from lab import Experiment
agent = DQN(hidden_sizes=({width}, {width}), update_every=10, updates_per_round=1, double=False, huber_delta=math.inf,
            learning_rate=2.5e-4, learning_rate_end=2.5e-4, average_decay=0.0)
experiment = Experiment(agent, "CartPole-v1", num_envs=10, lane="compiled", progress=False, log_every=10_000)
experiment.train(2_000)
began = time.perf_counter()
experiment.train({steps})
print(json.dumps({steps} / (time.perf_counter() - began)))
"""

STEPS = {64: 60_000, 256: 20_000, 1024: 2_000}


def main() -> None:
    """Measure both sides at each width and print a table and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.set_defaults(pairs=3)
    options = parser.parse_args()
    result: dict[str, Any] = {"cores": len(os.sched_getaffinity(0)), "pairs": options.pairs}
    for width, steps in STEPS.items():
        measured: dict[str, list[float]] = {"TensorFlow's own choice": [], "one thread": []}
        for _ in range(options.pairs):
            for (side, values), threads in zip(measured.items(), (0, 1), strict=True):
                code = SCRIPT.format(width=width, steps=steps, threads=threads)
                speed: Any = paired.run(f"width {width}, {side}", sys.executable, code, 0)
                values.append(speed)
        print(f"two layers of {width} units, {result['cores']} cores")
        result[str(width)] = paired.table(measured, "TensorFlow's own choice", "steps/s")
    paired.write(result, options.output)


if __name__ == "__main__":
    main()
