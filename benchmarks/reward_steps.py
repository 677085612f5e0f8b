"""What three steps of reward cost DQN beside one: steps per second of whole training, in both lanes.

    python benchmarks/reward_steps.py [--lanes host compiled] [--pairs 5] [--threads 1] [--output FILE.json]

`DQN` on CartPole-v1 by its defaults but for that; each side in a fresh process, warmed up past its first updates, in
turn. Processor seconds, so that other work on the machine counts for little.
"""

from __future__ import annotations

import sys
from typing import Any

import paired

SCRIPT = """
import json, time
from agents import DQN
from lab import Experiment
experiment = Experiment(DQN(n_steps={n_steps}, learning_rate_steps=50_000, epsilon_steps=8_000), "CartPole-v1",
                        seed={seed}, lane="{lane}", progress=False)
experiment.train(2_000)
began = time.process_time()
experiment.train({steps})
print(json.dumps(dict(speed={steps} / (time.process_time() - began))))
"""
STEPS = {"host": 20_000, "compiled": 40_000}


def main() -> None:
    """Measure both sides of each lane in turn and print a table for each and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.add_argument("--lanes", nargs="+", choices=tuple(STEPS), default=list(STEPS))
    options = parser.parse_args()
    result: dict[str, Any] = {"threads": options.threads, "pairs": options.pairs}
    for lane in options.lanes:
        speeds: dict[str, list[float]] = {"one step": [], "three steps": []}
        for seed in range(options.pairs):
            for side, n_steps in (("one step", 1), ("three steps", 3)):
                code = SCRIPT.format(n_steps=n_steps, seed=seed, lane=lane, steps=STEPS[lane])
                speeds[side].append(paired.run(side, sys.executable, code, options.threads)["speed"])
        print(lane)
        result[lane] = paired.table(speeds, "one step", "steps a processor second")
    paired.write(result, options.output)


if __name__ == "__main__":
    main()
