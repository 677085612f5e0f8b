"""MixUp and CutMix by hand: fractions, areas, labels and weights."""

from __future__ import annotations

import itertools
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from lab import Experiment
from lab.errors import UsageError
from predictors import Classifier
from predictors.data.examples import ExampleSpec
from predictors.data.field import Field
from predictors.data.updates import Batch
from predictors.parts.mixing import area_kept, beta, blended, box, check_mixable, labelled, mixed, pasted
from tests.predictors.small import STEADY, built, no_baselines, pictures, values

__all__ = ["no_baselines"]
CLASSES = {"target": 3}


def batch(weights: Any = None, number: int = 4) -> Batch:
    rows = tf.reshape(tf.range(number * 16, dtype=tf.float32), (number, 4, 4, 1))
    codes = tf.constant([0, 1, 2, 1][:number])
    return Batch({"input": rows}, {"target": codes}, None if weights is None else tf.constant(weights, tf.float32))


def test_mixup_takes_a_fraction_of_each_row_and_the_rest_of_the_one_before() -> None:
    x = tf.constant([[0.0, 10.0], [1.0, 20.0], [2.0, 30.0]])
    found = blended({"a": x}, tf.constant(0.75))["a"].numpy()
    np.testing.assert_allclose(found, [[0.5, 15.0], [0.75, 17.5], [1.75, 27.5]])


@pytest.mark.parametrize(
    ("kept", "middle", "rows", "columns"),
    [
        # sqrt(1 - 0.75) = 0.5 of each side of 8 is 4 pixels: 2 before and 2 from the middle on.
        (0.75, (0.5, 0.5), range(2, 6), range(2, 6)),
        # At the corner what lies outside is cut off.
        (0.75, (0.0, 0.5), range(2), range(2, 6)),
        (0.75, (0.99, 0.99), range(5, 8), range(5, 8)),
        (1.0, (0.5, 0.5), range(0), range(0)),
        (0.0, (0.5, 0.5), range(8), range(8)),
    ],
)
def test_the_box_has_the_sides_of_the_paper_and_ends_at_the_frame(
    kept: float, middle: tuple[float, float], rows: range, columns: range
) -> None:
    region = box(tf.constant(kept), tf.constant(middle), 8, 8)
    expected = np.zeros((8, 8), bool)
    for row, column in itertools.product(rows, columns):
        expected[row, column] = True
    np.testing.assert_array_equal(region, expected)
    assert float(area_kept(region)) == pytest.approx(1 - len(rows) * len(columns) / 64)


@pytest.mark.parametrize("channels", [True, False])
def test_cutmix_takes_the_box_from_the_row_before_and_nothing_else(channels: bool) -> None:
    x = batch().input if channels else batch().input[..., 0]
    region = np.zeros((4, 4), bool)
    region[1:3, 2:] = True
    found = pasted({"input": x}, tf.constant(region))["input"].numpy().reshape(4, 4, 4)
    rows = x.numpy().reshape(4, 4, 4)
    for i in range(4):
        np.testing.assert_array_equal(found[i][region], rows[i - 1][region])
        np.testing.assert_array_equal(found[i][~region], rows[i][~region])


def test_labels_are_in_the_proportion_of_the_inputs() -> None:
    found = labelled(batch(), batch().inputs, tf.constant(0.7), CLASSES)
    expected = [[0.7, 0.3, 0.0], [0.3, 0.7, 0.0], [0.0, 0.3, 0.7], [0.0, 0.7, 0.3]]
    np.testing.assert_allclose(found.target, expected, rtol=1e-6)


def test_with_weights_the_loss_is_that_of_both_rows_each_by_its_own() -> None:
    weights, kept = np.array([1.0, 3.0, 0.5, 2.0]), 0.25
    found = labelled(batch(weights), batch().inputs, tf.constant(kept), CLASSES)
    logits = tf.constant(np.random.default_rng(0).normal(size=(4, 3)), tf.float32)
    entropy = tf.nn.softmax_cross_entropy_with_logits(found.target, logits).numpy()
    codes = batch().target.numpy()
    mine = tf.nn.sparse_softmax_cross_entropy_with_logits(codes, logits).numpy()
    other = tf.nn.sparse_softmax_cross_entropy_with_logits(np.roll(codes, 1), logits).numpy()
    expected = kept * weights * mine + (1 - kept) * np.roll(weights, 1) * other
    np.testing.assert_allclose(found.weights * entropy, expected, rtol=1e-5)
    np.testing.assert_allclose(tf.reduce_sum(found.target, axis=1), 1.0, rtol=1e-6)


def test_several_targets_are_mixed_alike() -> None:
    two = batch()._replace(targets={"target": batch().target, "size": tf.constant([[0.0], [2.0], [4.0], [6.0]])})
    found = labelled(two, two.inputs, tf.constant(0.5), CLASSES)
    np.testing.assert_allclose(found.targets["size"], [[3.0], [1.0], [3.0], [5.0]])
    np.testing.assert_allclose(found.targets["target"][1], [0.5, 0.5, 0.0])


@pytest.mark.parametrize(("mixup", "cutmix"), [(0.4, 0.0), (0.0, 1.0), (0.4, 1.0)])
def test_each_update_draws_anew_and_the_same_from_the_same_state(mixup: float, cutmix: float) -> None:
    random = keras.random.SeedGenerator(3)
    update = tf.function(lambda: mixed(batch(), CLASSES, mixup, cutmix, random).targets["target"])
    before = random.state.numpy().copy()
    first = [update().numpy() for _ in range(8)]
    random.state.assign(before)
    np.testing.assert_array_equal(first, [update().numpy() for _ in range(8)])
    assert len({float(each[0, 0]) for each in first}) > 2
    np.testing.assert_allclose(np.sum(first, axis=2), 1.0, rtol=1e-5)


def test_fractions_are_drawn_from_the_beta_distribution() -> None:
    random = keras.random.SeedGenerator(0)
    draw = tf.function(lambda: tf.map_fn(lambda _: beta(0.5, random), tf.range(4_000), fn_output_signature=tf.float32))
    drawn = draw().numpy()
    # Beta(a, a) has the mean 1/2 and the variance 1 / (4 (2 a + 1)).
    assert drawn.mean() == pytest.approx(0.5, abs=0.02)
    assert drawn.var() == pytest.approx(1 / 8, abs=0.005)


def test_a_run_with_both_goes_on_with_the_draws_that_it_would_have_made(tmp_path: Any, no_baselines: None) -> None:
    settings: dict[str, Any] = {"architecture": "mlp", "hidden_sizes": (4,), "batch_size": 8, "mixup": 0.4, "cutmix": 1}
    settings |= STEADY
    whole = built(Classifier(**settings), pictures())
    whole.train(6)
    half = built(Classifier(**settings), pictures(), run_dir=tmp_path / "run")
    half.train(3)
    resumed = Experiment.resume(tmp_path / "run", source=pictures(), progress=False)
    resumed.learner.compile = None  # type: ignore[attr-defined]
    resumed.train(3)
    for mine, theirs in zip(
        values(whole.learner.network), values(resumed.learner.network), strict=True  # type: ignore[attr-defined]
    ):  # fmt: skip
        np.testing.assert_array_equal(mine, theirs)


def test_what_cannot_be_mixed_is_refused() -> None:
    classes = Field("target", "class", (), "int64", classes=2)
    texts = ExampleSpec((Field("words", "text", (4,), "str", vocabulary=("", "[UNK]", "a")),), (classes,))
    with pytest.raises(UsageError, match=r"mixup received 0.2; expected 0, for 'words' is texts"):
        check_mixable("Classifier", texts, 0.2, 0.0)
    numbers = ExampleSpec((Field("input", "vector", (3,), "float32"),), (classes,))
    check_mixable("Classifier", numbers, 0.2, 0.0)
    with pytest.raises(UsageError, match=r"cutmix received 1.0; expected 0, for it is of one picture"):
        check_mixable("Classifier", numbers, 0.0, 1.0)
