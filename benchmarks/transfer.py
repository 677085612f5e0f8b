"""A network that was trained on drawn characters, carried to handwritten digits of which few have labels.

For each number of labelled rows a class: the carried network frozen but for a new last layer, the same fine-tuned, and
one of its form trained from scratch on those rows alone, all tested on the same 360 digits. Each seed has rows, initial
weights and an order of its own. Step sizes were chosen on other seeds (0 to 4), by training rows that had no part in
training; `--tune` shows that. Intervals are of the mean over seeds, by Student's t.

    python benchmarks/transfer.py [--tune] [--seeds 10 11 12 13 14] [--output FILE.json]
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import time
from pathlib import Path
from typing import Any

import machine
import numpy as np
import paired
from scipy import stats

RESULTS = Path(__file__).resolve().parent / "results"
ROWS = (5, 10, 20, 50)
SEEDS, TUNING = (10, 11, 12, 13, 14), (0, 1, 2, 3, 4)
TUNED_ON = ROWS[:2]
# Characters leave a wide margin, digits fill the frame: growing and shrinking lets the first network meet both.
# Without it fine-tuning was no better than training from scratch.
GLYPHS = "glyphs,zoom=0.4,rotation=10"
SIDE, FIRST_UPDATES, UPDATES = 8, 8_000, 150
FORM: dict[str, Any] = {"architecture": "cnn", "input_shape": (SIDE, SIDE)}
COMMON: dict[str, Any] = {"batch_size": 32, "dropout": 0.3}
CARRIED = ("frozen", "fine-tuned")
TRIED: dict[str, list[dict[str, Any]]] = {
    "frozen": [{"trainable_layers": 0, "learning_rate": rate} for rate in (1e-2, 3e-2)],
    "fine-tuned": [
        *({"learning_rate": rate} for rate in (1e-3, 3e-3)),
        {"learning_rate": 1e-2, "rate_divisor": 2.6},
        {"learning_rate": 1e-2, "rate_divisor": 2.6, "unfreeze_every": 20},
    ],
    "from scratch": [{"learning_rate": rate} for rate in (1e-3, 3e-3, 1e-2)],
}
# Those of TRIED that --tune found best.
CHOSEN: dict[str, dict[str, Any]] = {
    "frozen": TRIED["frozen"][0],
    "fine-tuned": TRIED["fine-tuned"][2],
    "from scratch": TRIED["from scratch"][1],
}


def pretrained() -> tuple[Any, float]:
    """Return a classifier of drawn characters, and its accuracy on test rows."""
    from lab import Experiment
    from predictors import Classifier

    experiment = Experiment(Classifier(**FORM, **COMMON, learning_rate=3e-3), GLYPHS, seed=0, progress=False)
    experiment.train(FIRST_UPDATES)
    return experiment.learner, float(experiment.evaluate()["accuracy"])


def digits(rows: int, seed: int) -> Any:
    """Return digits of which so many a class have labels to train on; the other training rows are for tuning."""
    from predictors.data.load import load

    data = load("digits")
    labels = data.train.targets["target"]
    order = np.random.default_rng(seed).permutation(len(labels))
    chosen = np.concatenate([order[labels[order] == label][:rows] for label in np.unique(labels)])
    rest = data.train.rows(np.setdiff1d(order, chosen))
    return dataclasses.replace(data, train=data.train.rows(np.sort(chosen)), selection=rest)


def accuracy(source: Any, method: str, settings: dict[str, Any], rows: int, seed: int, part: str) -> float:
    """Return the accuracy of one run on a part of the examples."""
    from lab import Experiment
    from predictors import Classifier

    begins = {"pretrained": source} if method in CARRIED else FORM
    data = digits(rows, seed)
    experiment = Experiment(Classifier(**begins, **COMMON, **settings), data, seed=seed, progress=False)
    experiment.train(UPDATES)
    return float(experiment.learner.scores(getattr(data, part))["accuracy"])


def summary(values: list[float]) -> dict[str, Any]:
    """Return the mean, and its 95 % interval by Student's t."""
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    mean = float(np.mean(values))
    return {"mean": mean, "low": mean - float(half), "high": mean + float(half), "runs": values}


def tune(source: Any) -> None:
    """Print what each setting tried reaches on rows that are neither trained nor tested on."""
    for method, tried in TRIED.items():
        for settings in tried:
            each = functools.partial(accuracy, source, method, settings)
            found = [np.mean([each(rows, seed, "selection") for seed in TUNING]) for rows in TUNED_ON]
            print(f"{method:14}{' '.join(f'{value:.4f}' for value in found)}  {settings}", flush=True)


def table(found: dict[str, dict[str, Any]]) -> str:
    """Return the figures as a Markdown table."""
    lines = ["| rows a class | " + " | ".join(CHOSEN) + " |", "|---|" + "---|" * len(CHOSEN)]
    for rows, line in found.items():
        cells = (f"{v['mean']:.3f} ({v['low']:.3f} to {v['high']:.3f})" for v in line.values())
        lines.append(f"| {rows} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print a table, and write it as JSON and Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tune", action="store_true", help="show what each setting tried reaches, and no more")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--output", type=Path, default=RESULTS / "transfer.json")
    options = parser.parse_args()
    paired.packages_first()
    about, began = machine.say(), time.process_time()
    source, on_glyphs = pretrained()
    print(f"glyphs: accuracy {on_glyphs:.4f}", flush=True)
    if options.tune:
        tune(source)
        return
    result: dict[str, Any] = {
        "machine": about, "first": GLYPHS, "first_updates": FIRST_UPDATES, "glyphs_accuracy": on_glyphs,
        "updates": UPDATES, "form": FORM, "settings": {**COMMON, **CHOSEN}, "seeds": options.seeds, "rows": {},
    }  # fmt: skip
    for rows in ROWS:
        result["rows"][str(rows)] = {
            method: summary([accuracy(source, method, settings, rows, seed, "test") for seed in options.seeds])
            for method, settings in CHOSEN.items()
        }
        print(table(result["rows"]).splitlines()[-1], flush=True)
    result["processor_seconds"] = round(time.process_time() - began, 1)
    paired.keep(result, table(result["rows"]), options.output)


if __name__ == "__main__":
    main()
