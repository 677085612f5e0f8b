"""Vowels: the voice beside closed forms, the published formants, and no speaker in two parts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import freqz

from generative.datasets.synthetic import TEST, TRAIN, stream
from lab.errors import UsageError
from predictors.datasets import vowels
from predictors.datasets.speech import RATE, SAMPLES, Voice, glottal_flow, resonator, spoken

SMALL = {"train": 6, "test": 3, "takes": 1}


@pytest.fixture(scope="module")
def data():
    return vowels.load(**SMALL)


def test_a_resonator_rings_where_and_as_wide_as_it_should():
    numerator, denominator = resonator(700.0, 80.0)
    poles = np.roots(denominator)
    np.testing.assert_allclose(np.angle(poles[0]) / (2 * np.pi) * RATE, 700.0)
    np.testing.assert_allclose(abs(poles), np.exp(-np.pi * 80.0 / RATE))
    np.testing.assert_allclose(abs(freqz(numerator, denominator, [0.0])[1]), 1.0)


def test_the_glottis_opens_slowly_and_closes_fast():
    # Open for 0.6 of a period: at its widest after 0.4, closed from 0.6 on.
    flow = glottal_flow(np.array([0.0, 0.2, 0.4, 0.5, 0.6, 0.9, 1.2]), 0.6)
    np.testing.assert_allclose(flow, [0.0, 0.5, 1.0, np.cos(np.pi / 4), 0.0, 0.0, 0.5], atol=1e-12)


def test_a_vowel_has_its_pitch_and_its_formants():
    wave = spoken(Voice((100.0, 100.0), (700.0, 1_100.0, 2_400.0)), SAMPLES, stream(0, 0))
    power = np.abs(np.fft.rfft(wave * np.hanning(SAMPLES))) ** 2
    harmonics = power[30::30][:39]
    # Bins are 1/0.3 s apart: harmonics of 100 Hz stand in every 30th, and between them there is little.
    assert harmonics.sum() > 0.3 * power.sum() and power[15::30].sum() < 1e-3 * power.sum()
    assert int(np.argmax(harmonics)) + 1 == 7
    assert harmonics[23] > harmonics[19] and harmonics[23] > harmonics[29]


def test_the_table_is_peterson_and_barneys():
    # Men's "heed" and children's "heard", as printed.
    assert vowels.PITCH[0, 0] == 136 and vowels.FORMANTS[0, :, 0].tolist() == [270, 2290, 3010]
    assert vowels.PITCH[2, 9] == 261 and vowels.FORMANTS[2, :, 9].tolist() == [560, 1820, 2160]
    assert (np.diff(vowels.FORMANTS, axis=1) > 0).all(), "formants rise"
    assert (np.diff(vowels.FORMANTS[:, :2, (0, 3, 4)], axis=0) > 0).all(), "shorter tracts have higher ones"
    assert vowels.FORMANTS.max() < RATE / 2


def test_speakers_are_of_one_part_alone(data):
    voices = [{*vowels.speakers(count, stream(0, split))} for split, count in ((TRAIN, 60), (TEST, 24), (2, 6))]
    assert sum(map(len, voices)) == len(set.union(*voices)) == 90
    assert len(data.train) == 60 and len(data.test) == 30 and len(data.selection) == 10
    assert data.hold_out() is data, "checkpoints are selected by speakers of their own"


def test_examples_are_sounds_of_ten_words(data):
    (field,), (target,) = data.spec.inputs, data.spec.targets
    assert (field.kind, field.shape, field.rate, field.dtype) == ("sound", (2_400,), 8_000, "int16")
    assert target.class_names == tuple(sorted(vowels.WORDS))
    counts = np.unique(data.train.targets["target"], return_counts=True)[1]
    assert counts.tolist() == [6] * 10
    peaks = np.abs(data.train.inputs["input"].astype(int)).max(axis=1)
    assert 3_500 < peaks.min() < peaks.max() <= 32_000


def test_seeds_and_counts_are_the_users(data):
    again, other = vowels.load(**SMALL), vowels.load(**SMALL, seed=1)
    more = vowels.load(**{**SMALL, "train": 7})
    assert again.fingerprint() == data.fingerprint() != other.fingerprint()
    np.testing.assert_array_equal(more.test.inputs["input"], data.test.inputs["input"])
    for wrong in ({"train": 0}, {"takes": 0}, {"noise": np.nan}, {"seed": -1}, {"test": 1.5}):
        with pytest.raises(UsageError, match=next(iter(wrong)) if "takes" not in wrong else "vowels"):
            vowels.load(**{**SMALL, **wrong})
