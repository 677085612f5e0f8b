"""Backbones of keras.applications: built without a download, with weights from a file that the user has."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import keras

from lab.errors import UsageError, bad_value
from predictors.transfer.names import APPLICATIONS

RANDOM, CACHED = "none", "imagenet"
SUFFIXES = (".weights.h5", ".h5", ".hdf5", ".keras")


def build(owner: str, name: str, shape: tuple[int, int, int]) -> keras.Model:
    """Return a network of random weights from pictures float32 (B, *shape) to features (B, U), the mean over places.

    Args:
        owner: Who asks, for errors.
        name: One of `APPLICATIONS`.
        shape: (H, W, 3).

    Raises:
        UsageError: When pictures are smaller than it takes.
    """
    known = APPLICATIONS[name]
    if min(shape[:2]) < known.least:
        received, side = f"{shape[0]} x {shape[1]}", known.least
        raise bad_value(
            owner, "pictures", received, f"sides of at least {side} pixels for {name}", f"input_shape=({side}, {side})."
        )
    return getattr(keras.applications, known.function)(
        include_top=False, weights=None, input_shape=shape, pooling="avg"
    )


def preprocessed(name: str, pictures: Any) -> Any:
    """Return what a backbone takes, of pictures (B, H, W, 3) as networks here see them, from -1 to 1.

    They are brought to 0 to 255, then go through the backbone's own `preprocess_input`: to -1 to 1, to zero mean by
    colour in the order blue, green, red, or by mean and deviation of each colour, as its weights were trained.
    """
    scaled = keras.layers.Rescaling(127.5, 127.5, dtype="float32")(pictures)
    return getattr(keras.applications, APPLICATIONS[name].module).preprocess_input(scaled)


def weights_file(owner: str, name: str, weights: str) -> Path:
    """Return the file in which a backbone's weights are.

    Args:
        owner: Who asks, for errors.
        name: One of `APPLICATIONS`.
        weights: A path, or "imagenet" for the file that Keras keeps when somebody has downloaded it.

    Raises:
        UsageError: When it is not there; nothing is downloaded here.
    """
    known = APPLICATIONS[name]
    if weights == CACHED:
        home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
        path = home / "models" / known.file
        if not path.is_file():
            raise UsageError(
                f"{owner}: weights received 'imagenet'; expected them in {path}, and nothing is downloaded here. Fix: "
                f'download them once: python -c "import keras; keras.applications.{known.function}'
                "(include_top=False)\", or weights='none' to begin with random ones."
            )
        return path
    path = Path(weights).expanduser()
    if not path.is_file():
        raise bad_value(owner, "weights", weights, "a file of weights, 'imagenet' or 'none'")
    if not path.name.endswith(SUFFIXES):
        raise bad_value(owner, "weights", weights, "a file whose name ends in " + ", ".join(SUFFIXES))
    return path


def load_weights(owner: str, name: str, backbone: keras.Model, path: Path) -> str:
    """Give a backbone the weights in a file, which is read as numbers alone, and return the file's SHA-256.

    Raises:
        UsageError: When they are not those of such a network without its last layer.
    """
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        # Not `load_model`: what a file says of layers is not built.
        backbone.load_weights(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise UsageError(
            f"{owner}: weights received {str(path)!r}, which do not fit {name} without its last layer: "
            f"{str(error).splitlines()[0] if str(error) else type(error).__name__} Fix: save them by "
            f"keras.applications.{APPLICATIONS[name].function}(include_top=False).save_weights(FILE)."
        ) from error
    return digest
