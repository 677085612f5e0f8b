"""What TensorBoardLogger costs of the training beside it: the same training with and without it, in one process a turn.

DQN on CartPole with its defaults, in either lane, with a run directory, rows at the default interval and sixteen
evaluations, as `lab train` makes them. A fresh process trains first, which compiles everything, and then measures
pairs: with and without the logger, each in a fresh run, in an order that changes from pair to pair. The cost is given
in two ways: the share of the clock's time by which training with the logger took longer (pair by pair), and the share
of training's time that its thread spent within the logger's methods, which other processes disturb less.

    python benchmarks/logging_cost.py [--pairs 5] [--threads 2] [--runs dqn_compiled,dqn_host] [--output FILE]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import paired

SCRIPT = """
import json, time
from agents import DQN
from lab import Experiment
from lab.callbacks import TensorBoardLogger

within = []

class Timed(TensorBoardLogger):
    acts_on_rows = False

def timed(name):
    method = getattr(TensorBoardLogger, name)
    def call(*arguments):
        began = time.perf_counter()
        try:
            return method(*arguments)
        finally:
            within.append(time.perf_counter() - began)
    setattr(Timed, name, call)

for name in ("on_train_begin", "on_log", "on_evaluation", "on_interval", "on_render", "on_train_end", "get_state"):
    timed(name)

def train(name, steps, callbacks):
    experiment = Experiment(
        DQN(), "CartPole-v1", seed=1, run_dir={folder!r} + "/" + name, lane={lane!r}, callbacks=callbacks,
        evaluate_every=steps // 16, progress=False,
    )
    within.clear()
    began = time.perf_counter()
    experiment.train(steps)
    seconds = time.perf_counter() - began
    return {{"seconds": seconds, "within": sum(within), "rows": len(experiment.history)}}

train("warm", {steps} // 4, [Timed()])
pairs = []
for number in range({pairs}):
    sides = ["plain", "logged"] if number % 2 else ["logged", "plain"]
    pair = {{side: train(f"{{side}}-{{number}}", {steps}, [Timed()] if side == "logged" else []) for side in sides}}
    pairs.append(pair)
print(json.dumps(pairs))
"""
# Lane and steps on the clock.
RUNS: dict[str, tuple[str, int]] = {"dqn_compiled": ("compiled", 50_000), "dqn_host": ("host", 20_000)}


def main() -> None:
    """Measure every run and print a table and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.set_defaults(pairs=5, threads=2)
    parser.add_argument("--runs", default=",".join(RUNS), help="which, with commas between")
    parser.add_argument("--folder", type=Path, help="where runs are written; temporary files' own if not named")
    options = parser.parse_args()
    result = paired.saved(options.output)
    print(f"{options.threads} threads, {options.pairs} pairs each, in one process")
    print(f"{'run':14}{'longer: min':>12}{'median':>9}{'max':>9}{'within: median':>16}{'rows':>7}{'steps/s':>10}")
    for name in options.runs.split(","):
        lane, steps = RUNS[name]
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            keys: dict[str, Any] = {"lane": lane, "steps": steps, "pairs": options.pairs, "folder": folder}
            pairs: Any = paired.run(name, sys.executable, SCRIPT.format(**keys), options.threads)
        longer = [pair["logged"]["seconds"] / pair["plain"]["seconds"] - 1 for pair in pairs]
        within = [pair["logged"]["within"] / pair["logged"]["seconds"] for pair in pairs]
        low, middle, high = paired.spread(longer)
        speed = paired.spread([steps / pair["plain"]["seconds"] for pair in pairs])[1]
        row = f"{name:14}{low:12.2%}{middle:9.2%}{high:9.2%}{paired.spread(within)[1]:16.2%}"
        print(f"{row}{pairs[0]['logged']['rows']:7}{speed:10,.0f}", flush=True)
        result[name] = {"threads": options.threads, "steps": steps, "pairs": pairs, "longer": longer, "within": within}
    paired.write(result, options.output)


if __name__ == "__main__":
    main()
