"""Check, enlarge and write single images."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import bad_value
from lab.files.atomic import replacing


def as_rgb(frame: NDArray[Any]) -> NDArray[np.uint8]:
    """Check one frame and return it as uint8 (H, W, 3).

    Args:
        frame: uint8 (H, W), (H, W, 1) or (H, W, 3).

    Raises:
        ValueError: For another dtype or shape.
    """
    try:
        array = np.asarray(frame)
    except (ValueError, TypeError):
        raise bad_value("frame", "type", type(frame).__name__, "one uint8 array", "np.stack its lines") from None
    if array.dtype != np.uint8:
        raise bad_value("frame", "dtype", str(array.dtype), "uint8, 0 to 255", _to_uint8(array))
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 3) or 0 in array.shape:
        fix = "pass one image at a time"
        if array.ndim == 3 and array.shape[2] in (2, 4):
            # What is transparent is black in most files, and would be seen as such.
            fix = "pass frame[..., :3]" if array.shape[2] == 4 else "pass frame[..., :1]"
            fix = f"{fix} where nothing is transparent, else lay it on a background first"
        elif array.ndim == 3 and array.shape[0] in (1, 3):
            fix = "pass np.moveaxis(frame, 0, -1): channels come last"
        raise bad_value("frame", "shape", np.shape(frame), "(H, W), (H, W, 1) or (H, W, 3)", fix)
    return np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array


def _to_uint8(array: NDArray[Any]) -> str:
    """Return how values of another type become 0 to 255, as far as the type tells."""
    if array.dtype == np.bool_:
        return "frame.astype(np.uint8) * 255"
    if array.dtype == np.uint16:
        return "np.rint(frame / 257).astype(np.uint8) for all 16 bits"
    if array.dtype.kind == "f" and array.size and np.isfinite(array).all():
        if array.min() >= 0.0 and array.max() <= 1.0:
            return "np.rint(frame * 255).astype(np.uint8)"
        if array.min() >= 0.0 and array.max() <= 255.0:
            return "np.rint(frame).astype(np.uint8)"
        if array.min() >= -1.0 and array.max() <= 1.0:
            return "np.rint((frame + 1) * 127.5).astype(np.uint8)"
    return "scale, round and cast the frame first"


def magnify(frame: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Repeat every pixel `factor` times along both sides.

    Args:
        frame: uint8 (H, W, ...).
        factor: Whole number >= 1.
    """
    return frame if factor == 1 else frame.repeat(factor, axis=0).repeat(factor, axis=1)


def upscale(frame: NDArray[np.uint8], minimum_size: int) -> NDArray[np.uint8]:
    """Magnify a tiny frame by the smallest whole factor that makes its shorter side long enough; keep others.

    Args:
        frame: uint8 (H, W, ...).
        minimum_size: Pixels that the shorter side shall have at least.
    """
    return magnify(frame, max(1, -(-minimum_size // min(frame.shape[:2]))))


def write_png(path: str | os.PathLike[str], image: NDArray[Any]) -> Path:
    """Write one image as a .png, whole or not at all, and return its path; see `as_rgb` for its shape."""
    from PIL import Image

    path = Path(path)
    if path.suffix.lower() != ".png":
        raise bad_value("image", "path", str(path), "a name that ends in .png")
    with replacing(path) as partial:
        Image.fromarray(np.ascontiguousarray(as_rgb(image))).save(partial, format="PNG")
    return path
