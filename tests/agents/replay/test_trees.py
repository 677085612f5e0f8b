"""Sum trees against a running sum over all leaves: 10^5 random changes and searches in each lane."""

import numpy as np
import pytest
import tensorflow as tf

from agents.replay.trees import program
from agents.replay.trees.host import FAN, TOP, SumTree


class Naive:
    """Whole numbers, whose sums are exact in any order."""

    def __init__(self, capacity, rng):
        self.leaves, self.rng = np.zeros(capacity, np.float32), rng

    def change(self, number):
        rows = self.rng.permutation(len(self.leaves))[:number]
        self.leaves[rows] = self.rng.integers(5, size=number) * self.rng.integers(1000, size=number)
        return rows, self.leaves[rows]

    def search(self, number):
        ends = self.leaves.cumsum(dtype=np.float64)
        at = self.rng.integers(ends[-1], size=number) + 0.5
        return at, np.searchsorted(ends, at, side="right")


@pytest.mark.parametrize("capacity", [1, 7, TOP, 2500, 70_001])
def test_on_the_host(capacity):
    naive, tree = Naive(capacity, np.random.default_rng(0)), SumTree(capacity)
    naive.leaves[:] = tree.leaves[:] = 1.0
    tree.build()
    number = min(capacity, 500)
    for _ in range(100_000 // 500 // 2 // 4):
        tree.put(*naive.change(number))
        assert tree.total == naive.leaves.sum(dtype=np.float64)
        if tree.total:
            at, expected = naive.search(500)
            np.testing.assert_array_equal(tree.find(at), expected)
    again = SumTree(capacity)
    again.leaves[:] = tree.leaves
    again.build()
    assert all(np.array_equal(a, b) for a, b in zip(again.levels, tree.levels, strict=True))


@pytest.mark.parametrize("capacity", [1, 8, 65, 3000])
def test_inside_a_program(capacity):
    naive = Naive(capacity, np.random.default_rng(1))
    padded = -(-capacity // program.FAN) * program.FAN

    def children(leaves):
        grouped = tf.reshape(tf.pad(tf.cast(leaves, tf.float64), [[0, padded - capacity]]), (-1, program.FAN))
        return lambda groups: tf.gather(grouped, groups)

    @tf.function(jit_compile=True)
    def call(sums, leaves, changed, at):
        sums = program.put(sums, children(leaves), changed // program.FAN, capacity)
        return sums, program.total(sums), program.find(sums, children(leaves), at, capacity)

    naive.leaves[:] = 1.0
    sums = program.build(children(tf.constant(naive.leaves)), capacity)
    number = min(capacity, 3000)
    for _ in range(9):
        rows, _ = naive.change(number)
        naive.leaves[-1] += 1.0
        changed = tf.constant(np.append(rows, capacity - 1), tf.int32)
        at, expected = naive.search(3000)
        sums, total, found = call(sums, tf.constant(naive.leaves), changed, tf.constant(at))
        assert float(total) == naive.leaves.sum(dtype=np.float64)
        np.testing.assert_array_equal(found, expected)
    assert np.array_equal(sums, program.build(children(tf.constant(naive.leaves)), capacity))


def test_what_rounding_lifts_to_the_total_finds_the_last_leaf_that_is_not_0():
    tree = SumTree(FAN * TOP + 1)
    tree.put(np.array([3, 40]), np.float32([0.1, 0.7]))
    for at in (tree.total, np.nextafter(tree.total, 9.0), 0.0, np.float64(np.float32(0.1))):
        assert tree.find(np.array([at]))[0] == (3 if at == 0.0 else 40)
