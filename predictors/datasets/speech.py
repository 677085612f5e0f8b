"""A voice as a source and a filter: glottal pulses and breath through the resonances of the vocal tract."""

from __future__ import annotations

import dataclasses

import numpy as np

RATE = 8_000
SAMPLES = 2_400
# Of the three formants, at -3 dB, in Hz: near the middle of what is measured (Klatt 1980, table I).
BANDWIDTHS = (60.0, 90.0, 150.0)
EDGE = 0.03


@dataclasses.dataclass(frozen=True)
class Voice:
    """How one vowel sounds.

    Args:
        pitch: Hz at the beginning and at the end.
        formants: Hz, as many as there are bandwidths.
        open_fraction: Part of a period in which the glottis is open, in (0, 1).
        breath: Standard deviation of the breath's noise, in units of the pulses'.
    """

    pitch: tuple[float, float]
    formants: tuple[float, ...]
    open_fraction: float = 0.6
    breath: float = 0.0


def spoken(voice: Voice, samples: int, rng: np.random.RandomState) -> np.ndarray:
    """Return a vowel, float64 (samples,), that swells and fades over 30 ms (Fant 1960's source and filter).

    Args:
        voice: How it sounds.
        samples: At 8,000 a second.
        rng: Of the breath and of where the first period begins.
    """
    from scipy.signal import lfilter

    rises = np.linspace(*voice.pitch, samples) / RATE
    source = glottal_flow(rng.uniform() + np.cumsum(rises), voice.open_fraction)
    source = source + voice.breath * source.std() * rng.standard_normal(samples)
    # What leaves the lips is the change of the flow (Klatt 1980, section I.B).
    wave = np.diff(source, prepend=source[0])
    for formant, bandwidth in zip(voice.formants, BANDWIDTHS, strict=True):
        wave = lfilter(*resonator(formant, bandwidth), wave)
    edge = np.minimum(np.arange(samples) + 1, np.arange(samples, 0, -1)) / (EDGE * RATE)
    return np.asarray(wave * np.minimum(edge, 1.0), np.float64)


def glottal_flow(phase: np.ndarray, open_fraction: float) -> np.ndarray:
    """Return the flow of air through the glottis: it opens slowly and closes fast (Rosenberg 1971, pulse C).

    Args:
        phase: (samples,) in periods; whole numbers are where it begins to open.
        open_fraction: Part of a period in which it is open, of which it opens for two thirds.
    """
    place = np.mod(phase, 1.0) / open_fraction
    opening = 0.5 * (1.0 - np.cos(np.pi * place * 1.5))
    closing = np.cos(0.5 * np.pi * (3.0 * place - 2.0))
    return np.where(place < 2.0 / 3.0, opening, np.where(place < 1.0, closing, 0.0))


def resonator(frequency: float, bandwidth: float) -> tuple[list[float], list[float]]:
    """Return numerator and denominator of a resonance whose gain at 0 Hz is 1 (Klatt 1980, equations 1 and 2)."""
    c = -np.exp(-2.0 * np.pi * bandwidth / RATE)
    b = 2.0 * np.exp(-np.pi * bandwidth / RATE) * np.cos(2.0 * np.pi * frequency / RATE)
    return [1.0 - b - c], [1.0, -b, -c]
