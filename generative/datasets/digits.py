"""The handwritten digits that scikit-learn brings along: small, real, and there without a download."""

from __future__ import annotations

import numpy as np

from generative.data.dataset import Dataset, DataSpec

TEST_ROWS = 360


def load() -> Dataset:
    """Return 1,797 digits, uint8 (8, 8, 1) in [0, 16], with labels 0 to 9.

    1,437 are for training and 360 for testing: scikit-learn's `train_test_split` of the row numbers, stratified by
    label, with `random_state=0`; a test keeps its hash. Source: E. Alpaydin and C. Kaynak (1998), "Optical
    Recognition of Handwritten Digits", UCI Machine Learning Repository, its test part.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    images = digits.images.astype(np.uint8)[..., None]
    labels = digits.target.astype(np.int32)
    train, test = train_test_split(np.arange(len(images)), test_size=TEST_ROWS, stratify=labels, random_state=0)
    train, test = np.sort(train), np.sort(test)
    spec = DataSpec((8, 8, 1), "uint8", 0.0, 16.0, classes=10, name="digits")
    return Dataset(images[train], images[test], spec, labels[train], labels[test], kind="digits")
