"""Any number of rows passes through few traces."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from generative.data.batching import in_batches


@pytest.mark.parametrize("count", [0, 1, 2, 3, 255, 256, 257, 1000])
def test_every_row_comes_back_in_its_place(count: int) -> None:
    rows = np.arange(2 * count, dtype=np.float32).reshape(count, 2)
    result = in_batches(lambda x: tf.constant(x) * 2, rows)
    np.testing.assert_array_equal(result, rows * 2)


def test_few_shapes_are_traced() -> None:
    function = tf.function(lambda x: x + 1)
    for count in range(1, 600, 7):
        in_batches(function, np.zeros((count, 3), np.float32))
    assert function.experimental_get_tracing_count() <= 9
