"""Train one row of the generators' table for so much processor time, judge it, and print one JSON object.

    python benchmarks/families/row.py ROW SOURCE SEED SECONDS [--set key=value ...] [--fall SHARE] [--selection]
        [--grid FILE.png] [--run DIR]

Time is that of the processor, from the first update's compilation on, so that a pause costs nothing. With
`--selection` the samples are judged by the rows kept from training: settings are chosen so, and never by test rows.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from rows import ROWS

from generative.data.dataset import Dataset
from lab import Callback, Experiment
from lab.config import parse

# Behind all others, because `generative` is a package and not the benchmark of that name.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from benchmarks import machine

MOST_UPDATES = 1_000_000_000
SAMPLES = 2_000


def judged(data: Dataset) -> int:
    """Return how many samples are judged: 2,000, or as many as there are training rows where those are fewer.

    With as many as the 360 test rows of digits the Fréchet distance would be mostly what so few rows have by chance
    (Chong and Forsyth 2020, "Effectively Unbiased FID and Inception Score"). Metrics of pairs, such as coverage, take
    as many samples as there are real rows all the same.
    """
    return min(SAMPLES, len(data.train))


class Budget(Callback):
    """Ends training after so many seconds of processor time.

    Args:
        seconds: Of processor time.
        fall: Share of them, the last, over which the learning rate falls to 0.
    """

    not_state = ("every", "seconds", "fall", "end", "rate")

    def __init__(self, seconds: float, fall: float = 0.0) -> None:
        super().__init__()
        self.seconds, self.fall = seconds, fall
        self.end = self.rate = 0.0

    def on_train_begin(self, experiment: Experiment) -> None:
        self.end = time.process_time() + self.seconds
        if self.fall:
            self.rate = experiment.learner.learning_rate

    def on_update(self, experiment: Experiment, metrics: Mapping[str, float]) -> None:
        left = (self.end - time.process_time()) / self.seconds
        if left <= 0:
            experiment.stop("its time is over")
        elif left < self.fall:
            experiment.learner.learning_rate = self.rate * left / self.fall


def main() -> None:
    """Make the row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("row", choices=ROWS)
    parser.add_argument("source")
    parser.add_argument("seed", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--set", action="append", default=[], metavar="key=value")
    parser.add_argument("--fall", type=float, help="share of the time in which the learning rate falls to 0")
    parser.add_argument("--selection", action="store_true")
    parser.add_argument("--samples", type=int, help="how many are judged, if not the default")
    parser.add_argument("--grid", type=Path)
    parser.add_argument("--run", type=Path, help="where the run is kept; by default nowhere")
    options = parser.parse_args()
    machine.say(sys.stderr)
    row, texts = ROWS[options.row], dict(text.split("=", 1) for text in options.set)
    settings = {**row.settings, **row.on.get(options.source, {}), **parse(row.kind.Settings, texts)}
    budget = Budget(options.seconds, row.fall.get(options.source, 0.0) if options.fall is None else options.fall)
    learner, how = row.kind(**settings), {"seed": options.seed, "progress": False, "run_dir": options.run}
    experiment = Experiment(learner, options.source, callbacks=[budget], **how)
    began = time.process_time()
    experiment.train(MOST_UPDATES)
    trained = time.process_time()
    number = options.samples or judged(experiment.task.views[0])
    evaluation = experiment.task.evaluate(episodes=number, stream=int(options.selection), step=experiment.step)
    result = {"updates": experiment.step, "train_seconds": trained - began}
    result.update(judge_seconds=time.process_time() - trained, metrics=dict(evaluation))
    if options.grid:
        experiment.render(options.grid, kind="samples")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
