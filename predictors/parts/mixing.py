"""MixUp and CutMix: batches whose examples are made of two, with labels in the same proportion."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import tensorflow as tf

from lab.errors import bad_value
from predictors.data.examples import ExampleSpec
from predictors.data.updates import Batch


def check_mixable(owner: str, spec: ExampleSpec, mixup: float, cutmix: float) -> None:
    """Raise `UsageError` where inputs are of a kind that cannot be mixed."""
    texts = [field.name for field in spec.inputs if field.kind == "text"]
    if mixup and texts:
        raise bad_value(owner, "mixup", mixup, f"0, for {texts[0]!r} is texts and half a word is none", "leave it out.")
    kinds = [field.kind for field in spec.inputs]
    if cutmix and kinds != ["image"]:
        expected = f"0, for it is of one picture and the inputs are {', '.join(kinds)}"
        raise bad_value(owner, "cutmix", cutmix, expected, "leave it out.")


def mixed(
    batch: Batch, classes: Mapping[str, int], mixup: float, cutmix: float, random: keras.random.SeedGenerator
) -> Batch:
    """Return the batch with each example mixed with the one before it; batches are in random order already.

    Where both are asked for, each batch is mixed by one of them, either as often as the other.

    Args:
        batch: Of targets as `Field.seen` gives them.
        classes: How many there are, by the names of the targets that are classes.
        mixup, cutmix: The alpha of Beta(alpha, alpha), from which the fraction that is kept is drawn; 0 for none.
        random: What is drawn from; as often in every update.

    Returns:
        A batch whose targets of classes are float32 (B, classes), each row adding up to 1.
    """
    if not cutmix:
        kept = beta(mixup, random)
        return labelled(batch, blended(batch.inputs, kept), kept, classes)
    height, width = batch.input.shape[1:3]
    region = box(beta(cutmix, random), keras.random.uniform((2,), seed=random), height, width)
    inputs, kept = pasted(batch.inputs, region), area_kept(region)
    if mixup:
        fraction, coin = beta(mixup, random), keras.random.uniform((), seed=random) < 0.5
        inputs = {name: tf.where(coin, x, inputs[name]) for name, x in blended(batch.inputs, fraction).items()}
        kept = tf.where(coin, fraction, kept)
    return labelled(batch, inputs, kept, classes)


def beta(alpha: float, random: keras.random.SeedGenerator) -> tf.Tensor:
    """Return a number from Beta(alpha, alpha), float32 ()."""
    drawn = keras.random.beta((), alpha, alpha, dtype="float32", seed=random)
    # Both gamma variables that it is made of may be 0 in float32 where alpha is small.
    return tf.where(tf.math.is_finite(drawn), drawn, 1.0)


def before(values: tf.Tensor) -> tf.Tensor:
    """Return for each row of a batch the one before it, for the first the last."""
    return tf.roll(values, 1, axis=0)


def blended(inputs: Mapping[str, tf.Tensor], kept: tf.Tensor) -> dict[str, tf.Tensor]:
    """Return kept x_i + (1 - kept) x_j (Zhang et al. 2018, "mixup", section 1)."""
    return {name: kept * x + (1.0 - kept) * before(x) for name, x in inputs.items()}


def box(kept: tf.Tensor, middle: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Return whether each pixel comes from the other picture, booleans (H, W) (Yun et al. 2019, "CutMix", eq. 2).

    Args:
        kept: float32 (), about what part of the area stays.
        middle: float32 (2,) in [0, 1), where the box's middle lies from the top and the left; it ends at the frame.
        height, width: Pixels.
    """
    side = tf.sqrt(1.0 - kept)
    ranges = []
    for axis, size in ((0, height), (1, width)):
        centre = tf.floor(middle[axis] * size)
        half = tf.floor(side * size / 2.0)
        places = tf.range(size, dtype=tf.float32)
        ranges.append((places >= centre - half) & (places < centre + half))
    return ranges[0][:, None] & ranges[1][None, :]


def area_kept(region: tf.Tensor) -> tf.Tensor:
    """Return the fraction of pixels that stay, float32 ()."""
    return 1.0 - tf.reduce_mean(tf.cast(region, tf.float32))


def pasted(inputs: Mapping[str, tf.Tensor], region: tf.Tensor) -> dict[str, tf.Tensor]:
    """Return pictures (B, H, W) or (B, H, W, C) with a region from others (Yun et al. 2019, equation 1)."""
    found = {}
    for name, x in inputs.items():
        where = region if x.shape.rank == 3 else region[..., None]
        found[name] = tf.where(where, before(x), x)
    return found


def labelled(batch: Batch, inputs: Mapping[str, tf.Tensor], kept: tf.Tensor, classes: Mapping[str, int]) -> Batch:
    """Return a batch of mixed inputs with all targets mixed alike.

    Where examples have weights, the loss is that of both, each by its own weight: kept w_i y_i + (1 - kept) w_j y_j.
    """
    share, weights = kept, batch.weights
    if weights is not None:
        mine, other = kept * weights, (1.0 - kept) * before(weights)
        weights = mine + other
        share = (mine / weights)[:, None]
    targets = {}
    for name, values in batch.targets.items():
        y = tf.one_hot(values, classes[name]) if name in classes else values
        targets[name] = share * y + (1.0 - share) * before(y)
    return Batch(dict(inputs), targets, weights)
