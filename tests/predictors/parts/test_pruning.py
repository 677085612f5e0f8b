"""The smallest weights of each kernel go, ever more of them, and stay away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from lab.errors import UsageError
from predictors.parts.kernels import Kernel, kernels_of
from predictors.parts.pruning import Pruning, fraction_of_zeros, smallest_left_out, sparsity_at
from tests.predictors.parts.small import check_resumes_exactly, experiment, pictures


@pytest.mark.parametrize(
    # 0.8 (1 - (1 - (t - 100) / 400)^3): a half of the way leaves an eighth to go.
    ("updates", "sparsity"),
    [(0, 0.0), (100, 0.0), (200, 0.8 * (1 - 0.75**3)), (300, 0.7), (400, 0.8 * (1 - 1 / 64)), (500, 0.8), (900, 0.8)],
)
def test_sparsity_follows_the_cubic_schedule(updates: int, sparsity: float) -> None:
    assert float(sparsity_at(updates, 0.8, 100, 500)) == pytest.approx(sparsity, abs=1e-6)


def test_a_schedule_of_no_length_is_at_its_end() -> None:
    assert float(sparsity_at(5, 0.8, 5, 5)) == pytest.approx(0.8)


def test_the_smallest_magnitudes_are_left_out_and_of_equal_ones_the_first() -> None:
    weights = tf.constant([[0.3, -0.1], [0.1, -0.5]])
    kept = [smallest_left_out(weights, tf.constant(f)).numpy().tolist() for f in (0.0, 0.25, 0.5, 0.75)]
    assert kept == [
        [[True, True], [True, True]],
        [[True, False], [True, True]],
        [[True, False], [False, True]],
        [[False, False], [False, True]],
    ]


def test_what_is_left_out_gets_no_gradient_is_zero_and_never_comes_back() -> None:
    variable = keras.Variable(np.array([[4.0, -1.0], [2.0, 3.0]], np.float32))
    pruning = Pruning([Kernel(variable, (0,))], 0.5, every=2)
    pruning.schedule("Test", 1, 5, known=True)
    pruning.after_update(1)
    np.testing.assert_array_equal(variable.numpy(), [[4, -1], [2, 3]])
    # At 3, half the way, 0.5 (1 - 1/8) of 4 weights are 1.75, rounded 2.
    pruning.after_update(2)
    assert float(pruning.reached.numpy()) == 0.0
    pruning.after_update(3)
    np.testing.assert_array_equal(variable.numpy(), [[4, 0], [0, 3]])
    (gradient,) = pruning.masked([tf.ones((2, 2))], [variable])
    np.testing.assert_array_equal(gradient.numpy(), [[1, 0], [0, 1]])
    # An optimizer's momentum made it the largest.
    variable.assign([[1.0, 9.0], [9.0, 1.0]])
    pruning.after_update(5)
    np.testing.assert_array_equal(variable.numpy(), [[1, 0], [0, 1]])
    assert float(pruning.reached.numpy()) == 0.5 == fraction_of_zeros([variable])
    pruning.after_update(7)
    np.testing.assert_array_equal(variable.numpy(), [[1, 0], [0, 1]])


@pytest.mark.thorough
def test_a_network_is_pruned_as_it_trains_and_its_scores_say_how_far(tmp_path: Path) -> None:
    whole = experiment(tmp_path / "run", sparsity=0.75, prune_begin=3, prune_end=20, prune_every=4)
    rows = whole.train(12).rows
    learner: Any = whole.learner
    # After 11 updates, 0.75 (1 - (9 / 17)^3); the row is the mean over all updates.
    now = 0.75 * (1 - (9 / 17) ** 3)
    assert float(learner.compression.pruning.reached) == pytest.approx(now, abs=0.01)
    assert 0 < rows[-1]["sparsity"] < now
    check_resumes_exactly(whole, tmp_path / "run", 13)
    assert whole.evaluate()["sparsity"] == pytest.approx(0.75, abs=0.01)
    loaded: Any = type(learner).load(tmp_path / "run", which="last")
    np.testing.assert_array_equal(loaded.predict(pictures()[0]), learner.predict(pictures()[0]))


def test_kernels_are_those_of_all_layers_and_nothing_else() -> None:
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((6, 8)),
            layers.LayerNormalization(),
            layers.Conv1D(4, 3),
            layers.LSTM(3, return_sequences=True),
            layers.EinsumDense("abc,cde->abde", (None, 2, 5)),
            layers.Reshape((4, 10)),
            layers.Conv1DTranspose(7, 2),
            layers.DepthwiseConv1D(2),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    found = kernels_of("Test", network)
    assert [(tuple(k.variable.shape), k.summed) for k in found] == [
        ((3, 8, 4), (0, 1)),
        ((4, 12), (0,)),
        ((3, 12), (0,)),
        ((3, 2, 5), (0,)),
        ((2, 7, 10), (0, 2)),
        ((2, 7, 1), (0,)),
        ((28, 2), (0,)),
    ]
    with pytest.raises(UsageError, match="layers with weights of rank 2 or more that are called kernel"):
        kernels_of("Test", keras.Sequential([keras.Input((4,)), layers.LayerNormalization()]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sparsity": 1.0}, "sparsity received 1.0; expected a value >= 0 and < 1"),
        ({"sparsity": 0.5, "prune_begin": 30, "prune_end": 20}, "prune_begin received 30; expected at most prune_end"),
        ({"prune_every": 3}, "prune_every received 3.*nothing is pruned"),
        ({"quantise": "int4"}, "quantise received 'int4'; expected one of 'none', 'int8'"),
    ],
)
def test_bad_settings_are_refused_before_anything_trains(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        experiment(**settings).train(1)


def test_a_run_too_short_for_its_schedule_is_refused() -> None:
    with pytest.raises(UsageError, match=r"prune_begin received 30; expected at most prune_end, which is 7 here"):
        experiment(sparsity=0.5, prune_begin=30).train(10)
