"""Smaller and faster: a classifier as it is, pruned, in 8 bits, and a student of a fifth of its weights; a DQN's file.

For each data set and seed a `Classifier` of dense layers is trained in a fresh process (`dense`), the same with 80 % of
its kernels pruned (`pruned`), the same with kernels rounded to 8 bits as it learns (`qat`), and a network of a fifth of
the weights alone (`student`) and with the dense one as its teacher (`taught`). For each environment and seed a `DQN` is
trained. `Experiment.export` writes each as LiteRT files of float32 and of 8 bits (post-training, full-integer), which
LiteRT's own interpreter runs: accuracy on all test rows or mean return of the same greedy episodes, bytes, bytes after
zlib, and the median time of calls of one row.

    python benchmarks/compression.py [--sources digits ...] [--environments CartPole-v1 ...] [--seeds 5] [--output FILE]
"""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Callable
from typing import Any

import paired
from scipy import stats

FIRST_SEED = 10
SOURCES = ("digits", "glyphs,train=6000")
ENVIRONMENTS = {"CartPole-v1": 50_000, "Acrobot-v1": 50_000}
LARGE, SMALL = (256, 128), {"digits": (96, 32), "glyphs": (56, 32)}
POINT, PART = 0.01, 0.02
SIDES = ("dense", "pruned", "qat", "student", "taught")
FILES = ("litert", "litert-int8")

EXPORT = """
import dataclasses, json, tempfile, time, zlib
from pathlib import Path
from lab import Experiment

def files_of(experiment, episodes=None):
    found = {{}}
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("litert", "litert-int8"):
            path = Path(folder) / (kind + ".tflite")
            exported = experiment.export(path, format=kind, episodes=episodes)
            for name, row in zip(("original", kind), exported.rows):
                found[name] = dict(score=row.scores[exported.main], bytes=row.size_bytes,
                                   milliseconds=row.latency[1].milliseconds, runtime=row.runtime)
            found[kind]["zipped"] = len(zlib.compress(path.read_bytes(), 9))
    return found
"""

CLASSIFIERS = (
    EXPORT
    + """
from predictors import Classifier

rows = {{}}

def trained(name, **settings):
    began = time.process_time()
    experiment = Experiment(Classifier(architecture="mlp", **settings), {source!r}, seed={seed}, progress=False)
    experiment.train({updates})
    seconds = time.process_time() - began
    if {selection}:
        data = experiment.task.data
        experiment.task.data = dataclasses.replace(data, test=data.selection)
    learner = experiment.learner
    rows[name] = dict(weights=learner.network.count_params(), sparsity=experiment.evaluate().get("sparsity", 0.0),
                      seconds=seconds, **files_of(experiment))
    return learner

teacher = trained("dense", hidden_sizes={large})
trained("pruned", hidden_sizes={large}, sparsity=0.8)
trained("qat", hidden_sizes={large}, quantise="int8")
trained("student", hidden_sizes={small})
trained("taught", hidden_sizes={small}, teacher=teacher)
print(json.dumps(rows))
"""
)

DQNS = (
    EXPORT
    + """
from agents import DQN

began = time.process_time()
experiment = Experiment(DQN(), {source!r}, seed={seed}, progress=False)
experiment.train({steps})
print(json.dumps(dict(seconds=time.process_time() - began, **files_of(experiment, 100))))
"""
)


def interval(values: list[float]) -> tuple[float, float]:
    """Return the mean and half of its 95 % interval over runs, by Student's t."""
    if len(values) < 2:
        return values[0], math.nan
    half = stats.t.ppf(0.975, len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return statistics.fmean(values), float(half)


def mean_of(runs: list[dict[str, Any]], *path: str) -> list[float]:
    """Return one number of each run."""
    found: list[Any] = runs
    for name in path:
        found = [one[name] for one in found]
    return found


def lines_of(runs: list[dict[str, Any]], *side: str, factor: float = 1.0) -> list[str]:
    """Return a line for the original and each file of it: score, bytes, bytes after zlib, milliseconds."""
    found = []
    for kind in ("original", *FILES):
        middle, half = interval(mean_of(runs, *side, kind, "score"))
        size, time = (statistics.median(mean_of(runs, *side, kind, name)) for name in ("bytes", "milliseconds"))
        zipped = f"{statistics.median(mean_of(runs, *side, kind, 'zipped')):,.0f}" if kind in FILES else ""
        found.append(f"{kind:12}{factor * middle:9.2f} ± {factor * half:<6.2f}{size:10,.0f}{zipped:>10}{time:9.3f}")
    return found


def classifiers(source: str, runs: list[dict[str, Any]]) -> dict[str, bool]:
    """Print a table of a data set's runs, and return which goals are met."""
    print(f"\n{source}, {len(runs)} seed(s): accuracy in %, mean and 95 % interval; ms: of a call on one row")
    print(f"{'':9}{'weights':>9}{'zeros':>7}  {'':12}{'%':>18}{'bytes':>10}{'zipped':>10}{'ms':>9}")
    for side in SIDES:
        weights, zeros = (statistics.fmean(mean_of(runs, side, name)) for name in ("weights", "sparsity"))
        heads = [f"{side:9}{weights:9,.0f}{zeros:7.2f}  ", *[" " * 27] * 2]
        print("\n".join(head + line for head, line in zip(heads, lines_of(runs, side, factor=100.0), strict=True)))

    def of(side: str, kind: str = "original", name: str = "score") -> float:
        return statistics.fmean(mean_of(runs, side, kind, name))

    alone, taught = (interval(mean_of(runs, side, "original", "score")) for side in ("student", "taught"))
    dense = of("dense")
    weights = {side: statistics.fmean(mean_of(runs, side, "weights")) for side in ("student", "dense")}
    return {
        "pruned within a point of dense": dense - of("pruned") < POINT,
        "int8 file of dense within a point of dense": dense - of("dense", "litert-int8") < POINT,
        "int8 file of qat within a point of dense": dense - of("qat", "litert-int8") < POINT,
        "int8 file of pruned within a point of dense": dense - of("pruned", "litert-int8") < POINT,
        "int8 file at most a third of float32's": 3 * of("dense", "litert-int8", "bytes")
        <= of("dense", "litert", "bytes"),
        "student of at most a fifth of the weights": 5 * weights["student"] <= weights["dense"],
        "taught ahead of student, intervals apart": taught[0] - taught[1] > alone[0] + alone[1],
    }


def agents(source: str, runs: list[dict[str, Any]]) -> dict[str, bool]:
    """Print a table of an environment's runs, and return which goals are met."""
    print(f"\nDQN, {source}, {len(runs)} seed(s): mean return of 100 episodes, mean and 95 % interval over seeds")
    print(f"{'':12}{'return':>18}{'bytes':>10}{'zipped':>10}{'ms':>9}")
    print("\n".join(lines_of(runs)))
    original = mean_of(runs, "original", "score")
    goals = {}
    for kind in FILES:
        scores = mean_of(runs, kind, "score")
        apart = statistics.fmean(scores) / statistics.fmean(original) - 1.0
        of_seeds = ", ".join(f"{100 * (b / a - 1.0):+.1f}" for a, b in zip(original, scores, strict=True))
        print(f"{kind}: return {100 * apart:+.2f} % apart; seed by seed {of_seeds}")
        goals[f"mean return of {kind} within 2 %"] = abs(apart) <= PART
    return goals


def measured(
    source: str, script: str, how: dict[str, Any], options: Any, summary: Callable[..., dict[str, bool]]
) -> dict[str, Any]:
    """Return a source's runs, one for each seed in a fresh process, with the goals that they meet."""
    runs = [
        paired.run(f"{source}, seed {seed}", sys.executable, script.format(source=source, seed=seed, **how),
                   options.threads)
        for seed in range(options.first_seed, options.first_seed + options.seeds)
    ]  # fmt: skip
    goals = summary(source, runs)
    for goal, met in goals.items():
        print(f"{'yes' if met else 'NO':4}{goal}", flush=True)
    return {"runs": runs, "goals": goals}


def main() -> None:
    """Train, compress and measure, and print tables and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.add_argument("--sources", nargs="*", default=SOURCES)
    parser.add_argument("--environments", nargs="*", default=[*ENVIRONMENTS], choices=ENVIRONMENTS)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--updates", type=int, default=2_000, help="of each training of a classifier")
    parser.add_argument("--selection", action="store_true", help="score rows kept from training, to choose settings")
    options = parser.parse_args()
    # Added to what earlier calls with the same options have written.
    found: dict[str, Any] = paired.saved(options.output).get("sources", {})
    about = {"updates": options.updates, "first_seed": options.first_seed}
    for source in options.sources:
        how = {"large": LARGE, "small": SMALL[source.split(",")[0]], "updates": options.updates}
        how |= {"selection": options.selection}
        found[source] = measured(source, CLASSIFIERS, how, options, classifiers)
        paired.write({**about, "sources": found}, options.output)
    for source in options.environments:
        found[source] = measured(source, DQNS, {"steps": ENVIRONMENTS[source]}, options, agents)
        paired.write({**about, "sources": found}, options.output)


if __name__ == "__main__":
    main()
