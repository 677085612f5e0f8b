"""Trains the features of a data set: python -m generative.metrics.networks.train_features digits."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from generative.data.dataset import Dataset
from generative.data.updates import IndexStream
from generative.datasets import load
from generative.metrics.networks.classifier import CENTRE, SCALE, WEIGHTS, Classifier, network


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a data set's classifier is made.

    Args:
        name: What the Fréchet distance on its features is called; other weights are another version.
        convolutions: (filters, stride) of each.
        width: Features; far fewer than the rows of the test split.
        updates: Training steps.
        shift: Greatest random shift in pixels.
        batch: Rows an update.
        rate: First step size, which falls to 0 along half a cosine.
        decay: Of weights, so that rows trained on look like others.
        seed: Of weights, order, shifts and dropout.
    """

    name: str
    convolutions: tuple[tuple[int, int], ...]
    width: int
    updates: int
    shift: int = 1
    batch: int = 128
    rate: float = 2e-3
    decay: float = 1e-3
    seed: int = 0


RECIPES = {
    "digits": Recipe("FD-digits-v1", ((32, 1), (32, 2), (64, 1)), width=32, updates=2_000),
    "glyphs": Recipe("FD-glyphs-v1", ((16, 1), (32, 2), (64, 2)), width=64, updates=6_000),
}


def train(recipe: Recipe, data: Dataset) -> keras.Model:
    """Train a classifier on a data set's training rows.

    Args:
        recipe: How.
        data: Labelled images; `test` is never looked at.
    """
    spec = data.spec
    model = network(spec.shape, recipe.convolutions, recipe.width, spec.classes or 0, recipe.seed)
    rate = keras.optimizers.schedules.CosineDecay(recipe.rate, recipe.updates)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=recipe.decay)
    optimizer.build(model.trainable_variables)
    stream = IndexStream(len(data.train), np.random.default_rng(recipe.seed))
    shifts = np.random.default_rng(recipe.seed + 1)

    @tf.function(autograph=False)
    def step(rows: tf.Tensor, labels: tf.Tensor, offset: tf.Tensor) -> tf.Tensor:
        images = tf.roll(spec.normalise_tensor(_padded(rows, recipe.shift, spec.low)), offset, (1, 2))
        images = images[:, recipe.shift : -recipe.shift, recipe.shift : -recipe.shift]
        with tf.GradientTape() as tape:
            _, logits = model(images, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    if data.train_labels is None:
        raise ValueError(f"{spec.name} has no labels; expected a class for each row.")
    for update in range(recipe.updates):
        rows = stream.take(1, recipe.batch)[0]
        offset = shifts.integers(-recipe.shift, recipe.shift + 1, 2)
        loss = step(data.train[rows], data.train_labels[rows], tf.constant(offset, tf.int32))
        if update % 200 == 0 or update == recipe.updates - 1:
            print(f"update {update:6,}  loss {float(loss):.4f}", flush=True)
    return model


def write(recipe: Recipe, model: keras.Model, data: Dataset, directory: Path) -> Classifier:
    """Write a classifier, its description and what it reaches on the test rows, and read it again.

    Args:
        recipe: How it was made.
        model: The trained network.
        data: What it was trained on.
        directory: Where the two files go.
    """
    from safetensors.numpy import save

    features = np.concatenate([model(data.spec.normalise(rows))[0] for rows in _parts(data.train)]).astype(np.float64)
    arrays = {str(i): np.asarray(weight, np.float16) for i, weight in enumerate(model.get_weights())}
    arrays[CENTRE] = features.mean(axis=0).astype(np.float32)
    arrays[SCALE] = np.array(1.0 / np.sqrt(features.var(axis=0).mean()), np.float32)
    content = save(arrays)
    description: dict[str, Any] = {
        **dataclasses.asdict(recipe),
        "data": data.spec.to_json(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "rows": {"train": len(data.train), "test": len(data.test)},
        "test_accuracy": None,
    }
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{recipe.name}.json"
    path.with_suffix(".safetensors").write_bytes(content)
    path.write_text(json.dumps(description, indent=1) + "\n")
    made = Classifier(path)
    description["test_accuracy"] = accuracy(made, data.test, data.test_labels)
    path.write_text(json.dumps(description, indent=1) + "\n")
    return Classifier(path)


def accuracy(classifier: Classifier, rows: np.ndarray, labels: Any) -> float:
    """Return the fraction of rows whose likeliest class is their label."""
    likeliest = np.asarray(classifier.extract(rows).probabilities).argmax(axis=1)
    return float(np.mean(likeliest == labels))


def main() -> None:
    """Train, write and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", choices=sorted(RECIPES))
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="where the weights go")
    options = parser.parse_args()
    # Rows that select checkpoints are left out too: a sampler is evaluated on rows that the classifier has not seen.
    data, selection = load(options.data).hold_out()
    recipe = RECIPES[options.data]
    made = write(recipe, train(recipe, data), data, options.out)
    held_out = accuracy(made, selection.test, selection.test_labels)
    print(f"{made.name}: {made.description['bytes']:,} bytes, sha256 {made.description['sha256']}")
    print(
        f"accuracy on {len(data.test):,} test rows {made.description['test_accuracy']:.4f}, on selection {held_out:.4f}"
    )


def _padded(rows: tf.Tensor, shift: int, value: float) -> tf.Tensor:
    sides = [[0, 0], [shift, shift], [shift, shift], *[[0, 0]] * (rows.shape.rank - 3)]
    return tf.pad(rows, sides, constant_values=tf.cast(value, rows.dtype))


def _parts(rows: np.ndarray) -> list[np.ndarray]:
    return [rows[start : start + 1024] for start in range(0, len(rows), 1024)]


if __name__ == "__main__":
    main()
