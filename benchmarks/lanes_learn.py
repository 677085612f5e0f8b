"""Whether an actor-critic learns as well in one lane as in the other: the same settings, seeds and steps in both.

`ppo` is PPO on CartPole-v1, its defaults with 8 environments; `sac` is SAC on Pendulum-v1 with networks 64-64 and
batches of 128. The weights that training ended with are judged by 20 episodes each in Gymnasium's own environment.
`p` is the
share of 100,000 random divisions of all scores into two halves whose means lie at least as far apart as the lanes' do
(Fisher's permutation test): small where the lanes learn otherwise.

    python benchmarks/lanes_learn.py [--jobs ppo sac] [--seeds 10] [--output FILE]

What the output file holds already is not run again.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

import machine
import numpy as np
import paired

from agents import PPO, SAC
from lab import Experiment
from lab.results.statistics import over_runs

LANES = ("host", "compiled")
EPISODES, DIVISIONS = 20, 100_000
# The agent's class and settings, the environment, the number of environments, and steps.
JOBS: dict[str, tuple[Any, dict[str, Any], str, int, int]] = {
    "ppo": (PPO, {}, "CartPole-v1", 8, 50_000),
    "sac": (SAC, {"hidden_sizes": (64, 64), "batch_size": 128}, "Pendulum-v1", 1, 8_000),
}


def score(job: str, lane: str, seed: int) -> float:
    """Return the mean return of a seed's last weights."""
    kind, settings, source, number, steps = JOBS[job]
    experiment = Experiment(kind(**settings), source, seed=seed, num_envs=number, lane=lane, progress=False)
    experiment.train(steps)
    return float(experiment.evaluate(episodes=EPISODES).mean)


def permutation(first: list[float], second: list[float]) -> float:
    """Return the share of divisions into halves whose means lie at least as far apart, in [0, 1]."""
    both, number, rng = np.array(first + second), len(first), np.random.default_rng(0)
    drawn = rng.permuted(np.tile(both, (DIVISIONS, 1)), axis=1)
    apart = np.abs(drawn[:, :number].mean(axis=1) - drawn[:, number:].mean(axis=1))
    return float((apart >= abs(np.mean(first) - np.mean(second)) - 1e-9).mean())


def main() -> None:
    """Run what is not there yet, print a line a job, and write one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", nargs="+", choices=tuple(JOBS), default=list(JOBS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--output", type=Path, help="also write the JSON object here")
    options = parser.parse_args()
    machine.say()
    result = paired.saved(options.output)
    for job in options.jobs:
        found = result.setdefault(job, {"scores": {lane: {} for lane in LANES}})
        scores: dict[str, dict[str, float]] = found["scores"]
        # Lanes take turns, so that a run that is cut short has as many seeds of each.
        for seed in range(options.seeds):
            for lane in LANES:
                if str(seed) not in scores[lane]:
                    scores[lane][str(seed)] = score(job, lane, seed)
                    print(f"{job}, {lane}, seed {seed}: {scores[lane][str(seed)]:.1f}", flush=True)
                    if options.output:
                        paired.write(result, options.output)
        first, second = (list(scores[lane].values()) for lane in LANES)
        found["p"], found["over_runs"] = permutation(first, second), {}
        for lane in LANES:
            values = over_runs(list(scores[lane].values()))
            found["over_runs"][lane] = dataclasses.asdict(values)
            print(f"{job}, {lane}: IQM over {values.runs} seeds {values}, worst {min(scores[lane].values()):.1f}")
        print(f"{job}: p {found['p']:.3f}", flush=True)
    paired.write(result, options.output)


if __name__ == "__main__":
    main()
