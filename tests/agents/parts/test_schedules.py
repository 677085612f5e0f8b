import pytest
import tensorflow as tf

from agents.parts.schedules import linear


@pytest.mark.parametrize("lane", ["numbers", "tensors"])
def test_a_line_by_hand(lane):
    def value(step):
        given = step if lane == "numbers" else tf.constant(step, tf.int64)
        return float(linear(given, 1.0, 0.1, 9))

    assert value(0) == 1.0
    assert value(3) == pytest.approx(0.7)
    assert value(9) == pytest.approx(0.1)
    assert value(10**9) == pytest.approx(0.1)


def test_tensors_keep_the_float_type_of_the_steps():
    for dtype in (tf.float32, tf.float64):
        start, end, steps = (tf.constant(x, dtype) for x in (1.0, 0.0, 3.0))
        found = linear(tf.constant(1, tf.int64), start, end, steps)
        assert found.dtype == dtype
        assert found.numpy() == pytest.approx(2 / 3, rel=1e-6 if dtype == tf.float32 else 1e-15)
