"""Test-time augmentation: answers averaged over a picture and changed copies of it, the same each time."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from lab.errors import bad_value
from predictors.data.examples import Examples, ExampleSpec

VIEWS = ("flip_horizontal", "flip_vertical", "shift")


def check_views(owner: str, views: tuple[str, ...], spec: ExampleSpec) -> None:
    """Raise `UsageError` where there is no one picture to change."""
    kinds = [field.kind for field in spec.inputs]
    if views and kinds != ["image"]:
        expected = f"none, for it is of one picture and the inputs are {', '.join(kinds)}"
        raise bad_value(owner, "test_views", views, expected, "leave it out.")


def check_allowed(owner: str, views: tuple[str, ...], data: Examples) -> None:
    """Raise `UsageError` where a picture is to be changed in a way that training does not change it."""
    for view in views:
        if data.augmentation is None or not getattr(data.augmentation, view):
            example = f"{data.spec.name},{view}={'0.1' if view == 'shift' else 'true'}"
            raise bad_value(
                owner, "test_views", view, f"what the source's augmentation varies: {_words(data)}",
                f"the source {example!r}, if that keeps what a picture shows.",
            )  # fmt: skip


def _words(data: Examples) -> str:
    return "nothing" if data.augmentation is None else data.augmentation.words


def views_of(pictures: tf.Tensor, views: Sequence[str]) -> list[tf.Tensor]:
    """Return pictures (B, H, W) or (B, H, W, C), and a copy of them for each flip, four for a shift.

    Shifted copies are moved by a pixel to each side; the frame's last pixels come in.
    """
    found = [pictures]
    for view, axis in (("flip_horizontal", 2), ("flip_vertical", 1)):
        if view in views:
            found.append(tf.reverse(pictures, [axis]))
    if "shift" in views:
        found += [_moved(pictures, axis, step) for axis in (1, 2) for step in (-1, 1)]
    return found


def _moved(pictures: tf.Tensor, axis: int, step: int) -> tf.Tensor:
    places = tf.clip_by_value(tf.range(pictures.shape[axis]) + step, 0, pictures.shape[axis] - 1)
    return tf.gather(pictures, places, axis=axis)


def mean_logits(outputs: Sequence[tf.Tensor]) -> tf.Tensor:
    """Return the logarithms of the mean of classes' probabilities, float32 (B, classes), from logits of such shapes."""
    logs = tf.stack([tf.nn.log_softmax(each) for each in outputs])
    return tf.reduce_logsumexp(logs, axis=0) - tf.math.log(float(len(outputs)))
