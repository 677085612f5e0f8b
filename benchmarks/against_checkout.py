"""Paired speed of this checkout and another: what a change costs DQN in both lanes, and stepping alone.

python benchmarks/against_checkout.py OTHER_CHECKOUT [--pairs 2]: steps a second of processor time, sides in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parents[1]
SIDE = """
import json, time
from agents import DQN, Random
from lab import Experiment

lengths = {"learning_rate_steps": 50_000, "epsilon_steps": 8_000}
small = {"hidden_sizes": (120, 84), "batch_size": 128, "update_every": 10}
jobs = {
    "dqn, host": (DQN(**small, **lengths), "host", 12_000),
    "random, host": (Random(), "host", 40_000),
    "dqn, compiled": (DQN(**lengths), "compiled", 40_000),
}
found = {}
for name, (learner, lane, steps) in jobs.items():
    experiment = Experiment(learner, "CartPole-v1", lane=lane, seed=3, progress=False)
    experiment.train(2_100)
    began = time.process_time()
    experiment.train(steps)
    found[name] = steps / (time.process_time() - began)
print(json.dumps(found))
"""


def side(checkout: Path) -> dict[str, float]:
    """Return steps a second of each job in a checkout."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    done = subprocess.run([sys.executable, "-c", SIDE], cwd=checkout, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def main() -> None:
    """Run both sides in turn and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", type=Path)
    parser.add_argument("--pairs", type=int, default=2)
    options = parser.parse_args()
    pairs = [(side(options.other.resolve()), side(HERE)) for _ in range(options.pairs)]
    for name in pairs[0][0]:
        ratios = sorted(mine[name] / other[name] for other, mine in pairs)
        print(f"{name:16} {ratios[0]:.3f} to {ratios[-1]:.3f} times the other checkout's speed")


if __name__ == "__main__":
    main()
