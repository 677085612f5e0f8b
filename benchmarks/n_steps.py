"""What DQN learns with one step of reward and with three where an exploring step costs much, seed by seed.

    python benchmarks/n_steps.py [--environments lab/CliffWalk-v0,lab/FrozenLake-v0] [--steps 30000] [--seeds 4]
        [--first-seed 100] [--output FILE.json]

By the defaults but for `n_steps`, compiled lane, mean returns of the last weights in 100 episodes. Targets of several
steps without a correction are of what was done, exploring steps and past actions too, and not of what is best (as
Sutton and Barto 2018, section 7.3, have it); along the cliff the best return is -13.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import machine
import paired

from agents import DQN
from lab import Experiment


def main() -> None:
    """Train both in each environment and print a line each and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environments", default="lab/CliffWalk-v0,lab/FrozenLake-v0")
    parser.add_argument("--steps", type=int, default=30_000)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    result: dict[str, Any] = {"machine": machine.say(), "steps": options.steps}
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    for name in options.environments.split(","):
        for n_steps in (1, 3):
            pattern = Experiment(DQN(n_steps=n_steps), name, lane="compiled", progress=False)
            found = [one.evaluate(100).mean for one in pattern.train_many(seeds, steps=options.steps)]
            result.setdefault(name, {})[str(n_steps)] = found
            print(f"{name}, n_steps={n_steps}: {', '.join(f'{mean:.2f}' for mean in found)}", flush=True)
    paired.write(result, options.output)


if __name__ == "__main__":
    main()
