"""Smaller and faster: a classifier as it is, pruned, in 8 bits, and a student of a fifth of its weights.

For each data set and seed a `Classifier` of dense layers is trained in a fresh process (`dense`), the same with 80 % of
its kernels pruned (`pruned`), the same with kernels rounded to 8 bits as it learns (`qat`), and a network of a fifth of
the weights alone (`student`) and with the dense one as its teacher (`taught`). Each is written as LiteRT files of
float32 and of 8 bits (post-training, full-integer, calibrated on 200 training rows), which LiteRT's own interpreter
runs on all test rows: accuracy, bytes, bytes after zlib, and the median time of calls of one row.

    python benchmarks/compression.py [--sources digits ...] [--seeds 5] [--updates 2000] [--output FILE]
"""

from __future__ import annotations

import math
import statistics
import sys
from typing import Any

import paired
from scipy import stats

FIRST_SEED = 10
SOURCES = ("digits", "glyphs,train=6000")
LARGE, SMALL = (256, 128), {"digits": (96, 32), "glyphs": (56, 32)}
POINT = 0.01
SIDES = ("dense", "pruned", "qat", "student", "taught")

SCRIPT = """
import json, statistics, tempfile, time, zlib
import numpy as np
import tensorflow as tf
from lab import Experiment
from predictors import Classifier

data = None
rows = {{}}

def file_of(learner, int8):
    (field,) = learner.spec.inputs
    example = field.held(data.train.inputs[field.name][:200])
    spec = tf.TensorSpec((None, *example.shape[1:]), example.dtype, name="rows")
    call = tf.function(lambda rows: {{"logits": learner._outputs_of_held(rows)[0]}}, input_signature=[spec])
    concrete = call.get_concrete_function()
    module = tf.Module()
    # The converter leaves out the weights of what the saved module does not hold by itself.
    module.variables_read = list(concrete.variables)
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures=concrete)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if int8:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: ({{"rows": example[i : i + 1]}} for i in range(len(example)))
            sets = tf.lite.OpsSet
            converter.target_spec.supported_ops = [sets.TFLITE_BUILTINS_INT8, sets.TFLITE_BUILTINS]
        return converter.convert()

def measured(learner, int8):
    content = file_of(learner, int8)
    interpreter = tf.lite.Interpreter(model_content=content, num_threads=1)
    call = interpreter.get_signature_runner()
    (field,), (target,) = learner.spec.inputs, learner.spec.targets
    held = field.held(data.test.inputs[field.name])
    logits = call(rows=held)["logits"]
    codes = target.codes(data.test.targets[target.name])
    times = []
    for i in range(220):
        began = time.perf_counter()
        call(rows=held[i % len(held)][None])
        times.append(time.perf_counter() - began)
    return dict(accuracy=float(np.mean(logits.argmax(axis=1) == codes)), bytes=len(content),
                zipped=len(zlib.compress(content, 9)), milliseconds=1e3 * statistics.median(times[20:]))

def trained(name, **settings):
    global data
    began = time.process_time()
    experiment = Experiment(Classifier(architecture="mlp", **settings), {source!r}, seed={seed}, progress=False)
    experiment.train({updates})
    data, learner = experiment.task.data, experiment.learner
    if {selection}:
        data = type(data)(data.train, data.selection, data.spec, data.selection)
    found = dict(learner.scores(data.test))
    rows[name] = dict(accuracy=found["accuracy"], weights=learner.network.count_params(),
                      sparsity=found.get("sparsity", 0.0), seconds=time.process_time() - began,
                      float32=measured(learner, False), int8=measured(learner, True))
    return learner

teacher = trained("dense", hidden_sizes={large})
trained("pruned", hidden_sizes={large}, sparsity=0.8)
trained("qat", hidden_sizes={large}, quantise="int8")
trained("student", hidden_sizes={small})
trained("taught", hidden_sizes={small}, teacher=teacher)
print(json.dumps(rows))
"""


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


def summary(source: str, runs: list[dict[str, Any]]) -> dict[str, bool]:
    """Print a table of a data set's runs, and return which goals are met."""
    print(f"\n{source}, {len(runs)} seed(s): accuracy in %, mean and 95 % interval; ms: of a call on one row")
    print(f"{'':10}{'weights':>9}{'zeros':>7}{'accuracy':>15}{'file':>9}{'bytes':>9}{'zipped':>9}{'%':>15}{'ms':>8}")
    for side in SIDES:
        weights, zeros = (statistics.fmean(mean_of(runs, side, name)) for name in ("weights", "sparsity"))
        middle, half = interval(mean_of(runs, side, "accuracy"))
        head = f"{side:10}{weights:9,.0f}{zeros:7.2f}{100 * middle:8.2f} ± {100 * half:4.2f}"
        for kind in ("float32", "int8"):
            of = {name: mean_of(runs, side, kind, name) for name in ("bytes", "zipped", "milliseconds")}
            size, zipped, time = (statistics.median(values) for values in of.values())
            middle, half = interval(mean_of(runs, side, kind, "accuracy"))
            print(f"{head:41}{kind:>9}{size:9,.0f}{zipped:9,.0f}{100 * middle:8.2f} ± {100 * half:4.2f}{time:8.3f}")
            head = ""

    def of(*path: str) -> float:
        return statistics.fmean(mean_of(runs, *path))

    alone, taught = (interval(mean_of(runs, side, "accuracy")) for side in ("student", "taught"))
    goals = {
        "pruned within a point of dense": of("dense", "accuracy") - of("pruned", "accuracy") < POINT,
        "int8 file within a point of dense": of("dense", "accuracy") - of("dense", "int8", "accuracy") < POINT,
        "int8 file of qat within a point of dense": of("dense", "accuracy") - of("qat", "int8", "accuracy") < POINT,
        "int8 file of pruned within a point of dense": of("dense", "accuracy") - of("pruned", "int8", "accuracy")
        < POINT,
        "int8 file at most a third of float32's": 3 * of("dense", "int8", "bytes") <= of("dense", "float32", "bytes"),
        "student of at most a fifth of the weights": 5 * of("student", "weights") <= of("dense", "weights"),
        "taught ahead of student, intervals apart": taught[0] - taught[1] > alone[0] + alone[1],
    }
    for goal, met in goals.items():
        print(f"{'yes' if met else 'NO':4}{goal}", flush=True)
    return goals


def main() -> None:
    """Train, compress and measure, and print tables and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.add_argument("--sources", nargs="+", default=SOURCES)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--updates", type=int, default=2_000, help="of each training")
    parser.add_argument("--selection", action="store_true", help="score rows kept from training, to choose settings")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    for source in options.sources:
        runs: list[dict[str, Any]] = []
        how = {"large": LARGE, "small": SMALL[source.split(",")[0]], "updates": options.updates}
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            script = SCRIPT.format(source=source, seed=seed, selection=options.selection, **how)
            runs.append(paired.run(f"{source}, seed {seed}", sys.executable, script, options.threads))
        found[source] = {"runs": runs, "goals": summary(source, runs)}
    paired.write({"updates": options.updates, "first_seed": options.first_seed, "sources": found}, options.output)


if __name__ == "__main__":
    main()
