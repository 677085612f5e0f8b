"""Train one row of the generators' table for so much processor time, judge it, and print one JSON object.

    python benchmarks/families/row.py ROW SOURCE SEED SECONDS [--set key=value ...] [--selection] [--grid FILE.png]

Time is that of the processor, from the first update's compilation on, so that a pause costs nothing. With
`--selection` the samples are judged by the rows kept from training: settings are chosen so, and never by test rows.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from pathlib import Path

from rows import ROWS

from lab import Callback, Experiment
from lab.config import parse

MOST_UPDATES = 1_000_000_000


class Budget(Callback):
    """Ends training after so many seconds of processor time."""

    not_state = ("every", "seconds", "end")

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds, self.end = seconds, 0.0

    def on_train_begin(self, experiment: Experiment) -> None:
        self.end = time.process_time() + self.seconds

    def on_update(self, experiment: Experiment, metrics: Mapping[str, float]) -> None:
        if time.process_time() >= self.end:
            experiment.stop("its time is over")


def main() -> None:
    """Make the row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("row", choices=ROWS)
    parser.add_argument("source")
    parser.add_argument("seed", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--set", action="append", default=[], metavar="key=value")
    parser.add_argument("--selection", action="store_true")
    parser.add_argument("--samples", type=int, help="how many are judged; by default as many as there are test rows")
    parser.add_argument("--grid", type=Path)
    options = parser.parse_args()
    row, texts = ROWS[options.row], dict(text.split("=", 1) for text in options.set)
    settings = {**row.settings, **parse(row.kind.Settings, texts)}
    budget = Budget(options.seconds)
    experiment = Experiment(row.kind(**settings), options.source, seed=options.seed, progress=False, callbacks=[budget])
    began = time.process_time()
    experiment.train(MOST_UPDATES)
    trained = time.process_time()
    evaluation = experiment.task.evaluate(episodes=options.samples, stream=int(options.selection), step=experiment.step)
    result = {"updates": experiment.step, "train_seconds": trained - began}
    result.update(judge_seconds=time.process_time() - trained, metrics=dict(evaluation))
    if options.grid:
        experiment.render(options.grid, kind="samples")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
