"""What classifiers reach on test rows in equal processor time, beside scikit-learn's on the same rows.

scikit-learn's learn from all training rows until they end: 100 rounds of boosting take as long as they take, far longer
than a network gets. `--no-baselines` leaves them out, `--architectures` without a name the networks.

Every network trains for the same processor time, in which as many updates fit as a trial of it says, and is then
evaluated at its end. The rows that select checkpoints are left out of the training, as in any run. Accuracy is over
runs: mean, least and greatest, and a 95 % interval of the mean (Student's t).

    python benchmarks/classifiers.py [--data digits glyphs shapes] [--architectures auto vgg resnet vit]
        [--seeds 10 11 12 13 14] [--seconds 60] [--threads 1] [--no-baselines] [--output FILE]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import time
import warnings
from pathlib import Path
from typing import Any

import machine
import paired

# Of Student's t, two-sided 95 %, by degrees of freedom.
T95 = {1: 12.71, 2: 4.30, 3: 3.18, 4: 2.78, 5: 2.57, 6: 2.45, 7: 2.36, 8: 2.31, 9: 2.26}
TRIAL = 100
# Of the baselines: no row left out, no round of boosting, and iterations enough to converge.
UNLIMITED = {"most_rows": 10**9, "budget": math.inf, "most_iterations": 5_000}


def main() -> None:
    """Train, print a table and write the JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", default=["digits", "glyphs", "shapes"])
    parser.add_argument("--architectures", nargs="*", default=["auto", "vgg", "resnet", "vit"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[10, 11, 12, 13, 14])
    parser.add_argument("--seconds", type=float, default=60.0, help="of processor time, each training")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--no-baselines", action="store_true")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="settings of all")
    parser.add_argument("--output", type=Path, help="also write the JSON object here")
    options = parser.parse_args()
    os.environ.update(paired.limits(options.threads))
    about = machine.say()
    paired.packages_first()
    rows = []
    for data in options.data:
        if not options.no_baselines:
            rows += baselines(data)
        for architecture in options.architectures:
            runs = [trained(data, architecture, seed, options.seconds, options.set) for seed in options.seeds]
            rows.append(summary(data, architecture, runs))
            print(shown(rows[-1]), flush=True)
    result = {"machine": about, "threads": options.threads, "seconds": options.seconds, "seeds": options.seeds}
    result |= {"rows": rows}
    if options.output:
        options.output.write_text(json.dumps(result, indent=1) + "\n")


def trained(data: str, architecture: str, seed: int, seconds: float, given: list[str]) -> dict[str, Any]:
    """Train one classifier for so much processor time and return what it reached."""
    from lab import Experiment
    from lab.config import parse
    from predictors import Classifier

    settings = parse(Classifier.Settings, dict(item.split("=", 1) for item in given))

    def fresh() -> Any:
        learner = Classifier(architecture=architecture, **settings)
        return Experiment(learner, data, seed=seed, progress=False)

    trial = fresh()
    with warnings.catch_warnings():
        # Of its step sizes, which do not matter here.
        warnings.simplefilter("ignore")
        trial.train(TRIAL // 2)
        began = time.process_time()
        trial.train(TRIAL // 2)
    each = (time.process_time() - began) / (TRIAL // 2)
    updates = max(TRIAL, int(seconds / each))
    experiment = fresh()
    began = time.process_time()
    experiment.train(updates)
    taken = time.process_time() - began
    found = experiment.evaluate()
    weights = sum(math.prod(w.shape) for w in experiment.learner.network.trainable_weights)
    line = f"  {data} {architecture} seed {seed}: accuracy {found.accuracy:.4f}, {updates:,} updates, {taken:.0f} s"
    print(line, flush=True)
    return {"accuracy": found.accuracy, "log_loss": found.log_loss, "updates": updates, "seconds": taken,
            "weights": weights, "seed": seed}  # fmt: skip


def baselines(data: str) -> list[dict[str, Any]]:
    """Return what scikit-learn's reach on the same rows, of which all are learnt from, when they have ended."""
    from lab import Experiment
    from predictors import Classifier
    from predictors.training.baselines import classification

    experiment = Experiment(Classifier(architecture="mlp"), data, seed=0, progress=False)
    rows, began = [], time.process_time()
    found = classification(experiment.learner, experiment.task.data, **UNLIMITED)
    taken = time.process_time() - began
    for name, table in found.items():
        note = table.left_out.get("note", "")
        rows.append({"data": data, "architecture": name, "mean": table["accuracy"], "note": note})
        rows[-1] |= {"log_loss": table["log_loss"], "seconds_of_all": taken}
        print(shown(rows[-1]), flush=True)
    return rows


def summary(data: str, architecture: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return mean, extremes and interval over runs."""
    scores = [run["accuracy"] for run in runs]
    half = T95[len(scores) - 1] * statistics.stdev(scores) / math.sqrt(len(scores)) if len(scores) > 1 else math.nan
    mean = statistics.mean(scores)
    return {"data": data, "architecture": architecture, "mean": mean, "low": mean - half, "high": mean + half,
            "worst": min(scores), "best": max(scores), "runs": runs}  # fmt: skip


def shown(row: dict[str, Any]) -> str:
    """Return a row of the table."""
    if "worst" not in row:
        return f"{row['data']:8} {row['architecture']:20} {row['mean']:.4f}  {row['note']}"
    interval = f"[{row['low']:.4f}, {row['high']:.4f}]"
    updates = statistics.median(run["updates"] for run in row["runs"])
    return (
        f"{row['data']:8} {row['architecture']:20} {row['mean']:.4f} {interval}  worst {row['worst']:.4f}  "
        f"{updates:,.0f} updates, {row['runs'][0]['weights']:,} weights"
    )


if __name__ == "__main__":
    main()
