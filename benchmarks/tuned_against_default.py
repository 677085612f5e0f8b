"""Whether settings that a sweep finds for DQN beat its defaults where the sweep has never looked.

The sweep tunes on one environment and some seeds. Then the best trial's settings and the defaults are both trained on
each environment of `--held-out` and on the tuning one, with seeds that no trial had, and evaluated on episodes of their
own. Each seed is one sample; the difference is that of the means over seeds, with a bootstrap interval over seeds drawn
within each side.

    python benchmarks/tuned_against_default.py [--tune ENVIRONMENT] [--held-out ENVIRONMENT ...] [--trials 40]
        [--seeds 2] [--steps 50000] [--held-steps 50000] [--held-seeds 8] [--search KEY[=SPACE] ...] [--sampler tpe]
        [--pruner halving] [--set KEY=VALUE ...] [--sweep DIR] [--output FILE]

With `--sweep DIR` the sweep is kept there and, where there is one already, resumed.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import machine
import numpy as np

from agents import DQN
from lab import Experiment, Sweep
from lab.config import parse
from lab.results.statistics import over_runs
from lab.sweep import plan
from lab.sweep.spaces import from_arguments

SEARCH = [
    "learning_rate",
    "discount",
    "target_update_every",
    "update_every=4:40:log",
    "updates_per_round",
    "epsilon_end",
]
# Above every seed that a sweep is given here.
FIRST_HELD = 10_000
RESAMPLES = 10_000


def main() -> None:
    """Tune, train both sides on what was held out, and print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tune", default="Acrobot-v1")
    parser.add_argument("--held-out", nargs="+", default=["lab/LunarLander-v0"])
    for name, number in (("trials", 40), ("seeds", 2), ("steps", 50_000), ("held-steps", 50_000), ("held-seeds", 8)):
        parser.add_argument(f"--{name}", type=int, default=number)
    parser.add_argument("--num-envs", type=int, default=1)
    parser.add_argument("--search", nargs="+", default=SEARCH)
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="settings of both sides")
    parser.add_argument("--sampler", default="tpe")
    parser.add_argument("--pruner", default="halving")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sweep", type=Path, help="keep the sweep here")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    machine.say()
    shared = parse(DQN.Settings, dict(item.split("=", 1) for item in options.set))
    with tempfile.TemporaryDirectory() as folder:
        directory = options.sweep or Path(folder) / "sweep"
        best = tuned(options, shared, directory)
    print(f"best of {options.trials} on {options.tune}: {best['value']:.4g} with {best['settings']}", flush=True)
    found = {source: compare(options, shared, best["settings"], source) for source in (options.tune, *options.held_out)}
    result = {**{k: v for k, v in vars(options).items() if k not in ("sweep", "output")}, "best": best, "found": found}
    result["machine"] = machine.describe()
    print(json.dumps(result))
    if options.output:
        options.output.write_text(json.dumps(result, indent=1) + "\n")


def tuned(options: argparse.Namespace, shared: dict[str, Any], directory: Path) -> dict[str, Any]:
    """Return the best trial of the sweep, which is begun or resumed."""
    if plan.is_sweep(directory):
        sweep = Sweep.resume(directory)
    else:
        chosen = {
            name: getattr(options, name)
            for name in ("trials", "seeds", "steps", "seed", "sampler", "pruner", "num_envs")
        }
        search = from_arguments(options.search, None)
        sweep = Sweep(DQN(**shared), options.tune, search, run_dir=directory, **chosen)
    best = sweep.run(on_end=lambda trial: print(f"{trial.path.name} {trial.state:8} {trial.value}", flush=True))
    if best is None:
        raise SystemExit("no trial is complete")
    return {"value": best.value, "settings": best.settings}


def compare(
    options: argparse.Namespace, shared: dict[str, Any], settings: dict[str, Any], source: str
) -> dict[str, Any]:
    """Train both sides on the held-out seeds and return their scores and the difference of their means."""
    seeds = range(FIRST_HELD, FIRST_HELD + options.held_seeds)
    scores: dict[str, list[float]] = {}
    for side, own in (("default", {}), ("tuned", settings)):
        pattern = Experiment(DQN(**{**shared, **own}), source, num_envs=options.num_envs, progress=False)
        runs = pattern.train_many(seeds, steps=options.held_steps)
        scores[side] = [float(run.evaluate()["mean"]) for run in runs]
        for run in runs:
            run.close()
        print(f"{source:24} {side:8} {over_runs(scores[side], 'mean')}", flush=True)
    tuned_scores, default_scores = np.array(scores["tuned"]), np.array(scores["default"])
    random = np.random.default_rng(0)
    drawn = [
        side[random.integers(len(side), size=(RESAMPLES, len(side)))].mean(axis=1)
        for side in (tuned_scores, default_scores)
    ]
    low, high = np.quantile(drawn[0] - drawn[1], [0.025, 0.975])
    difference = float(tuned_scores.mean() - default_scores.mean())
    print(f"{source:24} tuned - default: {difference:.4g} [{low:.4g}, {high:.4g}]", flush=True)
    return {**scores, "difference": difference, "low": float(low), "high": float(high)}


if __name__ == "__main__":
    main()
