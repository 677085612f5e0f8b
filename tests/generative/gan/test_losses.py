"""Both players' losses, by numbers worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import tensorflow as tf

from generative import GAN, LSGAN, WGANGP, HingeGAN, RelativisticGAN
from generative.gan.losses import Losses, hinge, least_squares, non_saturating, relativistic, wasserstein

REAL, FAKE = [0.0, 2.0], [0.5, -3.0]


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


EXPECTED = {
    # Minus log D(x) and minus log(1 - D(G(z))), D the logistic function of a score.
    non_saturating: (
        (softplus(0.0) + softplus(-2.0)) / 2 + (softplus(0.5) + softplus(-3.0)) / 2,
        (softplus(-0.5) + softplus(3.0)) / 2,
    ),
    least_squares: (((1 + 1) / 2 + (0.25 + 9) / 2) / 2, (0.25 + 16) / 2 / 2),
    hinge: ((1 + 0) / 2 + (1.5 + 0) / 2, 1.25),
    wasserstein: (-1.25 - 1.0, 1.25),
    # Leads of real over fake are -0.5 and 5.
    relativistic: ((softplus(0.5) + softplus(-5.0)) / 2, (softplus(-0.5) + softplus(5.0)) / 2),
}


@pytest.mark.parametrize(("function", "expected"), EXPECTED.items())
def test_losses_by_hand(function: Callable[..., Losses], expected: tuple[float, float]) -> None:
    found = function(tf.constant(REAL), tf.constant(FAKE))
    assert (float(found.discriminator), float(found.generator)) == pytest.approx(expected, rel=1e-6)


def test_each_flavour_plays_by_its_own() -> None:
    kinds = {
        GAN: non_saturating,
        LSGAN: least_squares,
        HingeGAN: hinge,
        WGANGP: wasserstein,
        RelativisticGAN: relativistic,
    }
    for kind, function in kinds.items():
        found = kind().adversarial_loss(tf.constant(REAL), tf.constant(FAKE))
        assert tuple(map(float, found)) == pytest.approx(EXPECTED[function], rel=1e-6)


def test_a_generator_that_fools_nobody_still_has_a_slope() -> None:
    scores = tf.constant([-50.0])
    with tf.GradientTape() as tape:
        tape.watch(scores)
        loss = non_saturating(-scores, scores).generator
    assert float(tape.gradient(loss, scores)[0]) == pytest.approx(-1.0)
