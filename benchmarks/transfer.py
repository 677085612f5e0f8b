"""A network that was trained on drawn characters, carried to handwritten digits of which few have labels.

For each number of labelled rows a class: the carried network frozen but for a new last layer, the same fine-tuned, and
one of its form trained from scratch on those rows alone, all tested on the same 360 digits. Each seed has rows, initial
weights and an order of its own. Learning rates and lengths were chosen on other seeds (0 to 4), by training rows that
had no part in training; `--tune` shows that. Intervals are of the mean over seeds, by Student's t.

    python benchmarks/transfer.py [--tune] [--seeds 10 11 12 13 14] [--output NAME.json]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import machine
import numpy as np
from scipy import stats

from lab import Experiment
from predictors import Classifier
from predictors.data.load import load

RESULTS = Path(__file__).resolve().parent / "results"
SIZES = (5, 10, 20, 50)
SEEDS, TUNING = (10, 11, 12, 13, 14), (0, 1, 2, 3, 4)
SIDE, FIRST_UPDATES = 8, 1_000
COMMON: dict[str, Any] = {"batch_size": 32, "dropout": 0.1}
# Chosen by `--tune` among those in TRIED.
METHODS: dict[str, dict[str, Any]] = {
    "frozen": {"learning_rate": 1e-2, "trainable_layers": 0},
    "fine-tuned": {"learning_rate": 3e-3},
    "from scratch": {"learning_rate": 3e-3, "input_shape": (SIDE, SIDE)},
}
UPDATES = 200
TRIED: dict[str, list[dict[str, Any]]] = {
    "frozen": [{"learning_rate": rate, "trainable_layers": 0} for rate in (3e-3, 1e-2, 3e-2)],
    "fine-tuned": [
        *({"learning_rate": rate} for rate in (1e-3, 3e-3, 1e-2)),
        {"learning_rate": 1e-2, "rate_divisor": 2.6},
        {"learning_rate": 1e-2, "rate_divisor": 2.6, "unfreeze_every": 20},
    ],
    "from scratch": [{"learning_rate": rate, "input_shape": (SIDE, SIDE)} for rate in (1e-3, 3e-3, 1e-2)],
}


def pretrained(updates: int) -> tuple[Any, float]:
    """Return a classifier of drawn characters, and its accuracy on test rows."""
    settings: dict[str, Any] = {"input_shape": (SIDE, SIDE), "learning_rate": 3e-3}
    experiment = Experiment(Classifier(**settings), "glyphs", seed=0, progress=False)
    experiment.train(updates)
    return experiment.learner, experiment.evaluate()["accuracy"]


def digits(rows: int, seed: int) -> Any:
    """Return digits of which so many a class have labels to train on; the other training rows are for tuning."""
    data = load("digits")
    labels = data.train.targets["target"]
    order = np.random.default_rng(seed).permutation(len(labels))
    chosen = np.concatenate([order[labels[order] == label][:rows] for label in np.unique(labels)])
    rest = np.setdiff1d(order, chosen)
    return dataclasses.replace(data, train=data.train.rows(np.sort(chosen)), selection=data.train.rows(rest))


def accuracy(source: Any, method: str, settings: dict[str, Any], rows: int, seed: int, part: str) -> float:
    """Return the accuracy of one run on a part of the examples."""
    begins = {} if method == "from scratch" else {"pretrained": source}
    data = digits(rows, seed)
    experiment = Experiment(Classifier(**begins, **COMMON, **settings), data, seed=seed, progress=False)
    experiment.train(UPDATES)
    return float(experiment.learner.scores(getattr(data, part))["accuracy"])


def interval(values: list[float]) -> tuple[float, float]:
    """Return the 95 % interval of the mean, by Student's t."""
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return float(np.mean(values) - half), float(np.mean(values) + half)


def tune(source: Any) -> None:
    """Print what each setting tried reaches on rows that are neither trained nor tested on."""
    for method, tried in TRIED.items():
        for settings in tried:
            found = [
                np.mean([accuracy(source, method, settings, rows, seed, "selection") for seed in TUNING])
                for rows in SIZES[:2]
            ]
            print(f"{method:14} {settings!s:70} {' '.join(f'{value:.4f}' for value in found)}", flush=True)


def main() -> None:
    """Print a table, and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tune", action="store_true")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--output", type=Path, default=RESULTS / "transfer.json")
    options = parser.parse_args()
    found: dict[str, Any] = {"machine": machine.say()}
    began = time.perf_counter()
    source, on_glyphs = pretrained(FIRST_UPDATES)
    print(f"glyphs: accuracy {on_glyphs:.4f}, {time.perf_counter() - began:.0f} s", flush=True)
    if options.tune:
        tune(source)
        return
    found |= {"glyphs_accuracy": on_glyphs, "side": SIDE, "first_updates": FIRST_UPDATES, "updates": UPDATES}
    found |= {"settings": {**COMMON, "methods": METHODS}, "seeds": options.seeds, "rows": {}}
    print(f"{'rows a class':>12}  " + "".join(f"{method:28}" for method in METHODS), flush=True)
    for rows in SIZES:
        line = {}
        for method, settings in METHODS.items():
            values = [accuracy(source, method, settings, rows, seed, "test") for seed in options.seeds]
            low, high = interval(values)
            line[method] = {"mean": float(np.mean(values)), "low": low, "high": high, "runs": values}
        found["rows"][str(rows)] = line
        shown = "".join(f"{v['mean']:.3f} ({v['low']:.3f} to {v['high']:.3f})".ljust(28) for v in line.values())
        print(f"{rows:12}  {shown}", flush=True)
    found["time_seconds"] = round(time.perf_counter() - began, 1)
    options.output.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
