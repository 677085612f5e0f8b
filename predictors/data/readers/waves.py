"""WAV files as numbers in [-1, 1]."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from lab.errors import UsageError, bad_value


def read_wave(path: Path) -> tuple[np.ndarray, int, int]:
    """Return the samples of a WAV file, mixed down to one channel, its rate and how many channels it had.

    Args:
        path: PCM of 8, 16, 24 or 32 bits, or floating numbers of 32 or 64.

    Returns:
        float32 (samples,), whole numbers divided by the largest of their type; samples a second; channels.

    Raises:
        UsageError: When it is no such file, holds no samples, or a value that is not finite.
    """
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            # Of chunks that hold no sound.
            warnings.simplefilter("ignore", wavfile.WavFileWarning)
            rate, values = wavfile.read(path)
    except Exception as error:
        # A damaged head makes it fail in many ways.
        expected = "a WAV file of 8, 16, 24 or 32 bits, or of floating numbers"
        raise bad_value(
            "sounds", str(path), f"what cannot be read ({error})", expected, "mend or remove it."
        ) from error
    channels = 1 if values.ndim == 1 else values.shape[1]
    if not values.size or rate < 1:
        raise bad_value("sounds", str(path), f"{len(values)} samples at {rate} a second", "at least one sample")
    wide = as_numbers(values)
    if not np.isfinite(wide).all():
        raise UsageError(f"sounds: {path} received NaN or infinity; expected finite samples. Fix: mend or remove it.")
    return (wide if wide.ndim == 1 else wide.mean(axis=1)).astype(np.float32), int(rate), channels


def as_numbers(values: np.ndarray) -> np.ndarray:
    """Return samples as float64, in [-1, 1] if they are whole numbers: 8 bits around 128, others around 0."""
    if values.dtype.kind == "f":
        return values.astype(np.float64)
    if values.dtype == np.uint8:
        return (values.astype(np.float64) - 128.0) / 128.0
    return values.astype(np.float64) / -float(np.iinfo(values.dtype).min)
