"""Characters that are whole, centred, evenly labelled and the same on every run."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from generative import Dataset
from generative.datasets import load
from generative.datasets.drawn import glyphs
from generative.datasets.drawn.outlines import CHARACTERS, FONTS, TEXELS, outlines


@pytest.fixture(scope="module")
def small() -> Dataset:
    """1,240 rows to train on and 620 to test on."""
    return glyphs.make(train=1240, test=620)


@pytest.mark.thorough
def test_rows_are_whole_and_centred_characters(small: Dataset) -> None:
    assert small.train.shape == (1240, 28, 28, 1) and small.train.dtype == np.uint8 and small.test.shape[0] == 620
    for rows in (small.train, small.test):
        ink = rows[..., 0].astype(float)
        frame = np.ones((28, 28), bool)
        frame[1:-1, 1:-1] = False
        assert not ink[:, frame].any()
        assert ink.max(axis=(1, 2)).min() > 200
        high, wide = ((ink > 64).any(axis=axis).sum(axis=1) for axis in (2, 1))
        assert np.median(np.maximum(high, wide)) >= 18
        assert np.maximum(high, wide).min() >= 9
        for axis in (1, 2):
            present = (ink > 64).any(axis=axis)
            first, last = present.argmax(axis=1), 27 - present[:, ::-1].argmax(axis=1)
            assert abs((first + last) / 2 - 13.5).max() <= 3.0


def test_labels_are_even_and_named(small: Dataset) -> None:
    assert small.train_labels is not None and small.test_labels is not None
    np.testing.assert_array_equal(np.bincount(small.train_labels), 20)
    np.testing.assert_array_equal(np.bincount(small.test_labels), 10)
    assert small.spec.classes == 62 and "".join(small.spec.class_names or ()) == CHARACTERS
    assert [small.spec.label_name(i) for i in (7, 10, 61)] == ["7", "A", "z"]


def test_equal_seeds_give_equal_bytes_and_others_do_not(small: Dataset) -> None:
    glyphs.make.cache_clear()
    again = glyphs.make(train=1240, test=620)
    assert again is not small and again.fingerprint() == small.fingerprint()
    assert glyphs.make(train=1240, test=620, seed=1).fingerprint() != small.fingerprint()
    np.testing.assert_array_equal(glyphs.make(train=10, test=620).test, small.test)


def test_the_rows_are_those_that_results_were_published_for(small: Dataset) -> None:
    assert small.train_labels is not None
    assert hashlib.sha256(small.train_labels.tobytes()).hexdigest()[:16] == "e8bf0da4c2090e06"
    # The last bit of a sine may differ between processors, so pixels are pinned by their means.
    means = [small.train.mean(), small.test.mean(), small.train[small.train_labels == 11].mean()]
    np.testing.assert_allclose(means, [40.1911, 39.5025, 56.4714], atol=0.01)


def test_no_test_row_is_a_training_row(small: Dataset) -> None:
    rows = {row.tobytes() for row in small.train}
    assert len(rows) == 1240 and not rows & {row.tobytes() for row in small.test}


def test_characters_of_one_label_look_alike(small: Dataset) -> None:
    """The nearest training row has the right label far more often than one in 62."""
    train, test = (rows.reshape(len(rows), -1).astype(np.float32) for rows in (small.train, small.test))
    distances = (test**2).sum(1)[:, None] - 2 * test @ train.T + (train**2).sum(1)
    assert small.train_labels is not None
    assert (small.train_labels[distances.argmin(axis=1)] == small.test_labels).mean() > 0.5


def test_distance_fields_hold_distances() -> None:
    drawn = outlines()
    assert drawn.fields.shape == (len(FONTS), 62, TEXELS, TEXELS)
    # A sans serif I is a bar: its greatest depth is half its width, and its height is that of H.
    bar = CHARACTERS.index("I")
    extremes = drawn.extremes[0, bar]
    width, height = extremes.max(axis=0) - extremes.min(axis=0)
    assert height == pytest.approx(1.0, abs=1e-6)
    assert drawn.fields[0, bar].max() == pytest.approx(width / 2, abs=0.02)
    # The field's corner lies outside by the way to the bar's corner.
    half = drawn.half[0, bar] * (1 - 1 / TEXELS)
    away = np.hypot(half - width / 2, half - height / 2)
    assert -drawn.fields[0, bar, 0, 0] == pytest.approx(away, abs=0.02)
    # O has a hole; its middle is outside the ink.
    assert drawn.fields[0, CHARACTERS.index("O"), TEXELS // 2, TEXELS // 2] < -0.1


def test_shared_rows_cannot_be_written_to_by_mistake(small: Dataset) -> None:
    with pytest.raises(ValueError, match="read-only"):
        small.train[0] = 0


@pytest.mark.parametrize(
    ("keywords", "message"), [({"train": 0}, "train received 0"), ({"seed": -1}, "seed"), ({"test": 2.5}, "test")]
)
def test_numbers_that_do_not_fit(keywords: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        glyphs.make(**keywords)


def test_the_name_loads_the_default(monkeypatch: pytest.MonkeyPatch, small: Dataset) -> None:
    monkeypatch.setattr(glyphs, "make", lambda *counts: small if counts == (20_000, 4_000, 0) else None)
    assert load("glyphs") is small
