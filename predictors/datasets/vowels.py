"""Spoken vowels made by formulas, of speakers who are either in the training part or in the test part."""

from __future__ import annotations

import dataclasses

import numpy as np

from generative.datasets.synthetic import TEST, TRAIN, check_counts, frozen, stream
from lab.errors import bad_value
from predictors.data.arrays import from_arrays
from predictors.data.examples import Examples, Part
from predictors.datasets.speech import RATE, SAMPLES, Voice, spoken

SELECTION = 2
# Hz, averages of 33 men, 28 women and 15 children: pitch and the lowest three formants of ten vowels in American
# English (Peterson and Barney 1952, table II).
WORDS = ("heed", "hid", "head", "had", "hod", "hawed", "hood", "whod", "hud", "heard")
PITCH = np.array([
    [136, 135, 130, 127, 124, 129, 137, 141, 130, 133],
    [235, 232, 223, 210, 212, 216, 232, 231, 221, 218],
    [272, 269, 260, 251, 256, 263, 276, 274, 261, 261],
], float)  # fmt: skip
FORMANTS = np.array([
    [[270, 390, 530, 660, 730, 570, 440, 300, 640, 490],
     [2290, 1990, 1840, 1720, 1090, 840, 1020, 870, 1190, 1350],
     [3010, 2550, 2480, 2410, 2440, 2410, 2240, 2240, 2390, 1690]],
    [[310, 430, 610, 860, 850, 590, 470, 370, 760, 500],
     [2790, 2480, 2330, 2050, 1220, 920, 1160, 950, 1400, 1640],
     [3310, 3070, 2990, 2850, 2810, 2710, 2680, 2670, 2780, 1960]],
    [[370, 530, 690, 1010, 1030, 680, 560, 430, 850, 560],
     [3200, 2730, 2610, 2320, 1370, 1060, 1410, 1170, 1590, 1820],
     [3730, 3600, 3570, 3320, 3170, 3180, 3310, 3260, 3360, 2160]],
], float)  # fmt: skip
GROUPS = ("men", "women", "children")


@dataclasses.dataclass(frozen=True)
class Speaker:
    """Whose voice it is.

    Args:
        group: 0 for men, 1 for women, 2 for children.
        tract: Factor on all formants: a longer vocal tract has lower ones.
        pitch: Factor on the pitch.
        open_fraction: Part of a period in which the glottis is open.
        breath: Standard deviation of the breath's noise, in units of the voice's.
    """

    group: int
    tract: float
    pitch: float
    open_fraction: float
    breath: float


def load(train: int = 60, test: int = 24, takes: int = 3, seed: int = 0, noise: float = 20.0) -> Examples:
    """Return ten vowels, int16 (N, 2400) at 8,000 samples a second, labelled by words in which they are spoken.

    The voice is a train of glottal pulses with breath, filtered by three resonators at the vowel's formants, which
    differ between men, women and children, from speaker to speaker, and from take to take; see `speech.spoken`. No
    speaker of the test part is in the training part, and those by whom checkpoints are selected, a tenth, are in
    neither.

    Args:
        train, test: Speakers, as many men as women as children, give or take one.
        takes: How often each says each vowel.
        seed: Another seed gives other speakers.
        noise: Power of the voice over that of the noise around it, in decibels, on average; it varies by 5.
    """
    check_counts("vowels", train, test, seed)
    check_counts("vowels", takes, 1, 0)
    if not -20.0 <= noise <= 200.0:
        raise bad_value("vowels", "noise", noise, "decibels from -20 to 200")
    counts = ((TRAIN, train), (TEST, test), (SELECTION, max(1, train // 10)))
    parts = [_part(count, takes, noise, stream(seed, split)) for split, count in counts]
    (waves, words), tested, (other_waves, other_words) = parts
    notes = (f"{train} speakers to train on, {counts[2][1]} to select by and {test} to test on, none in two parts",)
    found = from_arrays(waves, words, test=tested, kinds={"input": "sound"}, rate=RATE, name="vowels", kind="vowels",
                        notes=notes)  # fmt: skip
    return dataclasses.replace(found, selection=Part({"input": other_waves}, {"target": other_words}))


def speakers(count: int, rng: np.random.RandomState) -> list[Speaker]:
    """Draw speakers, of each group in turn."""
    return [
        Speaker(
            i % len(GROUPS), float(np.clip(rng.normal(1.0, 0.03), 0.92, 1.08)), float(np.exp(rng.normal(0.0, 0.1))),
            rng.uniform(0.5, 0.7), rng.uniform(0.02, 0.1),
        )
        for i in range(count)
    ]  # fmt: skip


def voice(speaker: Speaker, vowel: int, rng: np.random.RandomState) -> Voice:
    """Draw how a speaker says a vowel once.

    Args:
        speaker: Who.
        vowel: Its number in `WORDS`.
        rng: Of the take.
    """
    pitch = PITCH[speaker.group, vowel] * speaker.pitch * np.exp(rng.normal(0.0, 0.04))
    formants = FORMANTS[speaker.group, :, vowel] * speaker.tract * np.exp(rng.normal(0.0, 0.015, 3))
    # From 5 % above to 10 % below, as at the end of a statement.
    return Voice((1.05 * pitch, 0.9 * pitch), tuple(formants.tolist()), speaker.open_fraction, speaker.breath)


def _part(count: int, takes: int, noise: float, rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    waves, words = [], []
    for speaker in speakers(count, rng):
        for vowel, word in enumerate(WORDS):
            for _ in range(takes):
                waves.append(_recorded(spoken(voice(speaker, vowel, rng), SAMPLES, rng), noise, rng))
                words.append(word)
    order = rng.permutation(len(waves))
    found = np.stack(waves)[order], np.array(words)[order]
    frozen(*found)
    return found


def _recorded(wave: np.ndarray, noise: float, rng: np.random.RandomState) -> np.ndarray:
    """Return a voice at some distance in some noise, int16."""
    ratio = 10.0 ** ((noise + rng.uniform(-5.0, 5.0)) / 20.0)
    noisy = wave + rng.standard_normal(len(wave)) * (wave.std() / ratio)
    loudness = 10.0 ** (rng.uniform(-18.0, 0.0) / 20.0)
    return np.round(noisy / np.abs(noisy).max() * loudness * 32_000.0).astype(np.int16)
