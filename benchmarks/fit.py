"""A classifier's training step beside `keras.Model.fit` of the same model: same optimizer, batches and examples.

Both sides train the same architecture on the same arrays in batches of 64, in one process, taking turns of whole epochs
after a first one that compiles; what is compared is processor time an update, and its ratio in each pair of turns.

    python benchmarks/fit.py [--pairs 7] [--threads 1] [--output FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
import warnings
from pathlib import Path
from typing import Any

import machine
import paired

BATCH = 64
# Model, data set, examples of an epoch here.
CASES = (("perceptron 64", "digits", 1_280), ("perceptron 256-128", "digits", 1_280), ("cnn", "digits", 1_280),
         ("cnn", "glyphs", 1_280), ("resnet", "digits", 640))  # fmt: skip


def main() -> None:
    """Take turns, print a table and write the JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, help="also write the JSON object here")
    options = parser.parse_args()
    os.environ.update(paired.limits(options.threads))
    about = machine.say()
    paired.packages_first()
    rows = []
    for model, data, examples in CASES:
        pairs = compared(model, data, examples, options.pairs)
        ratios = [theirs / ours for ours, theirs in pairs]
        rows.append({"model": model, "data": data, "pairs_seconds_an_update": pairs, "ratios": ratios})
        ours, theirs = (1e3 * statistics.median(side) for side in zip(*pairs, strict=True))
        print(
            f"{model:20} {data:8} {ours:8.3f} ms here, {theirs:8.3f} ms in fit: "
            f"{statistics.median(ratios):.2f} times as fast ({min(ratios):.2f} to {max(ratios):.2f})",
            flush=True,
        )
    if options.output:
        result = {"machine": about, "threads": options.threads, "rows": rows}
        options.output.write_text(json.dumps(result, indent=1) + "\n")


def compared(model: str, data: str, examples: int, pairs: int) -> list[tuple[float, float]]:
    """Return the processor seconds of an update here and in `fit`, for each pair of turns."""
    import keras

    from generative.datasets import load
    from lab import Experiment
    from predictors import Classifier

    found = load(data)
    rows, labels = found.train[:examples], found.train_labels[:examples]
    shape, classes = rows.shape[1:], found.spec.classes

    def network(spec: Any = None) -> Any:
        return made(model, shape, classes)

    settings: dict[str, Any] = {"batch_size": BATCH, "schedule": "constant", "clip_norm": None, "weight_decay": 0.0}
    learner = Classifier(network=network, optimizer="adam", warmup_steps=1, **settings)
    experiment = Experiment(learner, (rows, labels), seed=0, progress=False, log_every=10_000_000)
    peer = network()
    peer.compile(keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    scaled = found.spec.normalise(rows)
    updates = 4 * examples // BATCH

    def ours() -> float:
        began = time.process_time()
        experiment.train(updates)
        return (time.process_time() - began) / updates

    def theirs() -> float:
        began = time.process_time()
        peer.fit(scaled, labels, batch_size=BATCH, epochs=4, verbose=0)
        return (time.process_time() - began) / updates

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours(), theirs()
        return [(ours(), theirs()) for _ in range(pairs)]


def made(name: str, shape: tuple[int, ...], classes: int) -> Any:
    """Return a Keras model that gives logits."""
    import keras

    from lab.networks.vision.cnn import cnn
    from lab.networks.vision.resnet import resnet

    if name.startswith("perceptron"):
        sizes = [int(size) for size in name.split()[1].split("-")]
        layers = [keras.layers.Dense(size, "relu") for size in sizes]
        return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), *layers, keras.layers.Dense(classes)])
    return (cnn if name == "cnn" else resnet)(shape, classes)


if __name__ == "__main__":
    main()
