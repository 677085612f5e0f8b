"""Sounds as the logarithms of what each band of hearing has of them."""

from __future__ import annotations

from typing import Any

import keras

from lab.errors import bad_value

# Windows of 25 ms every 10 ms and 40 bands are what speech recognition has long used (Davis and Mermelstein 1980).
WINDOW, STRIDE, BANDS = 0.025, 0.010, 40


def log_mel(waves: Any, rate: int, bands: int = BANDS) -> Any:
    """Return log-mel spectrograms of sounds, each band normalised over the batches of training.

    Args:
        waves: A Keras tensor, float32 (B, samples) in [-1, 1].
        rate: Samples a second.
        bands: Mel bands (Stevens et al. 1937) between 0 and half the rate.

    Returns:
        A Keras tensor, float32 (B, frames, bands), in decibels before they are normalised.

    Raises:
        UsageError: When the sounds are shorter than a window.
    """
    window, stride = round(WINDOW * rate), max(1, round(STRIDE * rate))
    length = 1 << max(5, window - 1).bit_length()
    if waves.shape[1] < length:
        raise bad_value(
            "log_mel", "sounds", f"{waves.shape[1]} samples", f"at least {length} at {rate} samples a second"
        )
    layer = keras.layers.MelSpectrogram(
        fft_length=length, sequence_length=window, sequence_stride=stride, sampling_rate=rate, num_mel_bins=bands,
        min_freq=0.0, max_freq=rate / 2.0, dtype="float32",
    )  # fmt: skip
    return keras.layers.BatchNormalization(momentum=0.9)(keras.layers.Permute((2, 1))(layer(waves)))
