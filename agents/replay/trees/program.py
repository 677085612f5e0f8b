"""A sum tree inside a program: pure functions of its sums, which are one tensor."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from agents.replay.trees.host import BELOW

# Children of a node. Measured: with more of them a level costs more than is won by having fewer levels.
FAN = 8

# Gives the children of groups of leaves, int32 (m,), as float64 (m, FAN); what lies behind the last leaf is 0.
Leaves = Callable[[tf.Tensor], tf.Tensor]


def build(leaves: Leaves, capacity: int) -> tf.Tensor:
    """Return the sums of groups of leaves, of groups of these and so on up to one group, float64 (G, FAN).

    As in `agents.replay.trees.host`, sums are functions of the leaves alone, to the bit: children are added in order.
    """
    levels, number = [], -(-capacity // FAN)
    children = leaves(tf.range(number))
    while True:
        groups = -(-number // FAN)
        children = tf.reshape(tf.pad(_ends(children)[-1], [[0, groups * FAN - number]]), (groups, FAN))
        levels.append(children)
        if groups == 1:
            return tf.concat(levels, axis=0)
        number = groups


def put(sums: tf.Tensor, leaves: Leaves, groups: tf.Tensor, capacity: int) -> tf.Tensor:
    """Return the sums once leaves of some groups, int32 (m,), have changed."""
    children = leaves(groups)
    for start in _starts(capacity):
        at = tf.stack([start + groups // FAN, groups % FAN], axis=1)
        sums = tf.tensor_scatter_nd_update(sums, at, _ends(children)[-1])
        groups = groups // FAN
        children = tf.gather(sums, start + groups)
    return sums


def total(sums: tf.Tensor) -> tf.Tensor:
    """Return the sum of all leaves, float64 ()."""
    return _ends(sums[-1:])[-1][0]


def find(sums: tf.Tensor, leaves: Leaves, at: tf.Tensor, capacity: int) -> tf.Tensor:
    """Return the leaves at which the running sum passes numbers, int32 (m,); never one that is 0.

    Args:
        sums: As `build` or `put` returned them.
        leaves: Of the same leaves.
        at: float64 (m,), from 0 to `total`, which must not be 0.
        capacity: Leaves.
    """
    starts = tf.constant(_starts(capacity)[::-1], tf.int32)

    def one(level: tf.Tensor, found: tf.Tensor, rest: tf.Tensor) -> tuple[tf.Tensor, ...]:
        return level + 1, *_descended(tf.gather(sums, starts[level] + found), found, rest)

    # As a loop: in one expression XLA would compute each level anew for each number that the next one takes.
    start = (tf.constant(0), tf.zeros(at.shape, tf.int32), at)
    _, found, rest = tf.while_loop(lambda level, *_: level < starts.shape[0], one, start)
    return _descended(leaves(found), found, rest)[0]


def _descended(children: tf.Tensor, found: tf.Tensor, rest: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    ends = _ends(children)
    # What rounding lifts to a sum or beyond it is taken for the number just below.
    rest = tf.minimum(rest, ends[-1] * BELOW)
    child, before = tf.zeros_like(found), tf.zeros_like(rest)
    for end in ends[:-1]:
        passed = end <= rest
        child, before = child + tf.cast(passed, tf.int32), tf.where(passed, end, before)
    return found * FAN + child, rest - before


def _starts(capacity: int) -> list[int]:
    # Where each level's groups begin, from the leaves up.
    starts, number = [0], -(-capacity // FAN)
    while (number := -(-number // FAN)) > 1:
        starts.append(starts[-1] + number)
    return starts


def _ends(children: tf.Tensor) -> list[tf.Tensor]:
    # Running sums of groups (m, FAN), each (m,), added in order: XLA would add up a reduction in another one.
    ends = [children[:, 0]]
    for i in range(1, FAN):
        ends.append(ends[-1] + children[:, i])
    return ends
