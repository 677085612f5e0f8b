"""Ten network calls against DDPM's thousand: one trained model, the same number of samples, one metric.

For each seed a `Diffusion` with its defaults is trained for so many seconds of processor time in a fresh process, and
draws with each sampler 2,000 samples, or as many as there are training rows where those are fewer. `times` is its
Fréchet distance over DDPM's, seed by seed; asked is at most 1.5. A second call with the same `--output` makes the seeds
that are missing.

    python benchmarks/few_steps.py [--source digits] [--seeds 3] [--seconds 40] [--output FILE]
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path
from typing import Any

import machine
import paired

PEER = "ddpm, 1000"
# Sampler and steps; Heun's method calls the network twice a step, but once in the last.
SIDES = {
    PEER: ("ddpm", 1_000),
    "ddpm, 10": ("ddpm", 10),
    "ddim, 10": ("ddim", 10),
    "heun, 5 (9 calls)": ("heun", 5),
    "dpm_solver, 10": ("dpm_solver", 10),
    "dpm_solver, 25": ("dpm_solver", 25),
}
FIRST_SEED = 10

SCRIPT = """
import json, sys, time
sys.path.insert(0, {folder!r})
from row import MOST_UPDATES, Budget, judged
from generative import Diffusion
from generative.metrics.table import standard_table
from lab import Experiment
experiment = Experiment(Diffusion(), {source!r}, seed={seed}, progress=False, callbacks=[Budget({seconds})])
experiment.train(MOST_UPDATES)
model, task = experiment.learner, experiment.task
data = task.views[{view}]
count, found = {count} or judged(data), {{}}
for side, (sampler, steps) in {sides}.items():
    began = time.process_time()
    rows = model.sample(count, {seed}, sampler=sampler, steps=steps)
    seconds = time.process_time() - began
    metrics = standard_table(data, rows, task._networks(), full=False).metrics
    found[side] = dict(metrics, seconds=seconds)
print(json.dumps(dict(seed={seed}, updates=experiment.step, sides=found)))
"""


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Print a table of what there is so far, and return each side's distances and their ratios to the peer's."""
    print(f"{'':22}{'fd: min':>10}{'median':>10}{'max':>10}   times {PEER}: min, median, max   coverage   seconds")
    sides = {}
    for side in SIDES:
        found, peer = ([run["sides"][name] for run in runs] for name in (side, PEER))
        distances = [one["fd"] for one in found]
        times = [one["fd"] / other["fd"] for one, other in zip(found, peer, strict=True)]
        coverage, seconds = (statistics.median(one[key] for one in found) for key in ("coverage", "seconds"))
        low, middle, high = paired.spread(distances)
        ratio = ", ".join(f"{value:.2f}" for value in paired.spread(times))
        print(f"{side:22}{low:10.3g}{middle:10.3g}{high:10.3g}   {ratio:32}{coverage:9.2f}{seconds:10.1f}", flush=True)
        sides[side] = {"fd": distances, "times": times}
    return sides


def earlier(settings: dict[str, Any], output: Path | None) -> list[dict[str, Any]]:
    """Return the runs that a file has already, if they are of the same settings."""
    found = paired.saved(output)
    if not found:
        return []
    if any(found.get(key) != value for key, value in settings.items()):
        raise SystemExit(f"{output} holds runs of other settings than {settings}. Fix: another --output.")
    runs: list[dict[str, Any]] = found["runs"]
    return runs


def main() -> None:
    """Train, draw with every sampler, and print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default="digits")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--seconds", type=float, default=40.0, help="of processor time, for training")
    parser.add_argument("--samples", type=int, default=0, help="how many; 0 for the default")
    parser.add_argument("--selection", action="store_true", help="judge by rows kept from training")
    parser.add_argument("--output", type=Path, help="also write the JSON object here")
    options = parser.parse_args()
    machine.say()
    names = {
        "folder": str(Path(__file__).parent / "families"), "source": options.source, "seconds": options.seconds,
        "sides": SIDES, "view": int(options.selection), "count": options.samples,
    }  # fmt: skip
    settings = {"source": options.source, "seconds": options.seconds, "samples": options.samples}
    runs = earlier(settings, options.output)
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        if any(run["seed"] == seed for run in runs):
            continue
        runs.append(paired.run(f"seed {seed}", sys.executable, SCRIPT.format(seed=seed, **names), 1))
        print(f"{len(runs)} seed(s), the last with {runs[-1]['updates']} updates", flush=True)
        # As they come, because each takes minutes.
        paired.write({**settings, "runs": runs, "sides": summary(runs)}, options.output)


if __name__ == "__main__":
    main()
