"""Samplers draw the same distribution in both lanes, weigh rows as the paper says, and draw no others."""

import numpy as np
import pytest
import tensorflow as tf

from agents.replay.samplers import Prioritised, Uniform
from envs import random
from lab.errors import CheckpointError, UsageError

CAPACITY = 12


def drawn(sampler, errors, number, lane, first=0, size=None, progress=0.0, calls=1):
    """Let rows 0, 1, ... be written and be `errors` wrong; return rows drawn, counted from `first`, and weights."""
    written = len(errors)
    size = written if size is None else size
    rows = np.arange(written)
    if lane == "host":
        host = sampler.on_host(CAPACITY)
        host.added(rows)
        host.updated(rows, np.float32(errors))
        found, weights = host.draw((calls, number), first, size, progress, np.random.default_rng(0))
        weights = np.ones((calls, number), np.float32) if weights is None else weights
        return found, weights
    rest = tf.constant(first), tf.constant(size), CAPACITY - written
    kept = tf.function(lambda kept: sampler.added(kept, tf.constant(0), written, *rest), jit_compile=True)(
        sampler.empty(CAPACITY)
    )
    kept = sampler.updated(kept, tf.constant(rows, tf.int32), tf.constant(errors, tf.float32))
    call = tf.function(sampler.draw, jit_compile=True)
    given = tf.constant(first), tf.constant(size), tf.constant(progress)
    results = [call(kept, random.fold_in(random.key_from_seed(0), i), number, *given) for i in range(calls)]
    return tuple(np.stack([r[i].numpy() for r in results]) for i in range(2))


LANES = pytest.mark.parametrize("lane", ["host", "program"])


def chi_square(counts, expected):
    """Pearson's statistic; what was not expected must not have come."""
    assert (counts[expected == 0] == 0).all()
    some = expected > 0
    return float(((counts[some] - expected[some]) ** 2 / expected[some]).sum())


@LANES
def test_uniform_draws_all_written_rows_alike_and_no_others(lane):
    rows, weights = drawn(Uniform(), [0.0] * 7, 14_000, lane)
    counts = np.bincount(rows.ravel(), minlength=CAPACITY)
    # With 6 degrees of freedom 22.5 is exceeded once in 1000.
    assert chi_square(counts, np.array([2000] * 7 + [0] * 5)) < 22.5
    assert (weights == 1).all()


@LANES
def test_priorities_draw_in_proportion_to_their_power(lane):
    errors = np.array([1.0, 4.0, 0.25, -9.0, 2.0, 0.5])
    rows, _ = drawn(Prioritised(alpha=0.5), errors, 50, lane, calls=200)
    probability = np.sqrt(np.abs(errors)) / np.sqrt(np.abs(errors)).sum()
    expected = np.append(10_000 * probability, [0.0] * 6)
    counts = np.bincount(rows.ravel(), minlength=CAPACITY)
    # Five degrees of freedom, and draws from equal parts of the total vary less than independent ones.
    assert chi_square(counts, expected) < 20.5
    for batch in rows:
        own = np.bincount(batch, minlength=6)[:6]
        assert (np.abs(own - 50 * probability) < 2.0).all(), "each row gets its part of every batch, within two"


@pytest.mark.thorough
@LANES
def test_weights_by_hand(lane):
    errors = [1.0, 3.0]
    rows, weights = drawn(Prioritised(alpha=1.0, beta=0.5, epsilon=1e-9), errors, 8, lane)
    # P is 1/4 and 3/4, so (2 P)^-1/2 is 1.414 and 0.816, over the highest: 1 and 3^-1/2.
    expected = np.where(rows == 0, 1.0, 3.0**-0.5)
    np.testing.assert_allclose(weights, expected, rtol=1e-5)
    # Half way beta is 3/4, at the end 1.
    for progress, beta in ((0.5, 0.75), (1.0, 1.0)):
        rows, weights = drawn(Prioritised(alpha=1.0, beta=0.5, epsilon=1e-9), errors, 8, lane, progress=progress)
        np.testing.assert_allclose(weights, np.where(rows == 0, 1.0, 3.0**-beta), rtol=1e-5)


@pytest.mark.thorough
@LANES
def test_only_rows_that_may_be_drawn_are(lane):
    # Twelve rows lie there; from the fifth on, six may be drawn, round the end.
    errors = np.linspace(1, 2, 12)
    for sampler in (Prioritised(), Uniform()):
        rows, weights = drawn(sampler, errors, 600, lane, first=8, size=6)
        assert set(rows.ravel().tolist()) == set(range(6)) and np.isfinite(weights).all()
    sampler = Prioritised(alpha=1.0, epsilon=1e-9)
    rows, _ = drawn(sampler, np.where(np.arange(12) == 9, 1e9, 1.0), 600, lane, first=8, size=6)
    assert (rows == 1).mean() > 0.99, "counted from the first that may be drawn"


def test_a_draw_that_rounds_to_the_total_takes_a_written_row(monkeypatch):
    for number in (1, 8, 64):
        # The largest number below 1 that float32 has: (63 + it) / 64 is 1.
        top = np.nextafter(np.float32(1), np.float32(0))
        monkeypatch.setattr(random, "uniform", lambda key, shape, top=top: tf.fill(shape, top))
        sampler = Prioritised()
        stored = (tf.constant([1.0] * 5 + [0.0] * 7), tf.ones(()))
        kept = sampler.restored(stored, tf.constant(0), tf.constant(5))
        given = random.key_from_seed(0), number, tf.constant(0), tf.constant(5), tf.constant(0.0)
        rows, weights = sampler.draw(kept, *given)
        assert rows.numpy().max() < 5 and np.isfinite(weights.numpy()).all()

    class Top:
        def random(self, shape):
            return np.ones(shape)

    host = sampler.on_host(CAPACITY)
    host.added(slice(0, 5))
    rows, weights = host.draw((1, 8), 0, CAPACITY, 0.0, Top())
    assert rows.max() < 5 and np.isfinite(weights).all()


def test_new_rows_have_the_highest_priority_so_far_and_errors_go_to_their_rows():
    sampler = Prioritised(alpha=0.5, epsilon=1e-6)
    host, kept = sampler.on_host(6), sampler.empty(6)
    added = tf.function(sampler.added, jit_compile=True)
    host.added(slice(0, 3))
    kept = added(kept, tf.constant(0), 3, tf.constant(0), tf.constant(3), 0)
    indices, errors = np.array([2, 0]), np.float32([-16.0, 0.25])
    host.updated(indices, errors)
    kept = sampler.updated(kept, tf.constant(indices, tf.int32), tf.constant(errors))
    host.added(slice(3, 5))
    kept = added(kept, tf.constant(3), 2, tf.constant(0), tf.constant(5), 0)
    for priorities, highest in ((host.priorities, host.highest), (kept.priorities.numpy(), float(kept.highest))):
        assert priorities == pytest.approx([0.5, 1.0, 4.0, 4.0, 4.0, 0.0], rel=1e-4) and highest == pytest.approx(4.0)


@pytest.mark.parametrize("number", [2, 5])
def test_what_a_checkpoint_holds_gives_the_same_sums_to_the_bit(number):
    """Rows go round twice, the newest two steps wait, and errors come in between, in both lanes."""
    capacity, waiting, sampler = 100, 2 * number, Prioritised()
    rng, host, kept = np.random.default_rng(0), sampler.on_host(capacity), sampler.empty(capacity)
    added = tf.function(sampler.added, jit_compile=True)
    updated = tf.function(sampler.updated, jit_compile=True)
    for step in range(2 * capacity // number + 3):
        start, written = step * number % capacity, (step + 1) * number
        first, size = max(0, written - capacity) % capacity, min(written, capacity) - waiting
        host.added(np.arange(start, start + number))
        kept = added(kept, tf.constant(start), number, tf.constant(first), tf.constant(size), waiting)
        if size > 0:
            rows = (host.draw((2, 3), first, size, 0.0, rng)[0] + first) % capacity
            errors = np.float32(rng.exponential(size=6))
            host.updated(rows, errors.reshape(2, 3))
            kept = updated(kept, tf.constant(rows.ravel(), tf.int32), tf.constant(errors))
            known = (np.arange(capacity) - first) % capacity < size
            host._follow(first, size)
            assert np.array_equal(host.tree.leaves, np.where(known, host.priorities, 0))
    again = sampler.restored(sampler.stored(kept), kept.first, kept.size)
    assert np.array_equal(again.sums, kept.sums) and float(again.sums[-1, 0]) > 0
    fresh = sampler.on_host(capacity)
    fresh.set_state(host.get_state())
    draws = [one.draw((4, 8), first, size, 0.5, np.random.default_rng(1)) for one in (host, fresh)]
    assert all(np.array_equal(a, b) for a, b in zip(*draws, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(host.tree.levels, fresh.tree.levels, strict=True))


def test_alpha_0_draws_uniformly_and_weighs_alike():
    rows, weights = drawn(Prioritised(alpha=0.0), [1.0, 100.0, 0.01, 5.0], 4000, "host")
    assert np.bincount(rows.ravel()) == pytest.approx([1000] * 4, abs=2)
    assert weights == pytest.approx(np.ones_like(weights))


def test_priorities_are_restored_and_damaged_ones_refused():
    first = Prioritised().on_host(4)
    first.added(slice(0, 4))
    first.updated(np.arange(4), np.float32([1, 2, 3, 4]))
    fresh = Prioritised().on_host(4)
    fresh.set_state(first.get_state())
    assert np.array_equal(fresh.priorities, first.priorities) and fresh.highest == first.highest
    for wrong in (np.float32([1, 1, 1, np.nan]), np.float32([1, 1, 1, -1]), np.ones(3, np.float32)):
        with pytest.raises(CheckpointError):
            Prioritised().on_host(4).set_state({**first.get_state(), "priorities": wrong})


WRONG = [("alpha", -1.0), ("alpha", 1e3), ("alpha", "0.6"), ("beta", 1.5), ("epsilon", 0.0), ("epsilon", 1e-300)]


@pytest.mark.parametrize("wrong", [{name: value} for name, value in WRONG])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(UsageError, match=f"{next(iter(wrong))} received"):
        Prioritised(**wrong)
