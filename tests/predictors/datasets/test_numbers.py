"""Friedman's function beside scikit-learn's, and digits plus numbers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_friedman1

from lab.errors import UsageError
from predictors.datasets import friedman, sums


def test_the_function_is_scikit_learns():
    rows, wanted = make_friedman1(50, noise=0.0, random_state=0)
    np.testing.assert_allclose(friedman.function(rows), wanted)


def test_rows_have_the_noise_that_is_asked_for():
    data = friedman.load(train=4_000, test=500, noise=0.5)
    gaps = data.train.targets["target"][:, 0] - friedman.function(data.train.inputs["input"])
    assert abs(gaps.std() - 0.5) < 0.03 and abs(gaps.mean()) < 0.03
    assert data.spec.targets[0].kind == "number" and data.spec.inputs[0].columns[0] == "x1"
    exact = friedman.load(train=10, test=5, noise=0.0)
    np.testing.assert_allclose(exact.test.targets["target"][:, 0], friedman.function(exact.test.inputs["input"]))
    for wrong in ({"noise": -1.0}, {"noise": np.nan}, {"train": 0}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            friedman.load(**wrong)


def test_sums_have_two_inputs_and_two_targets():
    data = sums.load()
    assert [(f.name, f.kind) for f in data.spec.inputs] == [("picture", "image"), ("number", "vector")]
    assert [(f.name, f.kind) for f in data.spec.targets] == [("digit", "class"), ("sum", "number")]
    part = data.test
    np.testing.assert_allclose(part.targets["sum"], part.targets["digit"][:, None] + part.inputs["number"])
    assert len(data.train) == 1_437 and part.inputs["picture"].max() == 16
    assert (data.spec.inputs[0].centre, data.spec.inputs[0].scale) == ((8.0,), (8.0,))
    with pytest.raises(UsageError, match="seed received -1"):
        sums.load(seed=-1)
