"""How soon DQN learns Taxi-v4 with the mask of its actions and without, seed by seed; and whether it ever breaks one.

Both sides have the same settings, seeds and steps, in the compiled lane. Learnt is a mean return of 7 or more in 100
greedy episodes; a taxi that loses no step gets 7.9 on average. `--host` counts the forbidden actions that a masked
agent takes in as many steps of Gymnasium's own Taxi, in the host lane.

    python benchmarks/masks.py [--seeds 5] [--first 0] [--steps 100000] [--host] [--output FILE]

What the output file holds already is not run again.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import gymnasium
import machine
import numpy as np
import paired

from agents import DQN
from lab import Callback, Experiment

SETTINGS: dict[str, Any] = {"hidden_sizes": (64,), "discount": 0.95}
EVERY, EPISODES, LEARNT = 2_500, 100, 7.0


class Curve(Callback):
    """Keeps step and mean of each evaluation."""

    def __init__(self) -> None:
        super().__init__()
        self.points: list[tuple[int, float]] = []

    def on_evaluation(self, experiment: Any, evaluation: Any) -> None:
        self.points.append((experiment.step, evaluation.mean))


class Counted(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Counts steps, and actions that the mask forbade."""

    steps = forbidden = 0

    def reset(self, **keywords: Any) -> Any:
        observation, info = self.env.reset(**keywords)
        self.mask = info["action_mask"]
        return observation, info

    def step(self, action: Any) -> Any:
        Counted.steps += 1
        Counted.forbidden += int(not self.mask[action])
        result = self.env.step(action)
        self.mask = result[4]["action_mask"]
        return result


def learnt(masks: bool, seed: int, steps: int) -> dict[str, Any]:
    """Return a run's curve, and the first step at which it had learnt; None for never."""
    curve = Curve()
    experiment = Experiment(
        DQN(action_masks=masks, **SETTINGS), "Taxi-v4", seed=seed, lane="compiled", num_envs=4, evaluate_every=EVERY,
        callbacks=[curve], progress=False,
    )  # fmt: skip
    experiment.train(steps)
    first = next((step for step, mean in curve.points if mean >= LEARNT), None)
    return {"learnt_at": first, "last": float(experiment.evaluate(episodes=EPISODES).mean), "curve": curve.points}


def broken(seed: int, steps: int) -> dict[str, int]:
    """Return how many forbidden actions a masked agent took in the host lane, in training and in evaluation."""
    Counted.steps = Counted.forbidden = 0
    experiment = Experiment(
        DQN(**SETTINGS), lambda: Counted(gymnasium.make("Taxi-v4")), seed=seed, lane="host", progress=False
    )
    experiment.train(steps)
    experiment.evaluate(episodes=20)
    return {"steps": Counted.steps, "forbidden": Counted.forbidden}


def main() -> None:
    """Run what is not there yet, print a line a run, and write one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--host", action="store_true", help="count forbidden actions in the host lane")
    parser.add_argument("--output", type=Path, help="also write the JSON object here")
    options = parser.parse_args()
    machine.say()
    result = paired.saved(options.output)
    result["settings"] = {**SETTINGS, "steps": options.steps}
    seeds = range(options.first, options.first + options.seeds)
    if options.host and "host" not in result:
        result["host"] = broken(options.first, options.steps)
        print(f"host lane, seed {options.first}: {result['host']}", flush=True)
        paired.write(result, options.output)
    for seed in () if options.host else seeds:
        for side, masks in (("masks", True), ("no masks", False)):
            runs = result.setdefault(side, {})
            if str(seed) not in runs:
                runs[str(seed)] = learnt(masks, seed, options.steps)
                print(f"{side}, seed {seed}: {runs[str(seed)]}", flush=True)
                paired.write(result, options.output)
    for side in ("masks", "no masks"):
        runs = list(result.get(side, {}).values())
        steps = [options.steps + EVERY if run["learnt_at"] is None else run["learnt_at"] for run in runs]
        if runs:
            print(f"{side}: learnt at a median of {np.median(steps):,.0f} steps, each {steps}; last means "
                  f"{[round(run['last'], 2) for run in runs]}")  # fmt: skip


if __name__ == "__main__":
    main()
