"""Memory that experiments leave behind in one process: made, trained for some steps, freed, one after the other.

A flat process keeps 0 MB an experiment. Each kind is measured in a fresh process, after five experiments of it, on the
tiny settings of the contract tests.

    python -m benchmarks.many_experiments [--experiments 40] [--steps 60] [--output NAME.json] [LABEL ...]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import machine

WARM = 5
RESULTS = Path(__file__).resolve().parent / "results"
USUAL = ("q_learning", "dqn", "dqn-2", "cql", "behavior_cloning", "decision_transformer", "autoencoder", "diffusion")
SCRIPT = """
import gc, json, sys
import envs
from tests import contracts

label, number, warm, steps = sys.argv[1], *map(int, sys.argv[2:])
case = next(c for c in contracts.cases() if c.label == label)

def megabytes():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmRSS"))

for i in range(number):
    experiment = case.experiment(seed=i)
    experiment.train(steps)
    experiment.close()
    del experiment
    gc.collect()
    if i == warm - 1:
        before = megabytes()
print(json.dumps((megabytes() - before) / (number - warm)))
"""


def main() -> None:
    """Print a line for each kind of experiment, and write all as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", nargs="*", default=list(USUAL), metavar="LABEL")
    parser.add_argument("--experiments", type=int, default=40)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--output", type=Path, default=RESULTS / "many_experiments.json")
    options = parser.parse_args()
    if options.experiments <= WARM:
        parser.error(f"--experiments received {options.experiments}; expected more than the first {WARM}, not measured")
    kept: dict[str, float] = {}
    machine.say()
    for label in options.labels:
        numbers = map(str, (options.experiments, WARM, options.steps))
        command = [sys.executable, "-c", SCRIPT, label, *numbers]
        root = Path(__file__).parents[1]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
        kept[label] = json.loads(done.stdout.splitlines()[-1])
        print(f"{label:28} {kept[label]:8.2f} MB an experiment", flush=True)
    about = {"experiments": options.experiments, "not_measured": WARM, "steps": options.steps}
    found = {**about, "megabytes_an_experiment": {label: round(number, 3) for label, number in kept.items()}}
    options.output.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
