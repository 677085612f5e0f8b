#!/usr/bin/env bash
# TensorFlow 2.21.0 on a CPU, seen 2026-11-29: under jit_compile=True, a tf.while_loop within another, which runs a round in one of 256
# steps and none in the others, still costs its sort in every step. XLA moves what no round changes ahead of the inner loop, whether
# or not a round follows: 48 microseconds a step. With the sorted numbers tied to the loop's counter by an optimization barrier: 0.5.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON'
import time

import tensorflow as tf
from tensorflow.compiler.tf2xla.python import xla


def program(tied):
    """Compile steps of which one in 256 sorts 4,096 numbers; return a function of how many, and of the numbers."""

    def step(count, total, numbers):
        numbers = numbers * 1.0001 + 0.1
        rounds = tf.cast(tf.equal(count % 256, 255), tf.int32)

        def one(i, total):
            rows = xla.optimization_barrier(i, numbers)[1] if tied else numbers
            return i + 1, total + tf.cast(tf.argsort(tf.math.sin(rows))[0], tf.float32)

        total = tf.while_loop(lambda i, _: i < rounds, one, (tf.constant(0), total))[1]
        return count + 1, total, numbers

    @tf.function(jit_compile=True, autograph=False)
    def run(steps, numbers):
        start = (tf.constant(0), tf.constant(0.0), numbers)
        return tf.while_loop(lambda count, *_: count < steps, step, start)[1]

    return run


numbers = tf.random.stateless_uniform((4096,), (1, 2))
steps, times, results = 5_000, {}, {}
for tied in (False, True):
    run = program(tied)
    run(tf.constant(2), numbers)
    began = time.perf_counter()
    results[tied] = float(run(tf.constant(steps), numbers))
    times[tied] = 1e6 * (time.perf_counter() - began) / steps
    print(f"tensorflow {tf.__version__}, {'tied to the counter' if tied else 'as written'}: {times[tied]:.1f} us a step")
if results[False] != results[True]:
    raise SystemExit(f"the two programs differ: {results}")
if times[False] < 5 * times[True]:
    raise SystemExit("the loop that does not run costs nothing now")
PYTHON
