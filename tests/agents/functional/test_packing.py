import numpy as np
import pytest
import tensorflow as tf

from agents.functional.packing import Packing

BITS = np.array([0x7FC00001, 0xFFC12345, 0x00000001, 0x80000000], np.uint32)


def nested():
    """Every kind of number whose bits a float32 vector might change: NaNs, denormals, -0, large whole numbers."""
    return (
        tf.Variable(BITS.view(np.float32).reshape(2, 2)),
        (tf.Variable(np.array([1, -1, 2**62 + 3], np.int64)), tf.Variable(np.array(7, np.int64))),
        tf.Variable(np.array([[np.pi, -np.inf], [5e-324, np.nan]])),
        tf.Variable(np.array([3, -4], np.int32)),
        tf.Variable(np.array([2**32 - 1, 5], np.uint32)),
        (),
        tf.Variable(np.zeros((0, 3), np.float32)),
    )


def bits(leaf):
    array = np.ascontiguousarray(leaf if isinstance(leaf, np.ndarray) else leaf.numpy())
    return array.dtype, array.shape, array.tobytes()


@pytest.mark.parametrize("compiled", [False, True])
def test_every_bit_survives(compiled):
    given = nested()
    packing = Packing(given)
    vector = packing.from_variables(given)
    assert (vector.dtype, vector.shape) == (np.float32, (packing.size,)) and packing.size == 4 + 8 + 8 + 2 + 2

    def there_and_back(vector):
        return packing.pack(packing.unpack(vector))

    call = tf.function(there_and_back, jit_compile=True) if compiled else there_and_back
    assert call(tf.constant(vector)).numpy().tobytes() == vector.tobytes()
    unpacked = packing.unpack(tf.constant(vector))
    tf.nest.assert_same_structure(unpacked, given)
    for found, leaf in zip(tf.nest.flatten(unpacked), tf.nest.flatten(given), strict=True):
        assert bits(found) == bits(leaf)


def test_views_read_and_write_the_vector_itself():
    given = nested()
    packing = Packing(given)
    vector = packing.from_variables(given)
    views = packing.views(vector)
    assert [bits(view) for view in views] == [bits(leaf) for leaf in tf.nest.flatten(given)]
    views[1][2] = 12
    assert packing.unpack(tf.constant(vector))[1][0].numpy().tolist() == [1, -1, 12]


def test_numbers_of_less_than_32_bits_are_refused():
    with pytest.raises(ValueError, match="expected numbers of 32 or 64 bits"):
        Packing((tf.Variable(np.zeros(3, np.uint8)),))
    assert Packing(()).size == 0 and Packing(()).from_variables(()).shape == (0,)
