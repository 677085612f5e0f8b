"""Judge a diffusion model of a kept run at several strengths of guidance, by rows kept from training.

    python benchmarks/families/choose.py RUN [RUN ...] [--guidance 1,1.5,2,2.5,3] [--samples 1000]

A run is what `row.py ... --run RUN` keeps. Test rows play no part, so a strength chosen here can be reported on them.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from generative import Diffusion
from generative.metrics.table import standard_table
from lab import Experiment
from lab.errors import UsageError

# Behind all others, because `generative` is a package and not the benchmark of that name.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from benchmarks import machine

SHOWN = ("fd", "precision", "recall", "density", "coverage", "classifier_confidence")


def main() -> None:
    """Print a line for each run and strength."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="RUN")
    parser.add_argument("--guidance", default="1,1.5,2,2.5,3")
    parser.add_argument("--samples", type=int, help="how many are judged; by default as many as rows are kept")
    options = parser.parse_args()
    machine.say()
    strengths = [float(text) for text in options.guidance.split(",")]
    print(f"{'run':32}{'guidance':>9}" + "".join(f"{name:>22}" for name in SHOWN) + f"{'seconds':>9}")
    for path in options.runs:
        experiment = Experiment.open(path)
        model, task = experiment.learner, experiment.task
        if not isinstance(model, Diffusion):
            raise UsageError(f"{path} is a run of {type(model).__name__}; expected one of Diffusion.")
        kept = task.views[1]
        for strength in strengths:
            began = time.process_time()
            rows = model.sample(options.samples or len(kept.test), 0, guidance=strength)
            metrics = standard_table(kept, rows, task._networks(), full=False).metrics
            shown = "".join(f"{metrics[name]:22.4g}" for name in SHOWN)
            print(f"{path[-31:]:32}{strength:9g}{shown}{time.process_time() - began:9.0f}", flush=True)


if __name__ == "__main__":
    main()
