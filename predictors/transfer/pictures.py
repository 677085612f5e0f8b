"""Brings pictures to the size and the channels that a backbone takes, as layers of the network."""

from __future__ import annotations

from typing import Any

import keras

from lab.errors import bad_value
from predictors.data.field import Field


def wanted_shape(field: Field, given: tuple[int, ...], channels: int | None = None) -> tuple[int, int, int]:
    """Return (H, W, C) of what goes into a backbone.

    Args:
        field: The pictures.
        given: The setting `input_shape`.
        channels: That the backbone takes; None for as many as pictures have.
    """
    height, width, own = picture_shape(field.shape)
    if given:
        height, width = given[:2]
        own = given[2] if len(given) == 3 else channels or own
    return height, width, channels or own


def picture_shape(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return (H, W, C), with one channel for grey pictures (H, W)."""
    return (shape[0], shape[1], shape[2] if len(shape) == 3 else 1)


def check_pictures(owner: str, field: Field) -> None:
    """Raise `UsageError` where inputs are no pictures in one range."""
    if field.kind != "image":
        raise bad_value(owner, f"input {field.name!r}", field.kind, "pictures, which alone have a backbone")
    if len(field.centre) > 1 or len(field.scale) > 1:
        fix = "leave normalise out of the source: the network scales pictures by itself."
        raise bad_value(owner, f"input {field.name!r}", "pictures normalised by feature", "pictures in one range", fix)


def check_channels(owner: str, field: Field, wanted: tuple[int, int, int]) -> None:
    """Raise `UsageError` where pictures cannot be brought to a shape."""
    channels = picture_shape(field.shape)[2]
    if channels != wanted[2] and (channels, wanted[2]) != (1, 3):
        expected = f"{wanted[2]}, or 1 that is taken three times where 3 are wanted"
        raise bad_value(owner, "channels of pictures", channels, expected, "convert the pictures.")


def brought(pictures: Any, field: Field, wanted: tuple[int, int, int]) -> Any:
    """Return pictures (B, H, W, C) of a wanted shape: read bilinearly at other places, grey ones once a channel.

    Where they shrink, each pixel is a weighted mean of all that it covers.

    Args:
        pictures: Keras tensor (B, *field.shape).
        field: What they are.
        wanted: (H, W, C).
    """
    height, width, channels = picture_shape(field.shape)
    x = pictures if len(field.shape) == 3 else keras.layers.Reshape((height, width, 1))(pictures)
    if (height, width) != wanted[:2]:
        shrinks = wanted[0] < height or wanted[1] < width
        # Float32 whatever the policy: it is of pictures, not of features.
        x = keras.layers.Resizing(*wanted[:2], interpolation="bilinear", antialias=shrinks, dtype="float32")(x)
    return x if channels == wanted[2] else keras.layers.Concatenate(dtype="float32")([x] * wanted[2])


def change_said(field: Field, wanted: tuple[int, int, int]) -> str:
    """Return in words what is done to pictures: "8 x 8 x 1 to 32 x 32 x 3", or nothing where it is nothing."""
    own = picture_shape(field.shape)
    return "" if own == wanted else f"{_times(own)} to {_times(wanted)}"


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
