"""Adam on one long vector makes the steps of the paper, with the betas it is given."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from lab.training.adam import Adam


def test_two_steps_by_hand() -> None:
    weight = tf.Variable([1.0, -1.0])
    optimizer = Adam([weight], 0.1, clip=100.0, betas=(0.0, 0.5))
    norm = optimizer.apply([tf.constant([3.0, -4.0])])
    assert float(norm) == 5.0
    # Corrected, the second moment is the squared gradient: a step of the rate against its sign.
    np.testing.assert_allclose(weight, [0.9, -0.9], rtol=1e-5)
    optimizer.apply([tf.constant([3.0, 0.0])])
    # The second moments are (0.25 g1^2 + 0.5 g2^2) / 0.75: 9 again for the first weight.
    np.testing.assert_allclose(weight, [0.8, -0.9], rtol=1e-5)
    assert optimizer.updates.numpy() == 2.0


def test_a_warm_up_and_a_cap() -> None:
    weight = tf.Variable([1.0])
    optimizer = Adam([weight], 0.1, warmup=4, clip=0.5)
    optimizer.apply([tf.constant([8.0])])
    np.testing.assert_allclose(weight, [1.0 - 0.1 / 4], rtol=1e-5)
    np.testing.assert_allclose(optimizer.first, [0.05], rtol=1e-5)
