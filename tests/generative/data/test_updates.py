"""Each row once an epoch, each epoch in its own order, and an exact way back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from generative.data.updates import IndexStream


def stream(size: int, seed: int = 0) -> IndexStream:
    return IndexStream(size, np.random.default_rng(seed))


@pytest.mark.parametrize(("size", "batch"), [(10, 3), (10, 10), (7, 16), (1, 4)])
def test_every_row_comes_once_an_epoch(size: int, batch: int) -> None:
    count = 6 * size
    dealt = stream(size).take(count, batch)
    assert dealt.shape == (count, batch) and dealt.dtype == np.int32
    epochs = dealt.ravel()[: 6 * batch * size].reshape(-1, size)
    np.testing.assert_array_equal(np.sort(epochs, axis=1), np.tile(np.arange(size), (len(epochs), 1)))


def test_no_epoch_repeats_the_order_of_another() -> None:
    epochs = stream(20).take(200, 20)
    assert len({tuple(epoch) for epoch in epochs.tolist()}) == 200


def test_how_batches_are_taken_does_not_matter() -> None:
    whole, parts = stream(11).take(30, 4), stream(11)
    np.testing.assert_array_equal(whole, np.concatenate([parts.take(n, 4) for n in (1, 7, 2, 20)]))


@pytest.mark.parametrize("taken", [0, 1, 3, 4, 5, 29])
def test_a_restored_stream_goes_on_exactly(taken: int) -> None:
    first = stream(12)
    if taken:
        first.take(taken, 3)
    state = json.loads(json.dumps(first.get_state()))
    other = stream(12, seed=99)
    other.take(5, 5)
    other.set_state(state)
    assert other.epochs == first.epochs == taken * 3 / 12
    np.testing.assert_array_equal(first.take(40, 3), other.take(40, 3))
    assert first.get_state() == other.get_state()


def test_seeds_decide_the_order() -> None:
    np.testing.assert_array_equal(stream(9, 3).take(5, 5), stream(9, 3).take(5, 5))
    assert not np.array_equal(stream(9, 3).take(5, 5), stream(9, 4).take(5, 5))
